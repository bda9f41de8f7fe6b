// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { whatIsSent } from "../src/island/what_is_sent";
import { translator } from "../src/messages/translator";
import { addFingerprints, openCase } from "../src/wire/requests";
import type { Fingerprint } from "../src/wire/types";
import { wordsOf } from "./files";

const words = translator({ locale: "en", dates: "en-GB", words: Object.fromEntries(wordsOf("en")) });
const ADULT = { role: "person", is_adult_now: true, was_adult_then: true } as const;
/** The fields that a line tells of; `version` tells nothing of a person. */
const TOLD = ["delays_withdrawal", "fingerprints", "statement", "term_months", "version"];

function code(value: string, file: number, isSynthetic = false): Fingerprint {
  return { kind: "pdq", value, quality: 90, file_number: file, is_synthetic: isSynthetic };
}

function linesOf(request: { readonly body: Uint8Array | null }): readonly string[] {
  return whatIsSent(request.body ?? new Uint8Array(), words);
}

describe("what a message says, in a few words", () => {
  test("one code of one file, of the person", () => {
    expect(linesOf(openCase("", ADULT, [code("a", 1)], false))).toEqual([
      "1 code from 1 file.",
      "That you are the one in the files, and 18 or over: now, and when they were made. This is checked and not kept.",
      "That your case stays open for 24 months, unless you close it.",
      "Two values made from your key. They open your case; the key itself stays with you.",
    ]);
  });

  test("several files, one of them made by a computer, for somebody else, with the delay", () => {
    const request = openCase(
      "",
      { ...ADULT, role: "asked_by_person" },
      [code("a", 1), code("b", 1), code("c", 2, true)],
      true,
    );
    const lines = linesOf(request).join(" ");
    expect(lines).toContain("3 codes from 2 files.");
    expect(lines).toContain("That the person in the files asked you");
    expect(lines).toContain("That a computer made or changed 1 of the files.");
    expect(lines).toContain("That withdrawing takes three days.");
  });

  test("files that are added say nothing of a person, and no term", () => {
    expect(linesOf(addFingerprints("", [code("a", 3)]))).toEqual([
      "1 code from 1 file.",
      "Two values made from your key. They open your case; the key itself stays with you.",
    ]);
  });

  test("no field goes untold", () => {
    const message: unknown = JSON.parse(
      new TextDecoder().decode(openCase("", ADULT, [code("a", 1)], true).body ?? new Uint8Array()),
    );
    expect(Object.keys(message as object).sort()).toEqual(TOLD);
  });
});
