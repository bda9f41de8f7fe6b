// SPDX-License-Identifier: Apache-2.0
/* What the notice page carries, read once per build. */

import platformsText from "../../../content/platforms.yaml?raw";
import { service } from "../directory/services";
import { readPlatforms, readRegime } from "./load";
import type { Contact, NoticeData } from "./regime";

const files = import.meta.glob<string>("../../../content/regimes/*.yaml", {
  eager: true,
  query: "?raw",
  import: "default",
});

/** The plain report comes last: it is for whoever finds nothing closer. */
const ORDER = ["us_tida", "gb_osa", "eu_dsa", "nz_hdca", "au_esafety", "plain"];

function contact(id: string): Contact {
  const { name, country, phones, url } = service(id);
  return { id, name, country, phones: phones.map((phone) => phone.number), url };
}

const regimes = Object.values(files).map((text) => readRegime(text, contact));
for (const { id } of regimes) if (!ORDER.includes(id)) throw new Error(`regimes: ${id} has no place in the order`);

export const noticeData: NoticeData = {
  regimes: regimes.sort((one, other) => ORDER.indexOf(one.id) - ORDER.indexOf(other.id)),
  platforms: readPlatforms(platformsText),
};
