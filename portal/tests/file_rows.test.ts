// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { filesOf } from "../src/files/case_files";
import type { FileFingerprints } from "../src/fingerprint/made";
import { excessOf, fingerprintsOf, rowsOf, type ChosenFile, type Row } from "../src/files/rows";
import type { Outcome } from "../src/files/work_line";
import type { CaseFingerprint, Fingerprint, Kind } from "../src/wire/types";

const made = (kind: Kind, sign: string, length = 64): Fingerprint => ({
  kind,
  value: sign.repeat(length),
  quality: 90,
});
const picture = (sign: string): FileFingerprints => ({ type: "picture", fingerprints: [made("pdq", sign)], notes: [] });
const video = (sign: string): FileFingerprints => ({
  type: "video",
  fingerprints: [made("vpdq", sign), made("chromaprint", sign), made("md5", sign, 32)],
  notes: [],
});
const ready = (of: FileFingerprints): Outcome => ({ kind: "ready", made: of });
const chosen = (...outcomes: readonly Outcome[]): ChosenFile[] =>
  outcomes.map((outcome, place) => ({ key: place + 1, file: new Blob(), outcome, isSynthetic: false }));
const numbers = (rows: readonly Row[]): (number | null)[] => rows.map((row) => row.number);

function inCase(kind: Kind, value: string | null, file_number: number): CaseFingerprint {
  const state = value === null ? "withdrawn" : "active";
  const id = `${kind}${file_number}${value}`;
  return { id, kind, file_number, state, value, quality: 90, added_at: "", withdrawn_at: null, partners: [] };
}

describe("numbers of files", () => {
  test("are those of the case: what is left out has none", () => {
    const rows = rowsOf(
      chosen(
        ready(picture("a")),
        { kind: "problem", problem: "empty" },
        ready(video("b")),
        { kind: "stopped" },
        { kind: "waiting" },
      ),
      [],
    );
    expect(numbers(rows)).toEqual([1, null, 2, null, 3]);
    expect(fingerprintsOf(rows).map(({ kind, file_number }) => [kind, file_number])).toEqual([
      ["pdq", 1],
      ["vpdq", 2],
      ["chromaprint", 2],
      ["md5", 2],
    ]);
  });

  test("say which were made or changed by a computer", () => {
    const [first, second] = chosen(ready(picture("a")), ready(video("b")));
    const rows = rowsOf([first!, { ...second!, isSynthetic: true }], []);
    expect(fingerprintsOf(rows).map(({ is_synthetic }) => is_synthetic)).toEqual([false, true, true, true]);
  });

  test("follow after those of a case, withdrawn ones included", () => {
    const there = filesOf([inCase("pdq", "f".repeat(64), 1), inCase("pdq", null, 4)]);
    expect(numbers(rowsOf(chosen(ready(picture("a")), ready(picture("b"))), there))).toEqual([5, 6]);
  });

  test("a file of which the case holds a part keeps the number that it has there", () => {
    const there = filesOf([inCase("pdq", "f".repeat(64), 1), inCase("chromaprint", "b".repeat(64), 2)]);
    const rows = rowsOf(chosen(ready(video("b")), ready(picture("a"))), there);
    expect(numbers(rows)).toEqual([2, 3]);
    expect(fingerprintsOf(rows).map(({ file_number }) => file_number)).toEqual([2, 2, 2, 3]);
  });
});

describe("the same file twice", () => {
  test("is sent once, and says which it is", () => {
    const rows = rowsOf(chosen(ready(video("a")), ready(video("a"))), []);
    expect(rows[1]).toMatchObject({
      number: null,
      state: { kind: "same", as: { type: "video", number: 1, isInCase: false } },
    });
    expect(fingerprintsOf(rows)).toHaveLength(3);
  });

  test("is told by all fingerprints, not by one", () => {
    const other: FileFingerprints = {
      ...video("a"),
      fingerprints: [made("vpdq", "c"), made("chromaprint", "a"), made("md5", "c", 32)],
    };
    const rows = rowsOf(chosen(ready(video("a")), ready(other)), []);
    expect(numbers(rows)).toEqual([1, 2]);
    expect(fingerprintsOf(rows).map(({ kind, file_number }) => [kind, file_number])).toEqual([
      ["vpdq", 1],
      ["chromaprint", 1],
      ["md5", 1],
      ["vpdq", 2],
      ["md5", 2],
    ]);
  });

  test("the second is taken when the first is removed", () => {
    const [, second] = chosen(ready(picture("a")), ready(picture("a")));
    expect(rowsOf(second ? [second] : [], [])[0]).toMatchObject({ number: 1, state: { kind: "ready" } });
  });

  test("in the case already, unless it was withdrawn there", () => {
    const value = "a".repeat(64);
    const again = chosen(ready(picture("a")));
    expect(rowsOf(again, filesOf([inCase("pdq", value, 3)]))[0]?.state).toEqual({
      kind: "same",
      as: { type: "picture", number: 3, isInCase: true },
    });
    expect(rowsOf(again, filesOf([inCase("pdq", null, 3)]))[0]).toMatchObject({ number: 4, state: { kind: "ready" } });
  });
});

test("a file is what it says until it was looked into", () => {
  const said = (type: string): ChosenFile => ({
    key: 1,
    file: new Blob([], { type }),
    outcome: { kind: "waiting" },
    isSynthetic: false,
  });
  const types = ["image/heic", "video/mp4", "audio/amr", "", "text/plain"].map(
    (type) => rowsOf([said(type)], [])[0]?.type,
  );
  expect(types).toEqual(["picture", "video", "sound", "other", "other"]);
  const looked: ChosenFile = {
    ...said("video/mp4"),
    outcome: ready({ type: "sound", fingerprints: [made("chromaprint", "a")], notes: [] }),
  };
  expect(rowsOf([looked], [])[0]?.type).toBe("sound");
});

describe("what a case and a message hold", () => {
  const values = (count: number, length = 64): Fingerprint[] =>
    Array.from({ length: count }, (_, place) => made("vpdq", String.fromCharCode(0x100 + place), length));
  test.each([
    ["all that fits", values(300), [], null],
    ["too many fingerprints", values(301), [], "fingerprints"],
    ["too many with what the case has", values(299), [inCase("pdq", "f", 1), inCase("pdq", null, 2)], "fingerprints"],
    [
      "a value that is there already counts once",
      values(300),
      [inCase("vpdq", String.fromCharCode(0x100).repeat(64), 1)],
      null,
    ],
    ["too long values", [made("vpdq", "a", 4 * 1024 * 1024 + 1)], [], "bytes"],
    ["values that fit into a case but not, as JSON, into a message", [made("vpdq", '"', 3 * 1024 * 1024)], [], "bytes"],
    [
      "too long with what the case has",
      [made("vpdq", "a", 1024 * 1024)],
      [inCase("vpdq", "b".repeat(3 * 1024 * 1024 + 1), 1)],
      "bytes",
    ],
    ["too many files", [{ ...made("pdq", "a"), file_number: 101 }], [], "files"],
  ] as const)("%s", (_, sending, there, expected) => {
    expect(excessOf(sending, filesOf(there))).toBe(expected);
  });
});
