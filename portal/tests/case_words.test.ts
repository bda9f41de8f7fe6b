// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { slipWords } from "../src/case/entry";
import { countPartners, partnerLines, summaryLines, withdrawalWords } from "../src/case/partner_words";
import { translator } from "../src/messages/translator";
import { CaseKeyError } from "../src/wire/case_key";
import type { CaseFingerprint, CaseView, FingerprintState, PartnerStatus } from "../src/wire/types";
import { wordsOf } from "./files";

const words = translator({ locale: "en", dates: "en-GB", words: Object.fromEntries(wordsOf("en")) });
/** Without a zone, so that the words are the same wherever the tests run. */
const NOW = new Date("2026-11-23T10:00:00");
const GIVEN = "2026-11-22T14:05:00";
const LATER = "2026-11-22T18:30:00";

function picture(state: FingerprintState, partners: readonly PartnerStatus[]): CaseFingerprint {
  const value = state === "withdrawn" ? null : "ab".repeat(32);
  return { id: "0".repeat(32), kind: "pdq", file_number: 1, state, value, quality: 90, added_at: GIVEN, withdrawn_at: null, partners };
}

function lines(state: FingerprintState, status: Omit<PartnerStatus, "partner">): string[] {
  const whole = { partner: "Example Social", ...status };
  return partnerLines(whole, picture(state, [whole]), words, NOW);
}

describe("what a partner did", () => {
  const given = "Given to Example Social on 22 November at 14:05.";
  test.each<[string, FingerprintState, Omit<PartnerStatus, "partner">, string[]]>([
    ["nothing", "active", {}, ["Example Social does not have it yet."]],
    ["given", "active", { given_at: GIVEN }, [given]],
    ["found", "active", { given_at: GIVEN, found_at: LATER }, [given, "Found on Example Social on 22 November at 18:30. They are looking at it."]],
    [
      "removed",
      "active",
      { given_at: GIVEN, found_at: GIVEN, removed_at: LATER },
      [given, "Found on Example Social and removed on 22 November at 18:30."],
    ],
    [
      "not removed",
      "active",
      { given_at: GIVEN, not_removed_at: LATER, not_removed_reason: "not_the_same" },
      [given, "Found on Example Social, not removed. They decided on 22 November at 18:30: they say it is not the same picture."],
    ],
    [
      "removed after all",
      "active",
      { given_at: GIVEN, not_removed_at: GIVEN, not_removed_reason: "not_intimate", removed_at: LATER },
      [given, "Found on Example Social and removed on 22 November at 18:30."],
    ],
    ["withdrawn, waiting", "withdrawn", { given_at: GIVEN }, [given, "We are waiting for Example Social to confirm."]],
    [
      "withdrawn, confirmed",
      "withdrawn",
      { given_at: GIVEN, withdrawal_confirmed_at: LATER },
      [given, "Example Social confirmed on 22 November at 18:30 that it no longer looks for it."],
    ],
    ["withdrawn, never given", "withdrawn", {}, []],
  ])("%s", (_, state, status, expected) => {
    expect(lines(state, status)).toEqual(expected);
  });

  test("another year is named", () => {
    const status = { partner: "Example Social", given_at: GIVEN };
    const later = new Date("2027-01-05T10:00:00");
    expect(partnerLines(status, picture("active", [status]), words, later)).toEqual(["Given to Example Social on 22 November 2026 at 14:05."]);
  });
});

describe("how far a withdrawal has come", () => {
  const confirmed = { partner: "Example Social", given_at: GIVEN, withdrawal_confirmed_at: LATER };
  const waiting = { partner: "Example Forum", given_at: GIVEN };
  const never = { partner: "Example Video" };
  test.each<[string, PartnerStatus[], string]>([
    ["nobody had it", [never], "Withdrawn. No service had it."],
    ["one of one", [confirmed, never], "Withdrawn. The one service that had it confirmed that it no longer looks for it."],
    ["one of two", [confirmed, waiting], "Withdrawn. 1 of 2 services confirmed; we are waiting for the others."],
    ["none of one", [waiting], "Withdrawn. We are waiting for the one service that had it to confirm."],
  ])("%s", (_, partners, expected) => {
    expect(withdrawalWords([picture("withdrawn", partners)], words)).toBe(expected);
  });

  test("a partner has confirmed only when all its fingerprints are", () => {
    const same = { partner: "Example Social", given_at: GIVEN };
    expect(countPartners([picture("withdrawn", [confirmed]), picture("withdrawn", [same])])).toEqual({ given: 1, confirmed: 0 });
  });
});

test("the summary of an open and of an ended case", () => {
  const view: CaseView = { state: "open", opened_at: GIVEN, expires_at: "2028-11-21T14:05:00", withdrawn_at: null, fingerprints: [picture("active", [])] };
  expect(summaryLines(view, words, NOW)).toEqual([
    "No service has a fingerprint from it yet. Services that take part usually fetch it within a minute or two.",
    "It stays open until 21 November 2028.",
  ]);
  expect(summaryLines({ ...view, state: "expired" }, words, NOW)[0]).toMatch(/^Its time ended on 21 November 2028/);
});

test.each([
  ["length", 0, "Enter your case key first."],
  ["length", 1, "A case key has 20 letters and digits. This has 1."],
  ["length", 19, "A case key has 20 letters and digits. This has 19."],
  ["sign", 20, "There is a sign in it that no key has. A key has digits, and letters from A to Z except U."],
  ["check", 20, "One letter or digit does not fit. Compare each group with your copy: 8 and B, 5 and S, 2 and Z look alike."],
] as const)("a key with a wrong %s of %i signs", (problem, signs, expected) => {
  expect(slipWords(new CaseKeyError(problem, signs), words)).toBe(expected);
});
