// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { vpdqOf } from "../src/fingerprint/runs";
import { readText } from "./files";

interface Vectors {
  readonly runs: readonly {
    readonly samples: readonly (readonly [number, number, number, number])[];
    readonly entries: readonly (readonly [number, number, number])[];
    readonly quality: number | null;
  }[];
}

const { runs } = JSON.parse(readText("vectors/runs.json")) as Vectors;

/** A hash whose last bits are set. */
const hashOf = (bits: number): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, place) => {
    const set = Math.min(8, Math.max(0, bits - 8 * (31 - place)));
    return (1 << set) - 1;
  });
const toHex = (hash: Uint8Array): string => Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");

test.each(runs.map((vector) => [JSON.stringify(vector.samples), vector] as const))(
  "%s",
  (_, { samples, entries, quality }) => {
    const made = vpdqOf(
      samples.map(([bits, of, first, last]) => ({ hash: hashOf(bits), quality: of, first, last })),
      toHex,
    );
    const value = JSON.stringify(entries.map(([bits, of, second]) => `${toHex(hashOf(bits))},${of},${second}`));
    expect(made).toEqual(quality === null ? null : { value, quality });
  },
);
