// SPDX-License-Identifier: Apache-2.0
/* The ways to reach a service, for the filter of the help pages; only ways that the page shows as well. */

import type { Service } from "./load";

export const WAYS = ["ring", "text", "chat", "mail", "site", "relay"] as const;
export type Way = (typeof WAYS)[number];

/** Return the ways to reach a service; `relay` by the list of that name, since only a row's own words tell it. */
export function waysOf(service: Service, relayed: readonly Service[]): readonly Way[] {
  const has: { readonly [way in Way]: boolean } = {
    ring: service.phones.length > 0,
    text: service.sms !== null,
    chat: service.chatUrl !== null || service.chatHours !== null,
    mail: service.email !== null,
    site: service.url !== null,
    relay: relayed.some((one) => one.id === service.id),
  };
  return WAYS.filter((way) => has[way]);
}

/** Return a number as it is dialled. */
export function dialled(number: string): string {
  return number.replaceAll(/[ -]/g, "");
}
