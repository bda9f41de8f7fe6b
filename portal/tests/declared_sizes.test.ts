// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { isShorterThanDeclared } from "../src/fingerprint/declared_size";
import { readText } from "./files";

interface Vectors {
  readonly files: readonly {
    readonly name: string;
    readonly bytes: readonly (readonly [string, number])[];
    readonly is_shorter: boolean;
    readonly is_server_only?: boolean;
  }[];
}

const { files } = JSON.parse(readText("vectors/declared_sizes.json")) as Vectors;

test.each(files.filter((file) => !file.is_server_only).map((file) => [file.name, file] as const))(
  "%s",
  async (_, { bytes, is_shorter }) => {
    const hex = bytes.map(([digits, times]) => digits.repeat(times)).join("");
    const file = new Blob([Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))]);
    expect(await isShorterThanDeclared(file)).toBe(is_shorter);
  },
);
