// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { kindsGiven, type FileClass, type Found } from "../src/fingerprint/gives";
import { readText } from "./files";

interface FileGives {
  readonly files: readonly {
    readonly file: FileClass;
    readonly found: Found;
    readonly gives: { readonly device: readonly string[] };
  }[];
}

describe("what one file gives on the device", () => {
  const { files } = JSON.parse(readText("vectors/file_gives.json")) as FileGives;

  test.each(files.map(({ file, found, gives }) => [file, JSON.stringify(found), found, gives.device] as const))(
    "%s %s",
    (file, _, found, given) => {
      expect(kindsGiven(file, found)).toEqual(given);
    },
  );
});
