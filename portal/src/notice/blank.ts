// SPDX-License-Identifier: Apache-2.0
/* A notice whose every text is a gap that says what belongs there: for whoever writes by hand or reads without a script. */

import type { Translator } from "../messages/translator";
import { EMPTY_FIELDS, newNotice, type Notice } from "./notice";
import type { Regime } from "./regime";

/** Return the notice of a regime with gaps; it states what that regime asks to be stated, and no circumstance. */
export function blankNotice(regime: Regime, { t }: Translator): Notice {
  const asked = new Set(regime.elements.flatMap(({ rule }) => [...rule.all, ...rule.any]));
  const states = (name: string): boolean => asked.has(name);
  return {
    ...newNotice(regime.id, "", t("notice.gap.to")),
    fields: {
      ...EMPTY_FIELDS,
      role: "self",
      name: t("notice.gap.name"),
      email: t("notice.gap.email"),
      phone: states("phone") ? t("notice.gap.phone") : "",
      address: states("address") ? t("notice.gap.address") : "",
      signature: states("signature") ? t("notice.gap.name") : "",
      locations: [t("notice.gap.locations")],
      description: t("notice.gap.description"),
      reasons: states("reasons") ? t("notice.gap.reasons") : "",
      facts: states("facts") ? t("notice.gap.facts") : "",
      may_tell_author: states("may_tell_author") ? "no" : "",
      states_intimate: states("states_intimate"),
      states_no_consent: true,
      states_good_faith: true,
      states_accurate: true,
    },
  };
}
