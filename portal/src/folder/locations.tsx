// SPDX-License-Identifier: Apache-2.0
/* The addresses of a notice: typed, or ticked among those in the person's notes. Both show in the one field that is sent. */

import { useState } from "preact/hooks";
import { Field } from "../island/field";
import { useWords } from "../island/words";
import type { Entry } from "../log/entry";
import type { Fields, Notice } from "../notice/notice";
import { isAt } from "../notice/prefill";
import { isAddress } from "../notice/validate";
import { Tick } from "./fields";

interface Props {
  readonly entries: readonly Entry[];
  readonly notice: Notice;
  readonly onSet: (change: Partial<Fields>) => void;
}

export function Locations({ entries, notice, onSet }: Props) {
  const { t } = useWords();
  const { locations } = notice.fields;
  const [typed, setTyped] = useState(locations.join("\n"));
  const take = (text: string): void => {
    setTyped(text);
    onSet({ locations: linesOf(text) });
  };
  const tick = (address: string, isOn: boolean): void => {
    const others = locations.filter((one) => one !== address);
    take((isOn ? [...others, address] : others).join("\n"));
  };
  const noted = addressesOf(entries, notice.platform_name);
  return (
    <>
      {noted.length > 0 && (
        <fieldset class="options" data-noted>
          <legend class="field-label">{t("notice.field.locations.log")}</legend>
          {noted.map(({ address, platform }) => (
            <Tick
              key={address}
              label={platform.trim() === "" ? address : `${platform.trim()}: ${address}`}
              checked={locations.includes(address)}
              onChange={(isOn) => tick(address, isOn)}
            />
          ))}
        </fieldset>
      )}
      <Field label={t("notice.field.locations")} name="locations" isLong value={typed} onChange={take} />
    </>
  );
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Each address in the notes once, those of this site first. */
function addressesOf(entries: readonly Entry[], site: string): readonly Pick<Entry, "address" | "platform">[] {
  const once = new Map<string, Pick<Entry, "address" | "platform">>();
  for (const { address, platform } of entries)
    if (isAddress(address) && !once.has(address.trim()))
      once.set(address.trim(), { address: address.trim(), platform });
  const all = [...once.values()];
  const here = all.filter((one) => isAt(one, { name: site }));
  return [...here, ...all.filter((one) => !here.includes(one))];
}
