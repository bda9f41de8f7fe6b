// SPDX-License-Identifier: Apache-2.0
/* The services that pages show, read once per build. */

import { ANYWHERE, COUNTRIES, countries, listsOf } from "../content/countries";
import { readDirectory, type Service } from "./load";

const files = import.meta.glob<string>("../../../content/directory/*.yaml", {
  eager: true,
  query: "?raw",
  import: "default",
});
const directory = readDirectory(files, listsOf(countries));

for (const { id, country } of directory.services.values())
  if (country !== ANYWHERE && !COUNTRIES.includes(country)) throw new Error(`directory: no help page shows ${id}`);

/** Return a page's services in their order; throws for a list that neither a country nor pages.yaml has. */
export function services(list: string): readonly Service[] {
  const found = directory.lists.get(list);
  if (!found) throw new Error(`no file of content/countries and no content/directory/pages.yaml has a list ${list}`);
  return found;
}

/** Return every service there is. */
export function allServices(): readonly Service[] {
  return [...directory.services.values()];
}

/** Return all services of a country. */
export function servicesOf(country: string): readonly Service[] {
  return [...directory.services.values()].filter((service) => service.country === country);
}

/** Return a page's services by country, in the order of first appearance. */
export function byCountry(list: string): ReadonlyMap<string, readonly Service[]> {
  const countries = new Map<string, Service[]>();
  for (const service of services(list))
    countries.set(service.country, [...(countries.get(service.country) ?? []), service]);
  return countries;
}

/** Return one service; throws for an id that is not there. */
export function service(id: string): Service {
  const found = directory.services.get(id);
  if (!found) throw new Error(`content/directory has no service ${id}`);
  return found;
}
