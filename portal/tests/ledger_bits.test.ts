// SPDX-License-Identifier: Apache-2.0
/* Every bit and every sign counts: what differs from the vectors in one of them is refused. */

import { describe, expect, test } from "vitest";
import vectors from "../../vectors/ledger.json" with { type: "json" };
import { fromHex, toHex, utf8 } from "../src/bytes/bytes";
import { openCheckpoint } from "../src/ledger/checkpoint";
import { readEntry } from "../src/ledger/entry";
import { continues, includes, sha256 } from "../src/ledger/proofs";

/** Every text that differs from a hex text in one bit. */
const flipped = (hex: string): string[] =>
  Array.from({ length: hex.length * 4 }, (_, bit) => {
    const changed = fromHex(hex);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return toHex(changed);
  });

/** Every list of hashes that differs in one bit of one of them. */
const flippedIn = (hashes: readonly string[]): string[][] =>
  hashes.flatMap((hash, place) =>
    flipped(hash).map((other) => hashes.map((one, index) => (index === place ? other : one))),
  );

const held = async (checks: readonly Promise<boolean>[]): Promise<number> =>
  (await Promise.all(checks)).filter((one) => one).length;

test("no path holds with one bit changed, in it, the leaf or the root", async () => {
  const checks = vectors.inclusion
    .filter(({ size }) => size >= 5)
    .flatMap(({ root, size, index, leaf, path }) =>
      flippedIn([root, leaf, ...path]).map(([otherRoot = "", otherLeaf = "", ...other]) =>
        includes(fromHex(otherRoot), size, index, fromHex(otherLeaf), other.map(fromHex)),
      ),
    );
  expect(checks.length).toBeGreaterThan(10_000);
  expect(await held(checks)).toBe(0);
});

test("no consistency proof holds with one bit changed, in it or in a root", async () => {
  const checks = vectors.consistency
    .filter((one) => one.old > 2 && one.old < one.new)
    .flatMap((one) =>
      flippedIn([one.old_root, one.new_root, ...one.proof]).map(([oldRoot = "", newRoot = "", ...proof]) =>
        continues(one.old, fromHex(oldRoot), one.new, fromHex(newRoot), proof.map(fromHex)),
      ),
    );
  expect(checks.length).toBeGreaterThan(5_000);
  expect(await held(checks)).toBe(0);
});

describe("the checkpoint", () => {
  const { key, note } = vectors.checkpoint;
  const changedAt = (text: string, place: number): string =>
    text.slice(0, place) + (text[place] === "A" ? "B" : "A") + text.slice(place + 1);

  test("is refused with any sign of it changed, left out or doubled", async () => {
    const others = [...note].flatMap((sign, place) => [
      changedAt(note, place),
      note.slice(0, place) + note.slice(place + 1),
      note.slice(0, place) + sign + note.slice(place),
    ]);
    const opened = await Promise.all(others.map((other) => openCheckpoint(other, key)));
    expect(opened.filter((one) => one !== null)).toEqual([]);
  });

  test("is refused with any sign of the key changed", async () => {
    const opened = await Promise.all([...key].map((_, place) => openCheckpoint(note, changedAt(key, place))));
    expect(opened.filter((one) => one !== null)).toEqual([]);
  });

  test("a key under a name that is not made from it is refused, though it signed", async () => {
    const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    if (!("privateKey" in pair)) throw new Error("Ed25519 has two keys");
    const marked = Uint8Array.of(1, ...new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
    const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
    const root = note.split("\n")[2] ?? "";
    const signedAs = async (name: string): Promise<boolean> => {
      const id = (await sha256(utf8(`${name}\n`), marked)).slice(0, 4);
      const body = `${name}\n8\n${root}\n`;
      const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, utf8(body)));
      const read = await openCheckpoint(
        `${body}\n— ${name} ${base64(Uint8Array.of(...id, ...signature))}\n`,
        `${name}+${toHex(id)}+${base64(marked)}`,
      );
      return read !== null;
    };
    expect(await signedAs(`stillmine/${toHex(await sha256(marked.slice(1))).slice(0, 32)}`)).toBe(true);
    expect(await signedAs(`stillmine/${toHex(await sha256(marked.slice(1))).slice(0, 16)}`)).toBe(false);
    expect(await signedAs(key.split("+")[0] ?? "")).toBe(false);
  });
});

const text = vectors.entries[0]?.text ?? "";
test.each([
  ["another order", text.replace(/^{("day":"[^"]*"),(.*)}$/, "{$2,$1}")],
  ["a field twice", text.replace("{", '{"day":"2026-11-25",')],
  ["items without a root", text.replace(/"root":"[^"]*",/, "")],
  ["a root without items", text.replace('"items":3,', "")],
  ["no items and no root", text.replace('"items":3', '"items":0').replace(/"root":"[^"]*",/, "")],
  ["items with a fraction", text.replace('"items":3', '"items":3.0')],
  ["a letter that is not ASCII", text.replace("Social", "Söcial")],
  ["an escape that is not needed", text.replace("Social", "\\u0053ocial")],
  ["nobody for a partner", text.replace('"Example Social"', "null")],
  ["empty details", text.replace(/"details":{[^}]*}/, '"details":{}')],
  ["details that are no text", text.replace('"native"', "1")],
])("no entry: %s", (_, other) => {
  expect(other).not.toBe(text);
  expect(readEntry(other)).toBeNull();
});
