// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import type { FileNote, FileType } from "../src/fingerprint/made";
import { translator } from "../src/messages/translator";
import { fileName, firstSigns, rowLines, rowName } from "../src/files/file_words";
import type { Row, RowState } from "../src/files/rows";
import { FILE_PROBLEMS } from "../src/fingerprint/problems";
import type { Kind } from "../src/wire/types";
import { wordsOf } from "./files";

const words = translator({ locale: "en", dates: "en-GB", words: Object.fromEntries(wordsOf("en")) });
const row = (type: FileType, number: number | null, state: RowState): Row => ({
  key: 1,
  file: new Blob(),
  type,
  number,
  isSynthetic: false,
  state,
});

/** Every note; a new one is a type error here until it has words. */
const NOTES: Record<FileNote, RegExp> = {
  picture_too_little_detail: /too little detail/,
  few_regions: /Too few parts of this picture/,
  video_too_little_detail: /pictures have too little detail/,
  video_not_readable: /can’t read its pictures/,
  video_not_opened: /can’t open this video\. .* as MP4/,
  video_edits: /cut, or its speed .* new video/,
  video_has_no_sound: /no sound/,
  film_not_readable: /short video .* can’t read it/,
  further_films: /more than one video/,
  further_sounds: /more than one sound track/,
  further_pictures: /more than one picture/,
  hidden_picture: /don’t show/,
  sound_too_short: /too short .* about 7 seconds/,
  sound_without_detail: /too quiet or too even/,
  sound_not_readable: /can’t read its sound/,
  sound_edits: /sound was cut, or its speed .* new file/,
  not_readable: /can’t read this file/,
  ends_early: /ends early/,
  end_missing: /the whole picture is there/,
  picture_too_large: /more pixels/,
  pixels_hidden: /hides what is in a picture/,
  longer_than_read: /longer than can be read/,
};

function lines(type: FileType, kinds: readonly Kind[], notes: readonly FileNote[] = []): readonly string[] {
  const fingerprints = kinds.map((kind) => ({ kind, value: "a", quality: 90 }));
  return rowLines(row(type, 1, { kind: "ready", made: { type, fingerprints, notes } }), words);
}

describe("what copies can be recognised", () => {
  test.each<[FileType, readonly Kind[], RegExp]>([
    ["picture", ["pdq"], /usually even if they were saved again, resized or mirrored/],
    ["picture", ["pdq", "regions"], /Often even if they were cropped, or have words or stickers on them/],
    ["picture", ["sha256"], /only identical files/],
    ["animation", ["pdq", "vpdq", "md5"], /its first picture on its own/],
    ["animation", ["md5"], /only identical files/],
    ["video", ["vpdq", "chromaprint", "md5"], /by their pictures and by their sound/],
    ["video", ["vpdq", "md5"], /by their pictures alone/],
    ["video", ["chromaprint", "md5"], /by their sound alone/],
    ["video", ["md5"], /only identical files/],
    ["sound", ["chromaprint", "sha256"], /a piece of it of about 8 seconds/],
    ["sound", ["sha256"], /only identical files/],
    ["other", ["sha256"], /only identical files/],
  ])("of a %s with %j", (type, kinds, expected) => {
    expect(lines(type, kinds)).toEqual([expect.stringMatching(expected)]);
  });

  test.each(Object.entries(NOTES))("%s is said", (note, expected) => {
    expect(lines("video", ["md5"], [note as FileNote])[1]).toMatch(expected);
  });
});

test("each problem has its own sentence, and so has each state", () => {
  const states: RowState[] = [
    { kind: "waiting" },
    { kind: "working", share: 0.5 },
    { kind: "stopped" },
    { kind: "same", as: { type: "sound", number: 2, isInCase: false } },
    { kind: "same", as: { type: "sound", number: 2, isInCase: true } },
    ...FILE_PROBLEMS.map((problem) => ({ kind: "problem", problem }) as const),
  ];
  const said = states.map((state) => rowLines(row("video", 1, state), words).join(" "));
  expect(new Set(said).size).toBe(states.length);
  expect(said[3]).toContain("Sound 2");
});

test("a file is named by what it is and its number; one that is left out has none", () => {
  expect(fileName({ type: "video", number: 2 }, words)).toBe("Video 2");
  expect(rowName(row("sound", 3, { kind: "waiting" }), words)).toBe("Sound 3");
  expect(rowName(row("sound", null, { kind: "stopped" }), words)).toBe("A sound, left out");
});

test("the first signs are those of the value, not of what is around it", () => {
  expect(firstSigns({ kind: "pdq", value: "0123456789abcdef" })).toBe("0123 4567");
  expect(firstSigns({ kind: "regions", value: "ASQeAS8BASNFZ4mr" })).toBe("ASNF Z4mr");
  expect(firstSigns({ kind: "vpdq", value: '["0123456789abcdef,100,0.000"]' })).toBe("0123 4567");
  expect(firstSigns({ kind: "chromaprint", value: "AQAAEwmUaEkSRYkq" })).toBe("aEkS RYkq");
});
