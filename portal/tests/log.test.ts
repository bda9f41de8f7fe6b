// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { canonical, chained, EMPTY_DRAFT, firstBreak, isClockBehind, type Draft, type Entry } from "../src/log/entry";
import { emptyFolder, FolderError, folderText, readFolder } from "../src/log/folder";
import { localOf, logReport, plain, policeReport } from "../src/log/report";
import { readExport, zipOf } from "../src/log/zip";
import { translator } from "../src/messages/translator";
import { newNotice } from "../src/notice/notice";
import { wordsOf } from "./files";

const english = translator({ locale: "en", dates: "en-GB", words: Object.fromEntries(wordsOf("en")) });
const NOW = new Date("2026-11-25T12:00:00Z");

async function chain(...drafts: readonly Partial<Draft>[]): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (const draft of drafts) entries.push(await chained({ ...EMPTY_DRAFT, ...draft }, entries, NOW));
  return entries;
}

test("canonical JSON sorts names at every depth and keeps lists in order", () => {
  expect(canonical({ b: [2, { d: null, c: "ä\n" }], a: true })).toBe('{"a":true,"b":[2,{"c":"ä\\n","d":null}]}');
});

test("an entry's hash is SHA-256 of its canonical JSON without the hash", async () => {
  const [entry] = await chain({ what: "ä דוגמה" });
  const { hash, ...body } = entry ?? expect.fail();
  expect(hash).toBe(createHash("sha256").update(canonical(body)).digest("hex"));
  expect(body).toMatchObject({ number: 1, written_at: "2026-11-25T12:00:00Z", previous: "0".repeat(64) });
});

describe("the chain", () => {
  test("holds over what was only added to", async () => {
    expect(await firstBreak(await chain({ what: "1" }, { what: "2" }, { what: "3" }))).toBeNull();
    expect(await firstBreak([])).toBeNull();
  });

  test.each<[string, (entries: Entry[]) => readonly Entry[], number]>([
    ["a text changed", (all) => all.map((entry) => (entry.number === 2 ? { ...entry, what: "x" } : entry)), 2],
    [
      "a time changed",
      (all) => all.map((entry) => (entry.number === 1 ? { ...entry, written_at: "2026-11-24T12:00:00Z" } : entry)),
      1,
    ],
    ["an entry taken out", (all) => all.filter((entry) => entry.number !== 2), 2],
    ["entries in another order", ([one, two, three]) => [one, three, two].filter((entry) => entry !== undefined), 2],
  ])("breaks where there is %s", async (_, change, place) => {
    expect(await firstBreak(change([...(await chain({ what: "1" }, { what: "2" }, { what: "3" }))]))).toBe(place);
  });
});

test("a clock behind the last entry is noticed, but not a minute's jitter", async () => {
  const entries = await chain({ what: "1" });
  expect(isClockBehind(entries, new Date("2026-11-25T11:59:30Z"))).toBe(false);
  expect(isClockBehind(entries, new Date("2026-11-25T11:58:00Z"))).toBe(true);
  expect(isClockBehind([], new Date(0))).toBe(false);
});

describe("a folder", () => {
  test("is read back as it was", async () => {
    const folder = {
      ...emptyFolder(false),
      entries: await chain({
        what: "1",
        files: [{ sha256: "ab".repeat(32), bytes: 3, type: "image/png", is_kept: true }],
      }),
      notices: [newNotice("plain", "", "Example Forum")],
    };
    expect(readFolder(folderText(folder))).toEqual(folder);
  });

  test.each<[string, string, string]>([
    ["text that is no JSON", "{", "damaged"],
    ["another thing", "[]", "damaged"],
    ["a newer format", '{"format": 2}', "newer"],
    ["an entry that is none", '{"format": 1, "is_text_only": false, "entries": [{}], "notices": []}', "damaged"],
    ["a notice that is none", '{"format": 1, "is_text_only": false, "entries": [], "notices": [{}]}', "damaged"],
  ])("refuses %s", (_, text, problem) => {
    expect(() => readFolder(text)).toThrow(new FolderError(problem as "damaged"));
  });
});

describe("reports", () => {
  test("hold every text, the files' codes and the last hash", async () => {
    const entries = await chain(
      {
        kind: "threat",
        words: "Pay",
        seen_at: "2026-11-24T10:00",
        files: [{ sha256: "cd".repeat(32), bytes: 9, type: "", is_kept: false }],
      },
      { kind: "report", reference: "R-7", platform: "police" },
    );
    const folder = { ...emptyFolder(false), entries };
    const text = plain(logReport(folder, english, NOW));
    for (const part of ["Pay", "cd".repeat(32), "R-7", "2026-11-24 10:00", entries[1]?.hash ?? ""])
      expect(text).toContain(part);
    const summary = plain(policeReport(folder, english, NOW));
    for (const part of ["Pay", "R-7", "cd".repeat(32), "______"]) expect(summary).toContain(part);
  });

  test("say that a log is of texts only", () => {
    expect(plain(logReport(emptyFolder(true), english, NOW))).toContain("under 18");
  });

  test.each([
    ["+05:30", "2026-11-25 17:30:00"],
    ["-03:30", "2026-11-25 08:30:00"],
    ["+00:00", "2026-11-25 12:00:00"],
  ])("tell the device's own time at %s", async (offset, local) => {
    const [entry] = await chain({ what: "1" });
    expect(localOf({ ...(entry ?? expect.fail()), offset })).toBe(local);
  });
});

test("a ZIP is read back with its pictures, and a picture that is not the same is missed", async () => {
  const picture = new Uint8Array([1, 2, 3]);
  const sha256 = createHash("sha256").update(picture).digest("hex");
  const folder = {
    ...emptyFolder(false),
    entries: await chain({ what: "1", files: [{ sha256, bytes: 3, type: "image/png", is_kept: true }] }),
  };
  const parts = { folder, text: "t", howTo: "h" };
  const read = await readExport(await zipOf({ ...parts, pictures: new Map([[sha256, picture]]) }));
  expect(read).toMatchObject({ isTextOnly: false, brokenAt: null, lostPictures: 0 });
  expect(read.pictures.get(sha256)).toEqual(picture);
  const other = await readExport(await zipOf({ ...parts, pictures: new Map([[sha256, new Uint8Array([9])]]) }));
  expect(other.lostPictures).toBe(1);
});
