// SPDX-License-Identifier: Apache-2.0
/* The files of facts, read once per build, as the fact pages show them: services and laws by country, platforms at once. */

import { ANYWHERE, HELP_COUNTRIES } from "../content/countries";
import { readFacts, type FactRow } from "./facts";

const services = read(
  import.meta.glob<string>("../../../content/directory/*.yaml", { eager: true, query: "?raw", import: "default" }),
);
const laws = read(
  import.meta.glob<string>("../../../content/laws/*.yaml", { eager: true, query: "?raw", import: "default" }),
);
const platforms = read(
  import.meta.glob<string>("../../../content/platforms.yaml", { eager: true, query: "?raw", import: "default" }),
);

function read(files: { readonly [path: string]: string }): readonly FactRow[] {
  return Object.entries(files)
    .filter(([path]) => !/\/(pages|opening)\.yaml$/.test(path))
    .flatMap(([, content]) => readFacts(content));
}

export const serviceFacts = (country: string): readonly FactRow[] => services.filter((one) => one.country === country);
export const lawFacts = (country: string): readonly FactRow[] => laws.filter((one) => one.country === country);
export const platformFacts = (): readonly FactRow[] => platforms;
const OFFERED: readonly string[] = [...HELP_COUNTRIES, ANYWHERE];
const placeOf = (country: string): number => (OFFERED.includes(country) ? OFFERED.indexOf(country) : OFFERED.length);
/** Every country that any fact is about, in the order in which countries are offered. */
export const factCountries: readonly string[] = [
  ...new Set([...services, ...laws].flatMap((one) => one.country ?? [])),
].sort((one, other) => placeOf(one) - placeOf(other));
