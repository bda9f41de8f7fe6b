// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { receiptLines, receiptParts } from "../src/case/receipt_words";
import { filesOf } from "../src/files/case_files";
import { stateWords, summaryLines } from "../src/case/partner_words";
import { canRenew, endsSoon, keptUntil } from "../src/case/term";
import { translator } from "../src/messages/translator";
import type { CaseFingerprint, CaseState, CaseView, Receipt } from "../src/wire/types";
import { wordsOf } from "./files";

const words = translator({ locale: "en", dates: "en-GB", words: Object.fromEntries(wordsOf("en")) });
const NOW = new Date("2026-11-23T10:00:00");

function ending(days: number, state: CaseState = "open"): CaseView {
  const expires_at = new Date(NOW.getTime() + days * 86_400_000).toISOString();
  return { state, opened_at: "", expires_at, withdrawn_at: null, fingerprints: [] };
}

describe("the term of a case", () => {
  test.each([
    [731, false, false],
    [729, false, false],
    [720, true, false],
    [61, true, false],
    [60, true, true],
    [1, true, true],
    [-1, true, true],
  ])("with %i days left: renewable %s, ends soon %s", (days, renewable, soon) => {
    expect(canRenew(ending(days), NOW)).toBe(renewable);
    expect(endsSoon(ending(days), NOW)).toBe(soon);
  });

  test.each(["withdrawn", "expired"] as const)("a case that is %s is neither", (state) => {
    expect(canRenew(ending(10, state), NOW)).toBe(false);
    expect(endsSoon(ending(10, state), NOW)).toBe(false);
  });
});

describe("a case whose term is over", () => {
  const base: CaseFingerprint = {
    id: "a",
    kind: "pdq",
    file_number: 1,
    state: "withdrawn",
    value: null,
    quality: null,
    added_at: "",
    withdrawn_at: "",
    partners: [],
  };
  const kept: CaseView = { ...ending(-1, "expired"), fingerprints: [{ ...base, erased_by: "2026-11-25T10:00:00" }] };

  test("is not said to be erased while it is kept", () => {
    expect(keptUntil(kept)).toEqual(new Date("2026-11-25T10:00:00"));
    expect(keptUntil({ ...kept, state: "withdrawn" })).toBeNull();
    const [said = ""] = summaryLines(kept, words, NOW);
    expect(said).toContain("Until 25 November at 10:00 they are kept locked and unused");
    expect(said).not.toContain("The fingerprints are erased");
  });

  test.each<[string, Partial<CaseFingerprint>, string]>([
    ["kept", { erased_by: "2026-11-25T10:00:00" }, "No longer looked for: the case has ended."],
    [
      "erased after that",
      { withdrawn_at: "2026-11-22T10:00:00", erased_at: "2026-11-25T10:00:00" },
      "No longer looked for: the case has ended.",
    ],
    [
      "withdrawn by the person",
      { withdrawn_at: "2026-11-22T10:00:00", erased_at: "2026-11-22T10:00:00" },
      "Withdrawn.",
    ],
    ["withdrawn at an earlier version", { withdrawn_at: "2026-11-22T10:00:00" }, "Withdrawn."],
  ])("says of what is %s who ended it", (_, change, said) => {
    const [file] = filesOf([{ ...base, ...change }]);
    expect(file && stateWords(file, words)).toEqual([said]);
  });

  test("is said to be erased once it is", () => {
    const erased: CaseView = { ...kept, fingerprints: [{ ...base, erased_at: "2026-11-25T10:00:00" }] };
    expect(keptUntil(erased)).toBeNull();
    expect(summaryLines(erased, words, NOW)[0]).toContain("The fingerprints are erased");
  });
});

describe("a receipt", () => {
  const GONE = "Old copies of the exchange’s records, such as backups, can no longer be used to read it either.";
  const receipt: Receipt = {
    reference: "d3490a1413cd8b9a",
    made_at: "2026-11-22T16:05:00",
    state: "withdrawn",
    kept: 0,
    kept_to_tell: 0,
    erased: [
      {
        file_number: 2,
        kinds: ["vpdq", "md5"],
        erased_at: "2026-11-22T15:00:00",
        unreadable_by: "2026-11-24T15:00:00",
        is_unreadable: false,
        partners: [
          { partner: "Example Forum", given_on: "2026-11-22", confirmed_at: null },
          { partner: "Example Social", given_on: "2026-11-22", confirmed_at: "2026-11-22T15:01:00" },
        ],
      },
      {
        file_number: 3,
        kinds: ["pdq"],
        erased_at: "2026-11-22T15:00:00",
        unreadable_by: "2026-11-24T15:00:00",
        is_unreadable: true,
        partners: [],
      },
    ],
  };

  test("says of what is kept after the end until when, and nowhere that it is erased", () => {
    const ended = {
      file_number: 1,
      kinds: ["pdq"],
      ended_at: "2026-11-22T15:00:00",
      erased_by: "2026-11-25T15:00:00",
      partners: [],
    } as const;
    expect(receiptParts({ ...receipt, erased: [], ended: [ended], kept_after_end: 1 }, words, NOW)[0]?.lines).toEqual([
      "The case ended on 22 November at 15:00: Picture. Kept locked and unused in case that was a mistake.",
      "It will be erased by 25 November at 15:00.",
      "No service had a fingerprint of it.",
    ]);
  });

  test("in plain words and dates", () => {
    expect(receiptLines(receipt, words, NOW)).toEqual(["Made on 22 November at 16:05. Reference d3490a1413cd8b9a."]);
    expect(receiptParts(receipt, words, NOW)).toEqual([
      {
        name: "Video 2",
        lines: [
          "Erased at the exchange on 22 November at 15:00: Moving pictures, Identical file (md5).",
          "By 24 November at 15:00, old copies of the exchange’s records, such as backups, can no longer be used to read it either.",
          "Given to Example Forum on 22 November.",
          "Example Forum has not confirmed yet. Open this page again later for a newer receipt.",
          "Given to Example Social on 22 November.",
          "Example Social confirmed on 22 November at 15:01 that it has stopped looking for it.",
        ],
      },
      {
        name: "Picture 3",
        lines: [
          "Erased at the exchange on 22 November at 15:00: Picture.",
          GONE,
          "No service had a fingerprint of it.",
        ],
      },
    ]);
  });

  test("says what is asked for and when it takes effect, and of what was erased when it was asked for", () => {
    const [, second] = receipt.erased;
    if (second === undefined) throw new Error("two parts");
    const asked = [
      { file_number: 4, kinds: ["chromaprint"], asked_at: "2026-11-22T16:00:00", due_at: "2026-11-25T16:00:00" },
    ] as const;
    const parts = receiptParts(
      { ...receipt, erased: [{ ...second, asked_at: "2026-11-19T15:00:00" }], asked },
      words,
      NOW,
    );
    expect(parts).toEqual([
      {
        name: "Picture 3",
        lines: [
          "You, or someone with your key, asked for this on 19 November at 15:00.",
          "Erased at the exchange on 22 November at 15:00: Picture.",
          GONE,
          "No service had a fingerprint of it.",
        ],
      },
      {
        name: "Sound 4",
        lines: [
          "You, or someone with your key, asked for this on 22 November at 16:00.",
          "Not erased yet. It will be erased on 25 November at 16:00, unless that is cancelled first.",
        ],
      },
    ]);
  });

  test("says where the exchange is late with old copies", () => {
    const late = receipt.erased.map((part) => ({
      ...part,
      unreadable_by: "2026-11-20T15:00:00",
      is_unreadable: false,
    }));
    expect(receiptParts({ ...receipt, erased: late }, words, NOW)[0]?.lines[1]).toMatch(
      /could still be used to read it. This should have ended by 20 November/,
    );
  });

  test("says what is still kept", () => {
    expect(receiptLines({ ...receipt, state: "open", kept: 2, kept_to_tell: 1 }, words, NOW).slice(1)).toEqual([
      "2 fingerprints are still in your case, and services still look for them.",
      expect.stringMatching(
        /^Some services know a fingerprint only by its code. For one fingerprint .* for 30 days at most/,
      ),
    ]);
  });
});
