// SPDX-License-Identifier: Apache-2.0
import { parse, stringify } from "yaml";
import { expect, test } from "vitest";
import { hostOf, readSites } from "../src/directory/sites";
import { saidOfAll, saidOfSite } from "../src/sites/takes_part";
import type { NamedPartner } from "../src/wire/types";
import { readText } from "./files";

const real = readSites(readText("content/platforms.yaml"));

function one(values: Record<string, string>): string {
  const shown: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(values)) shown[field] = { value, confidence: "sourced" };
  const source = [{ title: "Example", url: null, date: null }];
  return stringify([{ id: "x", name: "X", confidence: "sourced", reviewed: "2026-11-22", shown, source }]);
}

function partner(changes: Partial<NamedPartner> = {}): NamedPartner {
  return { name: "Example", sites: ["instagram"], way: "ask", since: "2026-11-22", is_connected: true, ...changes };
}

test("every path within an app and every form of the facts is shown", () => {
  const rows = parse(readText("content/platforms.yaml")) as { id: string; shown: Record<string, { value: unknown }> }[];
  const wanted = rows.filter(({ id, shown }) => (shown["in_app_path"] ?? shown["report_url"]) && id !== "cloudflare");
  expect(real.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
  expect(real.find(({ id }) => id === "whatsapp")?.inAppPath).toContain("three dots");
});

test("a site without a way to report stops the build, and what nobody looked up is not a no", () => {
  expect(() => readSites(one({ operator: "X", stopncii_partner: "yes" }))).toThrow("no way to report to x");
  expect(readSites(one({ in_app_path: "menu" }))[0]?.stopncii).toBeNull();
  expect(() => readSites(one({ in_app_path: "menu", stopncii_partner: "perhaps" }))).toThrow("x neither takes part");
});

test("what was not checked stops the build", () => {
  expect(() => readSites(one({ in_app_path: "a" }).replaceAll("sourced", "from_general_knowledge"))).toThrow("checked");
});

test("an address is named as people know it", () => {
  expect(hostOf("https://www.facebook.com/help/contact/1")).toBe("facebook.com");
});

test("a site is said to be reached only by a partner that is named for it and in touch", () => {
  const said = (named: readonly NamedPartner[] | null) => saidOfSite("instagram", named);
  expect(said(null)).toEqual({ key: "sites.here.unknown", values: {}, isReached: false });
  expect(said([])).toMatchObject({ key: "sites.here.no", isReached: false });
  expect(said([partner({ sites: ["reddit"] })])).toMatchObject({ key: "sites.here.no", isReached: false });
  expect(said([partner({ is_connected: false })])).toMatchObject({ key: "sites.here.away", isReached: false });
  expect(said([partner({ is_connected: false }), partner({ way: "list" })])).toMatchObject({ key: "sites.here.list" });
  expect(said([partner()])).toEqual({ key: "sites.here.ask", values: { partner: "Example" }, isReached: true });
});

test("those that are not in touch are not among those who take part", () => {
  expect(saidOfAll(null).key).toBe("sites.all.unknown");
  expect(saidOfAll([partner({ is_connected: false })]).key).toBe("sites.all.nobody");
  expect(saidOfAll([partner(), partner({ name: "B" })]).values).toEqual({ names: "Example, B" });
});
