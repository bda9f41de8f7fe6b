// SPDX-License-Identifier: Apache-2.0
import vectors from "../../vectors/proof_of_work.json" with { type: "json" };
import { afterEach, expect, test, vi } from "vitest";
import { sendWithWork } from "../src/send/work";
import { workSums } from "../src/send/work_sums";
import { ExchangeError, openCase, type PreparedRequest } from "../src/wire/requests";

vi.mock("../src/send/work_worker?worker", () => ({ default: vi.fn() }));

const VIEW = {
  state: "open",
  opened_at: "2026-11-22T14:05:00Z",
  expires_at: "2028-11-21T14:05:00Z",
  withdrawn_at: null,
  fingerprints: [],
};
const NEEDED = { code: "proof_of_work_needed", message: "m", detail: "", challenge: "1.2.3", parts: 2, zero_bits: 4 };
const REQUEST: PreparedRequest = openCase(
  "Case x",
  { role: "person", is_adult_now: true, was_adult_then: true },
  [],
  false,
);

function answers(...given: readonly (readonly [number, unknown])[]): ReturnType<typeof vi.fn> {
  const left = [...given];
  const answer = vi.fn(async () => {
    const [status, body] = left.shift() ?? [500, {}];
    return new Response(JSON.stringify(body), { status });
  });
  vi.stubGlobal("fetch", answer);
  return answer;
}

afterEach(() => vi.unstubAllGlobals());

test.each(vectors.proof_of_work)(
  "$challenge gives the numbers of the wire package",
  async ({ challenge, parts, zero_bits, proof }) => {
    const numbers: number[] = [];
    for await (const number of workSums(challenge, parts, zero_bits)) numbers.push(number);
    expect(`${challenge} ${numbers.join(".")}`).toBe(proof);
  },
);

test("no work where none is asked for", async () => {
  const answer = answers([201, VIEW]);
  expect(
    await sendWithWork(
      REQUEST,
      () => undefined,
      () => Promise.reject(new Error("not asked for")),
    ),
  ).toEqual(VIEW);
  expect(answer).toHaveBeenCalledTimes(1);
});

test("the same bytes go again, with the proof in a header", async () => {
  const answer = answers([428, NEEDED], [201, VIEW]);
  const prove = vi.fn(async () => "1.2.3 4.5");
  expect(await sendWithWork(REQUEST, () => undefined, prove)).toEqual(VIEW);
  expect(prove.mock.calls).toHaveLength(1);
  const [, second] = answer.mock.calls as [string, RequestInit][];
  expect(second?.[1].body).toBe(REQUEST.body);
  expect(second?.[1].headers).toMatchObject({ "Proof-Of-Work": "1.2.3 4.5", Authorization: "Case x" });
});

test("after two proofs the person decides", async () => {
  const answer = answers([428, NEEDED], [428, NEEDED], [428, NEEDED], [201, VIEW]);
  const error = await sendWithWork(
    REQUEST,
    () => undefined,
    async () => "late",
  ).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ExchangeError);
  expect(error).toMatchObject({ code: "proof_of_work_needed" });
  expect(answer).toHaveBeenCalledTimes(3);
});

test("work beyond all bounds is not begun", async () => {
  answers([428, { ...NEEDED, zero_bits: 60 }]);
  const prove = vi.fn(async () => "never");
  await expect(sendWithWork(REQUEST, () => undefined, prove)).rejects.toMatchObject({ code: "proof_of_work_needed" });
  expect(prove).not.toHaveBeenCalled();
});
