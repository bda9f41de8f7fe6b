// SPDX-License-Identifier: Apache-2.0
/* The plans and guides that pages show, read once per build; and what both say in which country. */

import guidesText from "../../../content/guidance/guides.yaml?raw";
import plansText from "../../../content/guidance/plans.yaml?raw";
import sourcesText from "../../../content/guidance/sources.yaml?raw";
import { readGuidance, type Guide, type GuidanceSource, type Plan, type Step } from "./load";

const guidance = readGuidance(sourcesText, plansText, guidesText);

/** Where all of the guidance is from. */
export const SOURCES: readonly GuidanceSource[] = [...guidance.sources.values()];

/** The countries that have pages of their own, in the order in which they are offered. */
export const COUNTRIES = ["nz", "fi", "gb", "ie", "us", "ca", "au", "eu"] as const;

/** The situations that have a plan on a page of its own. Under 18 has its page and its plan, `child`, on it. */
export const PLAN_PAGES: readonly string[] = [...guidance.plans.keys()].filter((name) => name !== "child");

/** Return a plan; throws for one that is not there. */
export function plan(name: string): Plan {
  const found = guidance.plans.get(name);
  if (!found) throw new Error(`content/guidance/plans.yaml has no plan ${name}`);
  return found;
}

/** Return a guide; throws for one that is not there. */
export function guide(name: string): Guide {
  const found = guidance.guides.get(name);
  if (!found) throw new Error(`content/guidance/guides.yaml has no guide ${name}`);
  return found;
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
  return [...step.services]
    .filter(([own]) => own === "all" || country === null || own === country)
    .flatMap(([, ids]) => ids);
}
