// SPDX-License-Identifier: Apache-2.0
/* Where it is, and under which rules to write. */

import { useState } from "preact/hooks";
import { ActionButton, BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import { newNotice, type Notice } from "../notice/notice";
import type { NoticeData } from "../notice/regime";
import { Field, Options, Select, Slip } from "./fields";

export function Choose({
  data,
  onChoose,
  onBack,
}: {
  readonly data: NoticeData;
  readonly onChoose: (notice: Notice) => void;
  readonly onBack: () => void;
}) {
  const { t } = useWords();
  const [platform, setPlatform] = useState("");
  const [name, setName] = useState("");
  const [regime, setRegime] = useState(data.regimes[data.regimes.length - 1]?.id ?? "");
  const [hasPressed, setPressed] = useState(false);
  const platformName = data.platforms.find((one) => one.id === platform)?.name ?? name.trim();
  const go = (): void => {
    setPressed(true);
    if (platformName !== "") onChoose(newNotice(regime, platform, platformName));
  };
  return (
    <>
      <Heading>{t("notice.choose.title")}</Heading>
      <Select
        label={t("notice.choose.platform")}
        name="platform"
        value={platform}
        options={[["", t("notice.choose.other")], ...data.platforms.map((one) => [one.id, one.name] as const)]}
        onChange={setPlatform}
      />
      {platform === "" && (
        <Field label={t("notice.choose.name")} name="platform_name" value={name} onChange={setName} />
      )}
      <p class="small soft">{t("notice.choose.law.note")}</p>
      <Options
        label={t("notice.choose.law")}
        name="regime"
        value={regime}
        options={data.regimes.map((one) => [one.id, t(`notice.law.${one.id}`)])}
        onChange={setRegime}
      />
      {hasPressed && platformName === "" && <Slip>{t("notice.choose.name_missing")}</Slip>}
      <div class="actions">
        <ActionButton label={t("notice.choose.go")} onPress={go} />
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}
