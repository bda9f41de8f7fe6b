// SPDX-License-Identifier: Apache-2.0
import vectors from "../../vectors/case_key.json" with { type: "json" };
import { describe, expect, test } from "vitest";
import { CaseKeyError, isEndOf, keyOf, makeCaseKey, readCaseKey } from "../src/wire/case_key";

const bytes = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const problemOf = (text: string): Promise<string> =>
  readCaseKey(text).then(
    () => "none",
    (error: unknown) => (error instanceof CaseKeyError ? error.problem : "another error"),
  );

describe("vectors of the wire package", () => {
  test.each(vectors.normal)("$name: secret to text and header", async ({ secret, text, authorization }) => {
    expect(await keyOf(bytes(secret))).toEqual({ text, authorization });
  });

  test.each(vectors.normal)("$name: text to header", async ({ text, authorization }) => {
    expect(await readCaseKey(text)).toEqual({ text, authorization });
  });

  test.each(vectors.tolerant)("$name is read", async ({ text, secret }) => {
    expect(await readCaseKey(text)).toEqual(await keyOf(bytes(secret)));
  });

  test.each(vectors.must_fail)("$name is refused as $problem", async ({ text, problem }) => {
    expect(await problemOf(text)).toBe(problem);
  });
});

test("a key with the hyphens and spaces of a printed sheet is read", async () => {
  const [first] = vectors.normal;
  const text = first?.text ?? "";
  expect((await readCaseKey(text.replaceAll("-", " \u2011\n"))).text).toBe(text);
});

test("every single slip is noticed, at every place", async () => {
  const text = vectors.normal[6]?.text ?? "";
  for (const [place, sign] of [...text].entries()) {
    if (sign === "-") continue;
    const other = sign === "Z" ? "Y" : "Z";
    expect(await problemOf(text.slice(0, place) + other + text.slice(place + 1))).toBe("check");
  }
});

test("a new key is new, has the form of a key and reads back", async () => {
  const [one, other] = [await makeCaseKey(), await makeCaseKey()];
  expect(one.text).not.toBe(other.text);
  expect(one.text).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}$/);
  expect(one.authorization).toMatch(/^Case [0-9a-f]{32}\.[0-9a-f]{64}$/);
  expect(await readCaseKey(one.text)).toEqual(one);
});

describe("the end of a key, typed from the person's own copy", () => {
  const key = { text: "AB12-CD34-EF56-GH78-J0K1", authorization: "" };

  test.each(["J0K1", "j0k1", " joki", "jokl", "gh78 j0k1", "GH78-J0K1", "AB12-CD34-EF56-GH78-J0K1"])(
    "is %s",
    (typed) => {
      expect(isEndOf(key, typed)).toBe(true);
    },
  );

  test.each(["", "1", "0K1", "AB12", "J0K2", "XAB12-CD34-EF56-GH78-J0K1"])("is not “%s”", (typed) => {
    expect(isEndOf(key, typed)).toBe(false);
  });
});
