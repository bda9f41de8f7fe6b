// SPDX-License-Identifier: Apache-2.0
/* What the notice page carries, read once per build. */

import platformsText from "../../../content/platforms.yaml?raw";
import { countries } from "../content/countries";
import { service } from "../directory/services";
import { readPlatforms, readRegimes } from "./load";
import type { Contact, NoticeData } from "./regime";

const files = import.meta.glob<string>("../../../content/regimes/*.yaml", {
  eager: true,
  query: "?raw",
  import: "default",
});

function contact(id: string): Contact {
  const { name, country, phones, url } = service(id);
  return { id, name, country, phones: phones.map((phone) => phone.number), url };
}

export const noticeData: NoticeData = {
  regimes: readRegimes(Object.values(files), contact, countries),
  platforms: readPlatforms(platformsText),
};
