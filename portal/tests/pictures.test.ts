// SPDX-License-Identifier: Apache-2.0
import { generate } from "lean-qr";
import { describe, expect, test, vi } from "vitest";
import { pathOf } from "../src/protect/qr_code";

vi.mock("../src/fingerprint/maker", () => ({ FingerprintMaker: class {} }));
const { fingerprintsOf, settled } = await import("../src/protect/pictures");

const fingerprint = (sign: string) => ({ kind: "pdq", value: sign.repeat(64), quality: 90 }) as const;
const working = (key: number) => ({ key, file: new Blob(), outcome: { kind: "working" } }) as const;

describe("what becomes of chosen pictures", () => {
  test("a fingerprint goes to its picture", () => {
    const after = settled([working(1), working(2)], 2, { kind: "ready", fingerprint: fingerprint("a") });
    expect(after.map((picture) => picture.outcome.kind)).toEqual(["working", "ready"]);
    expect(fingerprintsOf(after)).toEqual([fingerprint("a")]);
  });

  test("the same fingerprint is sent once", () => {
    const first = settled([working(1), working(2)], 1, { kind: "ready", fingerprint: fingerprint("a") });
    const both = settled(first, 2, { kind: "ready", fingerprint: fingerprint("a") });
    expect(both[1]?.outcome).toEqual({ kind: "same", as: 1 });
    expect(fingerprintsOf(both)).toHaveLength(1);
  });

  test("a problem leaves the others as they are", () => {
    const after = settled([working(1), working(2)], 1, { kind: "problem", problem: "empty" });
    expect(after.map((picture) => picture.outcome.kind)).toEqual(["problem", "working"]);
  });
});

test("the QR path draws exactly the dark cells, with a quiet zone of four", () => {
  const code = generate("7K3M-AAAA-BBBB-CCCC-DDDD");
  const drawn = new Set<string>();
  for (const [, x, y, length] of pathOf(code).matchAll(/M(\d+) (\d+)h(\d+)/g)) {
    for (let step = 0; step < Number(length); step += 1) drawn.add(`${Number(x) - 4 + step},${Number(y) - 4}`);
  }
  const dark = new Set<string>();
  for (let y = 0; y < code.size; y += 1) for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) dark.add(`${x},${y}`);
  expect(drawn).toEqual(dark);
});
