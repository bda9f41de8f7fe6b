// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { slipWords } from "../src/case/entry";
import { filesOf } from "../src/files/case_files";
import { partnerRecords } from "../src/case/partner_record";
import {
  countPartners,
  isFound,
  partnerLines,
  stateWords,
  summaryLines,
  withdrawalWords,
} from "../src/case/partner_words";
import { translator } from "../src/messages/translator";
import { CaseKeyError } from "../src/wire/case_key";
import type {
  CaseFingerprint,
  CaseView,
  FingerprintState,
  Kind,
  PartnerStatus,
  SuspensionReason,
} from "../src/wire/types";
import { wordsOf } from "./files";

const words = translator({ locale: "en", dates: "en-GB", words: Object.fromEntries(wordsOf("en")) });
/** Without a zone, so that the words are the same wherever the tests run. */
const NOW = new Date("2026-11-25T10:00:00");
const GIVEN = "2026-11-22";
const LATER = "2026-11-23";
const CONFIRMED = "2026-11-22T18:30:00";

function fingerprint(state: FingerprintState, partners: readonly PartnerStatus[], kind: Kind = "pdq"): CaseFingerprint {
  const value = state === "withdrawn" ? null : "ab".repeat(32);
  return { id: kind, kind, file_number: 1, state, value, quality: 90, added_at: GIVEN, withdrawn_at: null, partners };
}

function lines(state: FingerprintState, status: Omit<PartnerStatus, "partner">): string[] {
  return linesOf([fingerprint(state, [{ partner: "Example Social", ...status }])]);
}

/** What is said of the only partner of one file. */
function linesOf(fingerprints: readonly CaseFingerprint[], now = NOW): string[] {
  const [file] = filesOf(fingerprints);
  const [record] = partnerRecords(fingerprints);
  return file && record ? partnerLines(record, file, words, now) : [];
}

describe("what a partner did", () => {
  const given = "Given to Example Social on 22 November.";
  test.each<[string, FingerprintState, Omit<PartnerStatus, "partner">, string[]]>([
    ["nothing", "active", {}, ["Example Social does not have it yet."]],
    ["given", "active", { given_on: GIVEN }, [given]],
    [
      "found",
      "active",
      { given_on: GIVEN, found_on: LATER },
      [given, "Found on Example Social on 23 November. They are looking at it."],
    ],
    [
      "a part, which is no find",
      "active",
      { part_on: LATER },
      [
        "On 23 November, something on Example Social looked like a part of it. A person there has to look at it and decide.",
      ],
    ],
    [
      "a part that was decided on",
      "active",
      { part_on: GIVEN, not_removed_on: LATER, not_removed_reason: "not_the_same" },
      ["Found on Example Social, not removed. Their decision on 23 November: they say it is not a copy of it."],
    ],
    [
      "removed",
      "active",
      { given_on: GIVEN, found_on: GIVEN, removed_on: LATER },
      [given, "Found on Example Social and removed on 23 November."],
    ],
    [
      "not removed",
      "active",
      { given_on: GIVEN, not_removed_on: LATER, not_removed_reason: "not_the_same" },
      [given, "Found on Example Social, not removed. Their decision on 23 November: they say it is not a copy of it."],
    ],
    [
      "removed after all",
      "active",
      { given_on: GIVEN, not_removed_on: GIVEN, not_removed_reason: "not_intimate", removed_on: LATER },
      [given, "Found on Example Social and removed on 23 November."],
    ],
    [
      "agreed",
      "active",
      { given_on: GIVEN, vote: "agree", voted_on: LATER },
      [given, "Example Social said on 23 November that copies of it should be stopped."],
    ],
    [
      "disagreed",
      "active",
      { given_on: GIVEN, vote: "disagree", vote_reason: "lawful_publication", voted_on: LATER },
      [
        given,
        "Example Social said on 23 November that it should not be looked for: they say it was published lawfully.",
      ],
    ],
    ["withdrawn, waiting", "withdrawn", { given_on: GIVEN }, [given, "We are waiting for Example Social to confirm."]],
    [
      "withdrawn, confirmed",
      "withdrawn",
      { given_on: GIVEN, withdrawal_confirmed_at: CONFIRMED },
      [given, "Example Social confirmed on 22 November at 18:30 that it has stopped looking for it."],
    ],
    ["withdrawn, never given", "withdrawn", {}, []],
  ])("%s", (_, state, status, expected) => {
    expect(lines(state, status)).toEqual(expected);
  });

  test("another year is named", () => {
    const status = { partner: "Example Social", given_on: GIVEN };
    const later = new Date("2027-01-05T10:00:00");
    expect(linesOf([fingerprint("active", [status])], later)).toEqual(["Given to Example Social on 22 November 2026."]);
  });
});

describe("what a partner did about a file with several fingerprints", () => {
  const of = (
    kind: Kind,
    status: Omit<PartnerStatus, "partner">,
    state: FingerprintState = "active",
  ): CaseFingerprint => fingerprint(state, [{ partner: "Example Social", ...status }], kind);
  const given = "Given to Example Social on 22 November.";
  const removed = "Found on Example Social and removed on 23 November.";
  const LAST = "2026-11-24";

  test("one copy, found by pictures and sound, is said once", () => {
    const found = { given_on: GIVEN, found_on: LATER };
    expect(linesOf([of("vpdq", found), of("chromaprint", found)])).toEqual([
      given,
      "Found on Example Social on 23 November. They are looking at it.",
    ]);
  });

  test("a part beside a copy is the same copy", () => {
    expect(linesOf([of("pdq", { found_on: LATER }), of("regions", { part_on: LAST })])).toEqual([
      "Found on Example Social on 23 November. They are looking at it.",
    ]);
  });

  test("a decision about one of them is one about the copy", () => {
    const removal = { given_on: GIVEN, found_on: GIVEN, removed_on: LATER };
    expect(linesOf([of("vpdq", removal), of("chromaprint", { given_on: GIVEN, found_on: GIVEN })])).toEqual([
      given,
      removed,
    ]);
  });

  test("what is found after the last decision is said too", () => {
    const removal = { given_on: GIVEN, found_on: GIVEN, removed_on: LATER };
    expect(linesOf([of("vpdq", removal), of("chromaprint", { given_on: GIVEN, found_on: LAST })])).toEqual([
      given,
      removed,
      "Found on Example Social on 24 November. They are looking at it.",
    ]);
  });

  test("two decisions that differ are both said, in their order", () => {
    const kept = { given_on: GIVEN, not_removed_on: LAST, not_removed_reason: "not_the_same" } as const;
    const said = linesOf([of("chromaprint", kept), of("vpdq", { given_on: GIVEN, removed_on: LATER })]);
    expect(said.slice(1)).toEqual([
      removed,
      "Found on Example Social, not removed. Their decision on 24 November: they say it is not a copy of it.",
    ]);
  });

  test("votes alike on several are said once, and those that differ in their order", () => {
    const agreed = { given_on: GIVEN, vote: "agree", voted_on: LATER } as const;
    const said = "Example Social said on 23 November that copies of it should be stopped.";
    expect(linesOf([of("vpdq", agreed), of("md5", agreed)])).toEqual([given, said]);
    const disagreed = { given_on: GIVEN, vote: "disagree", vote_reason: "not_the_same", voted_on: GIVEN } as const;
    expect(linesOf([of("vpdq", agreed), of("md5", disagreed)])).toEqual([
      given,
      "Example Social said on 22 November that it should not be looked for: they say it also finds files that show something else.",
      said,
    ]);
  });

  test("a partner that was given only a part", () => {
    expect(linesOf([of("vpdq", { given_on: LATER }), of("md5", { given_on: GIVEN }), of("chromaprint", {})])).toEqual([
      "Given to Example Social on 22 November: 2 of its 3 fingerprints.",
    ]);
  });

  test("a withdrawal is confirmed only when all that was given is", () => {
    const confirmed = of("vpdq", { given_on: GIVEN, withdrawal_confirmed_at: CONFIRMED }, "withdrawn");
    const never = of("chromaprint", {}, "withdrawn");
    const part = "Given to Example Social on 22 November: 1 of its 2 fingerprints.";
    expect(linesOf([confirmed, never])).toEqual([
      part,
      "Example Social confirmed on 22 November at 18:30 that it has stopped looking for it.",
    ]);
    expect(linesOf([confirmed, of("md5", { given_on: GIVEN }, "withdrawn")])).toEqual([
      given,
      "We are waiting for Example Social to confirm.",
    ]);
  });

  test("a file is found when one of its fingerprints is", () => {
    const [file] = filesOf([of("vpdq", {}), of("md5", { found_on: LATER })]);
    expect(file && isFound(file)).toBe(true);
  });
});

describe("the files of a case", () => {
  test.each<[readonly Kind[], string]>([
    [["pdq"], "picture"],
    [["vpdq", "chromaprint", "md5"], "video"],
    [["vpdq", "md5"], "video"],
    [["chromaprint", "md5"], "video"],
    [["pdq", "vpdq", "md5"], "animation"],
    [["chromaprint", "sha256"], "sound"],
    [["chromaprint"], "sound"],
    [["sha256"], "other"],
    [["md5"], "other"],
  ])("%j is a %s", (kinds, type) => {
    expect(filesOf(kinds.map((kind) => fingerprint("active", [], kind)))[0]?.type).toBe(type);
  });

  test("are in the order of their numbers, each with all of its fingerprints", () => {
    const at = (file_number: number, kind: Kind): CaseFingerprint => ({
      ...fingerprint("active", [], kind),
      file_number,
    });
    const files = filesOf([at(2, "vpdq"), at(1, "pdq"), at(2, "md5")]);
    expect(files.map((file) => [file.number, file.fingerprints.map(({ kind }) => kind)])).toEqual([
      [1, ["pdq"]],
      [2, ["vpdq", "md5"]],
    ]);
  });

  test.each<[readonly FingerprintState[], string, readonly string[]]>([
    [["active", "active"], "active", []],
    [["withdrawn", "withdrawn"], "withdrawn", ["Withdrawn."]],
    [
      ["active", "withdrawn"],
      "active",
      ["Withdrawn so far: 1 of its 2 fingerprints. The others are still looked for."],
    ],
    [["suspended", "active"], "suspended", [expect.stringMatching(/^Partly on hold/)]],
    [
      ["suspended", "withdrawn"],
      "suspended",
      [expect.stringMatching(/^Withdrawn so far: 1 of its 2/), expect.stringMatching(/^On hold/)],
    ],
  ])("with %j is %s", (states, state, said) => {
    const [file] = filesOf(states.map((each) => fingerprint(each, [])));
    expect(file?.state).toBe(state);
    expect(file && stateWords(file, words)).toEqual(said);
  });
});

describe("why a file is on hold", () => {
  test.each<[SuspensionReason, RegExp]>([
    ["negative_bank", /something that a great many people know/],
    ["found_too_often", /far more copies were found/],
    ["doubted_by_partners", /two services said/],
    ["operator", /what they decided/],
  ])("%s is said once, without blame", (reason, said) => {
    const [file] = filesOf([1, 2].map(() => ({ ...fingerprint("suspended", []), suspended_for: reason })));
    const lines = file ? stateWords(file, words) : [];
    expect(lines).toEqual([expect.stringMatching(/^On hold/), expect.stringMatching(said)]);
    expect(lines[1]).toContain("You did nothing wrong");
  });
});

describe("how far a withdrawal has come", () => {
  const confirmed = { partner: "Example Social", given_on: GIVEN, withdrawal_confirmed_at: CONFIRMED };
  const waiting = { partner: "Example Forum", given_on: GIVEN };
  const never = { partner: "Example Video" };
  test.each<[string, PartnerStatus[], string]>([
    ["nobody had it", [never], "Withdrawn. No service had a fingerprint of it."],
    [
      "one of one",
      [confirmed, never],
      "Withdrawn. The one service that had it confirmed that it has stopped looking for it.",
    ],
    ["one of two", [confirmed, waiting], "Withdrawn. 1 of 2 services confirmed; we are waiting for the others."],
    ["none of one", [waiting], "Withdrawn. We are waiting for the one service that had it to confirm."],
  ])("%s", (_, partners, expected) => {
    expect(withdrawalWords([fingerprint("withdrawn", partners)], words)).toBe(expected);
  });

  test("a partner has confirmed only when all its fingerprints are", () => {
    const same = { partner: "Example Social", given_on: GIVEN };
    expect(countPartners([fingerprint("withdrawn", [confirmed]), fingerprint("withdrawn", [same])])).toEqual({
      given: 1,
      confirmed: 0,
    });
  });
});

test("the summary of an open and of an ended case", () => {
  const view: CaseView = {
    state: "open",
    opened_at: GIVEN,
    expires_at: "2028-11-21T14:05:00",
    withdrawn_at: null,
    fingerprints: [fingerprint("active", [])],
  };
  expect(summaryLines(view, words, NOW)).toEqual([
    "No service has a fingerprint from it. Many services don’t need one: they ask the exchange about each file that is uploaded. The others usually have it within a minute or two.",
    "It stays open until 21 November 2028.",
  ]);
  expect(summaryLines({ ...view, state: "expired" }, words, NOW)[0]).toMatch(/^It ended on 21 November 2028/);
});

test.each([
  ["length", 0, "Enter your case key first."],
  ["length", 1, "A case key has 20 letters and digits. This has only 1."],
  ["length", 19, "A case key has 20 letters and digits. This has 19."],
  [
    "sign",
    20,
    "It contains a character that is never used in a key. A key has only digits, and letters from A to Z except U.",
  ],
  [
    "check",
    20,
    "One letter or digit is not right. Compare each group with your copy: 8 and B, 5 and S, 2 and Z look alike.",
  ],
] as const)("a key with a wrong %s of %i signs", (problem, signs, expected) => {
  expect(slipWords(new CaseKeyError(problem, signs), words)).toBe(expected);
});
