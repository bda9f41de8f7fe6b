// SPDX-License-Identifier: Apache-2.0
/*
 * What is said of a site from the partners that the exchange names (spec/named-partners.md). Never more: that nobody is named for a site
 * does not mean that it takes no part, and that one is named does not mean that it finds every copy.
 */

import type { MessageKey } from "../messages/keys";
import type { Values } from "../messages/translator";
import type { NamedPartner } from "../wire/types";

export interface Said {
  readonly key: MessageKey;
  readonly values: Values;
  /** Whether a case here can reach it now. */
  readonly isReached: boolean;
}

/** Return what to say of one site; `named` is null where the exchange could not be asked. */
export function saidOfSite(site: string, named: readonly NamedPartner[] | null): Said {
  if (named === null) return { key: "sites.here.unknown", values: {}, isReached: false };
  const own = named.filter((partner) => partner.sites.includes(site));
  const partner = own.find((one) => one.is_connected) ?? own[0];
  if (!partner) return { key: "sites.here.no", values: {}, isReached: false };
  const values = { partner: partner.name };
  if (!partner.is_connected) return { key: "sites.here.away", values, isReached: false };
  return { key: partner.way === "list" ? "sites.here.list" : "sites.here.ask", values, isReached: true };
}

/** Return what to say of all of them at once. */
export function saidOfAll(named: readonly NamedPartner[] | null): Said {
  if (named === null) return { key: "sites.all.unknown", values: {}, isReached: false };
  const connected = named.filter((partner) => partner.is_connected);
  if (connected.length === 0) return { key: "sites.all.nobody", values: {}, isReached: false };
  return { key: "sites.all.named", values: { names: connected.map(({ name }) => name).join(", ") }, isReached: true };
}
