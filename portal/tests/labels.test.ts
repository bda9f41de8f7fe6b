// SPDX-License-Identifier: Apache-2.0
import vectors from "../../vectors/case_labels.json" with { type: "json" };
import { beforeEach, describe, expect, test, vi } from "vitest";
import { areLabelsKept, forgetLabels, keepLabels, keptLabels, openedLabels, withoutFiles } from "../src/labels/labels";
import { labelsKey, makeCaseKey, readCaseKey } from "../src/wire/case_key";

const PLACE = "stillmine.labels";
let storage: Map<string, string>;

beforeEach(() => {
  storage = new Map();
  vi.stubGlobal("localStorage", {
    getItem: (name: string) => storage.get(name) ?? null,
    setItem: (name: string, value: string) => void storage.set(name, value),
    removeItem: (name: string) => void storage.delete(name),
  });
});

const newKey = async (): Promise<CryptoKey> => labelsKey(await makeCaseKey());
const rows = (): string[] => JSON.parse(storage.get(PLACE) ?? "[]") as string[];

describe("what another hand sealed", () => {
  test.each(vectors.labels)("$name is opened by its case key alone", async ({ text, labels, sealed }) => {
    const key = await labelsKey(await readCaseKey(text));
    expect([...((await openedLabels(key, sealed)) ?? [["none"]])]).toEqual(labels);
    expect(await openedLabels(await newKey(), sealed)).toBeNull();
    const last = sealed.endsWith("0") ? "1" : "0";
    expect(await openedLabels(key, sealed.slice(0, -1) + last)).toBeNull();
  });

  test.each(vectors.labels)("$name has the length that we give it too", async ({ text, labels, sealed }) => {
    const key = await labelsKey(await readCaseKey(text));
    await keepLabels(key, new Map(labels.map(([file, name]) => [Number(file), String(name)])));
    expect(rows().map(({ length }) => length)).toEqual([sealed.length]);
    expect(rows()).not.toEqual([sealed]); // under a nonce of its own
  });
});

test("what is kept is read back, stands once however often it is kept, and says neither names nor case", async () => {
  const caseKey = await makeCaseKey();
  const key = await labelsKey(caseKey);
  expect(await keptLabels(key)).toBeNull();
  expect(areLabelsKept()).toBe(false);
  for (const name of ["red coat", "blue coat"]) expect(await keepLabels(key, new Map([[2, name]]))).toBe(true);
  expect(await keptLabels(key)).toEqual(new Map([[2, "blue coat"]]));
  expect(rows()).toHaveLength(1);
  const [caseId = ""] = caseKey.authorization.replace("Case ", "").split(".");
  expect(storage.get(PLACE)).not.toContain(caseId);
  expect(storage.get(PLACE)).toMatch(/^\["[0-9a-f]+"\]$/);
});

test("a key without an extractable form", async () => {
  await expect(crypto.subtle.exportKey("raw", await newKey())).rejects.toThrow();
});

test("cases don't touch each other, and the last one to go leaves nothing", async () => {
  const [one, other] = [await newKey(), await newKey()];
  await keepLabels(one, new Map([[1, "mine"]]));
  await keepLabels(other, new Map());
  await keepLabels(one, null);
  expect(await keptLabels(one)).toBeNull();
  expect(await keptLabels(other)).toEqual(new Map());
  await keepLabels(other, null);
  expect([...storage]).toEqual([]);
});

test("all can be erased without any key", async () => {
  await keepLabels(await newKey(), new Map([[1, "mine"]]));
  expect(areLabelsKept()).toBe(true);
  forgetLabels();
  expect([...storage]).toEqual([]);
});

test("a browser that keeps nothing is no success", async () => {
  const refuse = (): never => {
    throw new Error("QuotaExceededError");
  };
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: refuse, removeItem: refuse });
  expect(await keepLabels(await newKey(), new Map([[1, "mine"]]))).toBe(false);
});

test.each(["", "nothing", "{}", '["zz"]', "[1]"])("what is there and is not ours (%s) is no name", async (found) => {
  storage.set(PLACE, found);
  const key = await newKey();
  expect(await keptLabels(key)).toBeNull();
  expect(await keepLabels(key, new Map([[1, "mine"]]))).toBe(true);
  expect(await keptLabels(key)).toEqual(new Map([[1, "mine"]]));
});

test("the names of files that are gone go, and where none had one it is the same list", () => {
  const labels = new Map([
    [1, "one"],
    [2, "two"],
  ]);
  expect(withoutFiles(labels, [2, 9])).toEqual(new Map([[1, "one"]]));
  expect(withoutFiles(labels, [9])).toBe(labels);
});
