// SPDX-License-Identifier: Apache-2.0
/* The services that pages show, read once per build. */

import { readDirectory, type Service } from "./load";

const files = import.meta.glob<string>("../../../content/directory/*.yaml", { eager: true, query: "?raw", import: "default" });
const lists = readDirectory(files);

/** Return a page's services in their order; throws for a list that content/directory/pages.yaml does not have. */
export function services(list: string): readonly Service[] {
  const found = lists.get(list);
  if (!found) throw new Error(`content/directory/pages.yaml has no list ${list}`);
  return found;
}

/** Return a page's services by country, in the order of first appearance. */
export function byCountry(list: string): ReadonlyMap<string, readonly Service[]> {
  const countries = new Map<string, Service[]>();
  for (const service of services(list)) countries.set(service.country, [...(countries.get(service.country) ?? []), service]);
  return countries;
}

/** Return one service; throws for an id that no page shows. */
export function service(id: string): Service {
  for (const list of lists.values()) {
    const found = list.find((one) => one.id === id);
    if (found) return found;
  }
  throw new Error(`content/directory/pages.yaml shows no service ${id}`);
}
