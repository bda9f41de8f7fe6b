// SPDX-License-Identifier: Apache-2.0
/* Where it is, and under which rules to write: those of the person's country, unless they choose others. */

import { useState } from "preact/hooks";
import { Field } from "../island/field";
import { ActionButton, BackButton, Heading } from "../island/parts";
import { useWords } from "../island/words";
import type { Entry } from "../log/entry";
import { newNotice, type Notice } from "../notice/notice";
import { circumstanceOf, regimeOf, siteOf } from "../notice/prefill";
import type { NoticeData } from "../notice/regime";
import { anchor, choosePlace, countryOf, place } from "../place/place";
import { Options, Select, Slip } from "./fields";

interface Props {
  readonly data: NoticeData;
  readonly entries: readonly Entry[];
  readonly onChoose: (notice: Notice) => void;
  readonly onBack: () => void;
}

export function Choose({ data, entries, onChoose, onBack }: Props) {
  const { t } = useWords();
  const [platform, setPlatform] = useState(() => siteOf(anchor(), entries, data.platforms)?.id ?? "");
  const [name, setName] = useState("");
  const [country, setCountry] = useState(() => countryOf(place()) ?? "");
  const [chosen, setChosen] = useState<string | null>(null);
  const [hasPressed, setPressed] = useState(false);
  const platformName = data.platforms.find((one) => one.id === platform)?.name ?? name.trim();
  const regime = chosen ?? regimeOf(country, data.regimes)?.id ?? "";
  const go = (): void => {
    setPressed(true);
    if (platformName === "") return;
    const circumstance = circumstanceOf(anchor());
    const notice = newNotice(regime, platform, platformName, country);
    onChoose(circumstance === null ? notice : { ...notice, fields: { ...notice.fields, [circumstance]: true } });
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
      <Country data={data} country={country} onCountry={setCountry} />
      <p data-rules={regime}>
        {t("notice.choose.rules")} <strong>{t(`notice.law.${regime}`)}</strong>
      </p>
      <details>
        <summary>{t("notice.choose.others")}</summary>
        <Options
          label={t("notice.choose.law")}
          name="regime"
          value={regime}
          options={data.regimes.map((one) => [one.id, t(`notice.law.${one.id}`)])}
          onChange={setChosen}
        />
      </details>
      {hasPressed && platformName === "" && <Slip>{t("notice.choose.name_missing")}</Slip>}
      <div class="actions">
        <ActionButton label={t("notice.choose.go")} onPress={go} />
        <BackButton onBack={onBack} />
      </div>
    </>
  );
}

interface CountryProps {
  readonly data: NoticeData;
  readonly country: string;
  readonly onCountry: (country: string) => void;
}

/** Asked only of whoever has not said yet where they are; the answer is known on every page then. */
function Country({ data, country, onCountry }: CountryProps) {
  const { t } = useWords();
  const [wasKnown] = useState(country !== "");
  if (wasKnown) return null;
  const countries = data.regimes.flatMap((regime) => regime.countries);
  const take = (code: string): void => {
    choosePlace(code === "" ? null : code);
    onCountry(code);
  };
  return (
    <Select
      label={t("notice.choose.country")}
      name="country"
      value={country}
      options={[
        ["", t("notice.choose.country.other")],
        ...countries.map((code) => [code, t(`country.${code}`)] as const),
      ]}
      onChange={take}
    />
  );
}
