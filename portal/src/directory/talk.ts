// SPDX-License-Identifier: Apache-2.0
/* Who to talk to in a place, few and in order: what `/talk/` and the numbers beside a plan show. */

import { countries } from "../content/countries";
import type { Service } from "./load";
import { ALWAYS } from "./opening";
import { services } from "./services";

/** What somebody may need, in the order in which it is shown; each is a list that countries fill. */
export const NEEDS = ["talk", "crisis", "danger", "partner", "relay"] as const;
/** Those, and the lists of pages that are for few: under-18s, those who care for them, and people who shared a picture. */
const LISTED = [...NEEDS, "under_18", "family", "own"] as const;
/** What somebody who shared a picture or fears they might is shown: no helpline for people who were harmed. */
export const OWN_NEEDS = ["own", "crisis", "danger"] as const;
export type Need = (typeof LISTED)[number];

/** Return these names of lists as needs; throws for one that is none. */
export function needsOf(names: readonly string[]): readonly Need[] {
  return names.map((name) => {
    const need = LISTED.find((one) => one === name);
    if (!need) throw new Error(`no numbers can stand above a plan for ${name}`);
    return need;
  });
}

/** Return the codes of the places that a service is for, `gb-eng gb-wls`. */
export function placesOf(service: Service): string {
  return service.regions === null || service.regions.length === 0 ? service.country : service.regions.join(" ");
}

/** Return the services for a need, of one place or of all, in their order; what is for parts of a country stands before what is for all of it. */
export function forNeed(need: Need, place: string | null): readonly Service[] {
  const country = place?.slice(0, 2) ?? null;
  return services(need).filter(
    (service) =>
      (country === null || service.country === country) &&
      (place === null || place === country || !service.regions?.length || service.regions.includes(place)),
  );
}

export interface First {
  readonly service: Service;
  /** The codes of the places where it is the first, `gb-sct gb-nir`. */
  readonly places: string;
}

/** Return the first of them in each country, and of each part where they are for parts. */
export function firstForNeed(need: Need): readonly First[] {
  return countries.flatMap(({ id, parts }) => {
    const own = (parts.length > 0 ? parts : [id]).map((place) => ({ place, service: forNeed(need, place)[0] }));
    return [...new Set(own.flatMap(({ service }) => service ?? []))].map((service) => ({
      service,
      places: own
        .filter((one) => one.service === service)
        .map(({ place }) => place)
        .join(" "),
    }));
  });
}

/** Return who answers a phone day and night for that need, where the first one does not: at most one, for those of its places that it is for. */
export function whileClosed(need: Need, { service, places }: First): readonly First[] {
  const hours = service.opening.get("hours");
  if (!hours || hours.week === ALWAYS) return [];
  return services(need)
    .filter(
      (one) => one.country === service.country && one.opening.get("hours")?.week === ALWAYS && one.phones.length > 0,
    )
    .map((one) => ({ service: one, places: shared(places, one) }))
    .filter((one) => one.places !== "")
    .slice(0, 1);
}

function shared(places: string, { regions }: Service): string {
  return places
    .split(" ")
    .filter((place) => !regions?.length || regions.includes(place))
    .join(" ");
}
