// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, test, vi } from "vitest";
import { askedOf, isDelayed, withdrawable } from "../src/case/asked";
import { withdrawTarget } from "../src/case/withdrawal";
import type { CaseKey } from "../src/wire/case_key";
import type { CaseFingerprint, CaseView } from "../src/wire/types";

const KEY = { text: "", authorization: "Case x" } as CaseKey;
const id = (sign: string): string => sign.repeat(32);

function view(withdrawn: readonly string[]): CaseView {
  const fingerprints = ["a", "b", "c"].map((sign): CaseFingerprint => {
    const state = withdrawn.includes(sign) ? "withdrawn" : "active";
    return {
      id: id(sign),
      kind: "md5",
      file_number: sign === "c" ? 2 : 1,
      state,
      value: null,
      quality: null,
      added_at: "",
      withdrawn_at: null,
      partners: [],
    };
  });
  return { state: "open", opened_at: "", expires_at: "", withdrawn_at: null, fingerprints };
}

/** An exchange that answers each request with the next of these; null breaks the connection. */
function answerWith(...answers: readonly (CaseView | null)[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (_: string, { body }: { body: Uint8Array }) => {
    const answer = answers[asked.length];
    asked.push((JSON.parse(new TextDecoder().decode(body)) as { fingerprint_id: string }).fingerprint_id);
    if (!answer) throw new TypeError("failed");
    return new Response(JSON.stringify(answer));
  });
  return asked;
}

afterEach(() => vi.unstubAllGlobals());

test("a file is withdrawn fingerprint by fingerprint, in order", async () => {
  const asked = answerWith(view(["a"]), view(["a", "b"]));
  const seen: CaseView[] = [];
  const after = await withdrawTarget(KEY, view([]), 1, (part) => seen.push(part));
  expect(asked).toEqual([id("a"), id("b")]);
  expect(seen).toEqual([view(["a"]), view(["a", "b"])]);
  expect(after).toEqual(view(["a", "b"]));
});

test("where one fails, what was withdrawn is known, and a second try asks only for the rest", async () => {
  const seen: CaseView[] = [];
  answerWith(view(["a"]), null);
  await expect(withdrawTarget(KEY, view([]), 1, (part) => seen.push(part))).rejects.toMatchObject({
    code: "unreachable",
  });
  expect(seen).toEqual([view(["a"])]);
  const asked = answerWith(view(["a", "b"]));
  await withdrawTarget(KEY, view(["a"]), 1, () => undefined);
  expect(asked).toEqual([id("b")]);
});

test("the whole case is one request", async () => {
  const asked = answerWith(view(["a", "b", "c"]));
  await withdrawTarget(KEY, view([]), null, () => undefined);
  expect(asked).toEqual([null]);
});

describe("with the delay", () => {
  const DUE = { withdrawal_asked_at: "2026-11-22T14:05:00Z", withdrawal_due_at: "2026-11-25T14:05:00Z" };
  const delayed = (delay: "off" | "on" | "ending", asked: readonly string[]): CaseView => {
    const { fingerprints, ...rest } = view([]);
    return {
      ...rest,
      delay,
      fingerprints: fingerprints.map((one) => ({ ...one, ...(asked.includes(one.id[0] ?? "") ? DUE : {}) })),
    };
  };

  test("what is asked for is not asked for again, but withdrawn where the delay is off", () => {
    const ids = (seen: CaseView): readonly string[] => withdrawable(seen, seen.fingerprints).map((one) => one.id);
    expect(ids(delayed("on", ["a"]))).toEqual([id("b"), id("c")]);
    expect(ids(delayed("ending", ["a", "b", "c"]))).toEqual([]);
    expect(ids(delayed("off", ["a"]))).toEqual([id("a"), id("b"), id("c")]);
  });

  test("says whether all is asked for, and when the first of it takes effect", () => {
    expect(askedOf(view([]).fingerprints)).toBeNull();
    expect(askedOf(delayed("on", ["b"]).fingerprints)).toEqual({
      askedAt: new Date(DUE.withdrawal_asked_at),
      dueAt: new Date(DUE.withdrawal_due_at),
      isAll: false,
    });
    const [first, ...others] = delayed("on", ["a", "b", "c"]).fingerprints;
    const sooner = { ...first, withdrawal_due_at: "2026-11-24T00:00:00Z" } as CaseFingerprint;
    expect(askedOf([...others, sooner])).toMatchObject({ dueAt: new Date("2026-11-24T00:00:00Z"), isAll: true });
  });

  test("a case from an exchange that knows no delay has none", () => {
    expect(isDelayed(view([]))).toBe(false);
    expect(isDelayed(delayed("ending", []))).toBe(true);
  });
});
