// SPDX-License-Identifier: Apache-2.0
/* The plans and guides that pages show, read once per build; and what both say in which country. */

import guidesText from "../../../content/guidance/guides.yaml?raw";
import sourcesText from "../../../content/guidance/sources.yaml?raw";
import { services } from "../directory/services";
import { readGuidance, type Guide, type GuidanceSource, type Plan, type Step } from "./load";

const situations = import.meta.glob<string>("../../../content/situations/*.yaml", {
  eager: true,
  query: "?raw",
  import: "default",
});
const guidance = readGuidance(sourcesText, situations, guidesText);

/** Where all of the guidance is from. */
export const SOURCES: readonly GuidanceSource[] = [...guidance.sources.values()];

const plans: readonly Plan[] = [...guidance.plans.values()];

/** The situations, each with a page made of its plan. */
export const PLAN_PAGES: readonly string[] = plans.map(({ plan }) => plan);

/** Those whose plan is another one in another country; without a script each of these has a page by country. */
export const PLANS_BY_COUNTRY: readonly string[] = plans.filter((one) => !one.isExercise).map(({ plan }) => plan);

/** The situations that the start page offers, in order. */
export const STARTS: readonly Plan[] = plans
  .filter(({ start }) => start !== null)
  .sort((one, other) => (one.start ?? 0) - (other.start ?? 0));

/** What someone might say who has no word for it: a situation and the number of its sentence, in order. */
export const SENTENCES: readonly { readonly plan: Plan; readonly number: number }[] = plans
  .flatMap((plan) => plan.notSure.map((place, index) => ({ plan, place, number: index + 1 })))
  .sort((one, other) => one.place - other.place);

/** Return the page that a plan is entered by: its own, or its door's. */
export function entryOf({ plan: own, door }: Plan): string {
  return `/${door ?? own}/`;
}

/** Return the plans behind a door, in the order of their files' names. */
export function behind(door: string): readonly Plan[] {
  return plans.filter((one) => one.door === door);
}

/** Return a plan; throws for one that is not there. */
export function plan(name: string): Plan {
  const found = guidance.plans.get(name);
  if (!found) throw new Error(`content/situations has no ${name}.yaml`);
  return found;
}

/** Return a guide; throws for one that is not there. */
export function guide(name: string): Guide {
  const found = guidance.guides.get(name);
  if (!found) throw new Error(`content/guidance/guides.yaml has no guide ${name}`);
  return found;
}

/** Return the section of the names that leads to a plan, which says what that is called; null where nobody searches for a name of it. */
export function nameOf(plan: string): string | null {
  return guide("names").sections.find(({ to }) => to === plan)?.section ?? null;
}

/** Return the steps that are shown: all of them, or those for one country. */
export function stepsFor(whole: Plan, country: string | null): readonly Step[] {
  return whole.steps.filter((step) => country === null || step.only.length === 0 || step.only.includes(country));
}

/** Return the countries whose own lines are shown with a step. */
export function linesOf(step: Step, country: string | null): readonly string[] {
  return [...step.countries.keys()].filter((own) => country === null || own === country);
}

/** Return the ids of the services that are shown with a step: everywhere's, then those of the country, or of all. */
export function servicesOf(step: Step, country: string | null): readonly string[] {
  const own = [...step.services].filter(([of]) => of === "all" || country === null || of === country);
  const listed =
    step.list === null ? [] : services(step.list).filter((one) => country === null || one.country === country);
  return [...own.flatMap(([, ids]) => ids), ...listed.map(({ id }) => id)];
}
