// SPDX-License-Identifier: Apache-2.0
/*
 * The sites and apps of content/platforms.yaml as pages show them: where to report, the way within the app, and which lists of codes they
 * take part in. Only what was checked; what nobody looked up is null, and never "no". Each has a way to report: without one the build stops.
 */

import { parse } from "yaml";
import platformsText from "../../../content/platforms.yaml?raw";
import { list, reviewedOf, row, text, type Row } from "../content/rows";
import { checkedFields } from "./rows";

/** `reported`: somebody wrote that it does, and the list itself was not seen. */
export type TakesPart = "yes" | "reported" | "no" | null;

export interface Site {
  readonly id: string;
  readonly name: string;
  readonly reportUrl: string | null;
  /** Where to tap within the app, in English. */
  readonly inAppPath: string | null;
  readonly stopncii: TakesPart;
  readonly takeItDown: TakesPart;
  /** The way under the TAKE IT DOWN Act of the United States. */
  readonly usRoute: string | null;
  readonly reviewed: string;
}

/** Not one site: hosts in general, and whoever stands in front of them. */
const NO_SITES: readonly string[] = ["web-hosts", "cloudflare"];

/** Return the sites in the order of the file; throws where anything was not checked. */
export function readSites(yaml: string): readonly Site[] {
  return list(parse(yaml), "platforms")
    .map((entry) => siteOf(row(entry, "platforms")))
    .filter(({ id }) => !NO_SITES.includes(id));
}

/** Return the name of an address as people know it: `facebook.com`. */
export function hostOf(address: string): string {
  return new URL(address).hostname.replace(/^www\./, "");
}

function siteOf(entry: Row): Site {
  const id = text(entry["id"], "id of a platform");
  const shown = checkedFields(entry, id);
  const value = (field: string): string | null =>
    shown[field] === undefined ? null : text(row(shown[field], id)["value"], `${id}.${field}`);
  const [reportUrl, inAppPath] = [value("report_url"), value("in_app_path")];
  if (reportUrl === null && inAppPath === null && !NO_SITES.includes(id))
    throw new Error(`platforms: there is no way to report to ${id}`);
  return {
    id,
    name: text(entry["name"], `${id}.name`),
    reportUrl,
    inAppPath,
    stopncii: takesPart(value("stopncii_partner"), id),
    takeItDown: takesPart(value("take_it_down_partner"), id),
    usRoute: value("us_tida_route"),
    reviewed: reviewedOf(entry, id),
  };
}

function takesPart(value: string | null, id: string): TakesPart {
  if (value === "yes" || value === "reported" || value === "no" || value === null) return value;
  throw new Error(`platforms: ${id} neither takes part nor does not: ${value}`);
}

export const sites: readonly Site[] = readSites(platformsText);
