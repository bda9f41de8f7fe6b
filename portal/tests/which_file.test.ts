// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { whichFile } from "../src/case/which_file";
import { filesOf } from "../src/files/case_files";
import type { CaseFingerprint, Kind } from "../src/wire/types";

const ZEROS = "0".repeat(64);

function held(file: number, kind: Kind, value: string | null): CaseFingerprint {
  const times = { added_at: "", withdrawn_at: null, quality: null };
  return { id: `${file}`, kind, file_number: file, state: "active", value, partners: [], ...times };
}

/** A hash with the first `bits` bits turned. */
function turned(bits: number): string {
  const whole = "f".repeat(Math.floor(bits / 4));
  return `${whole}${((1 << (bits % 4)) - 1).toString(16)}${ZEROS}`.slice(0, 64);
}

function answer(kind: Kind, value: string, ...fingerprints: readonly CaseFingerprint[]): string {
  const found = whichFile([{ kind, value }], filesOf(fingerprints));
  return found === null ? "none" : `${found.how} ${found.file.number}`;
}

describe("a file that is chosen again", () => {
  test.each([
    [0, "same 2"],
    [1, "like 2"],
    [31, "like 2"],
    [32, "none"],
  ])("with a picture %i bits away is %s", (bits, says) => {
    expect(answer("pdq", turned(bits), held(1, "md5", "a"), held(2, "pdq", ZEROS))).toBe(says);
  });

  test("is the nearest of several", () => {
    expect(answer("pdq", turned(8), held(1, "pdq", ZEROS), held(2, "pdq", turned(10)))).toBe("like 2");
  });

  test("is told by a value of any kind, and only of the same kind", () => {
    expect(answer("md5", "a", held(1, "sha256", "a"), held(3, "md5", "a"))).toBe("same 3");
    expect(answer("md5", "a", held(1, "sha256", "a"))).toBe("none");
  });

  test("is none where that one was withdrawn, and none in an empty case", () => {
    expect(answer("pdq", ZEROS, held(1, "pdq", null))).toBe("none");
    expect(answer("pdq", ZEROS)).toBe("none");
  });
});
