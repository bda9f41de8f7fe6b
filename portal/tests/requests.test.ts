// SPDX-License-Identifier: Apache-2.0
import vectors from "../../vectors/open_case.json" with { type: "json" };
import { afterEach, describe, expect, test, vi } from "vitest";
import { ERROR_CODES, type OpenCase } from "../src/wire/types";
import {
  addFingerprints,
  cancelWithdrawal,
  ExchangeError,
  fetchReceipt,
  openCase,
  renewCase,
  send,
  setDelay,
  showCase,
  withdraw,
} from "../src/wire/requests";

const VIEW = {
  state: "open",
  opened_at: "2026-11-22T14:05:00Z",
  expires_at: "2028-11-21T14:05:00Z",
  withdrawn_at: null,
  fingerprints: [],
};
const textOf = (body: Uint8Array | null): string => new TextDecoder().decode(body ?? new Uint8Array()).trimEnd();

function answerWith(status: number, body: string): ReturnType<typeof vi.fn> {
  const answer = vi.fn(async () => new Response(body, { status }));
  vi.stubGlobal("fetch", answer);
  return answer;
}

const codeOf = (): Promise<string> =>
  send(showCase("Case x")).then(
    () => "none",
    (error: unknown) => (error instanceof ExchangeError ? error.code : "another error"),
  );

afterEach(() => vi.unstubAllGlobals());

describe("bytes of OpenCase", () => {
  const withDefaultTerm = vectors.open_case.filter(({ body }) => body.includes('"term_months":24'));
  test.each(withDefaultTerm)("$name: exactly those of the wire package", ({ body }) => {
    const message = JSON.parse(body) as OpenCase;
    const shuffled = message.fingerprints.map(({ kind, value, quality, file_number = 1 }) => ({
      file_number,
      quality,
      value,
      kind,
    }));
    const statement = {
      was_adult_then: message.statement.was_adult_then,
      is_adult_now: message.statement.is_adult_now,
      role: message.statement.role,
    };
    expect(textOf(openCase("Case x", statement, shuffled, message.delays_withdrawal ?? false).body)).toBe(body);
  });

  test("there is something to compare", () => expect(withDefaultTerm.length).toBeGreaterThan(0));
});

test("fingerprints of one file say so, and the first file's number is left out", () => {
  const fingerprints = [1, 1, 2].map(
    (file_number) => ({ kind: "md5", value: "ab", quality: 100, file_number }) as const,
  );
  const part = '{"kind":"md5","value":"ab","quality":100';
  expect(textOf(addFingerprints("Case x", fingerprints).body)).toBe(
    `{"version":1,"fingerprints":[${part}},${part}},${part},"file_number":2}]}`,
  );
});

test("one picture with its regions or seven, opening or withdrawing: one size", () => {
  const of = (count: number) =>
    Array.from({ length: count }, () => [
      { kind: "pdq", value: "a".repeat(64), quality: 100 } as const,
      { kind: "regions", value: "a".repeat(1_827), quality: 100 } as const,
    ]).flat();
  const statement = { role: "person", is_adult_now: true, was_adult_then: true } as const;
  const sizes = [1, 2, 3, 5, 7].map((count) => openCase("Case x", statement, of(count), false).body?.length);
  expect(
    new Set([...sizes, withdraw("Case x", null).body?.length, addFingerprints("Case x", of(3)).body?.length]),
  ).toEqual(new Set([16_384]));
});

test("withdrawing names one fingerprint, or none for the whole case", () => {
  expect(textOf(withdraw("Case x", null).body)).toBe('{"version":1,"fingerprint_id":null}');
  expect(textOf(withdraw("Case x", "ab").body)).toBe('{"version":1,"fingerprint_id":"ab"}');
});

test("cancelling names one fingerprint or all, and the delay is on or off", () => {
  expect(cancelWithdrawal("Case x", null).path).toBe("/api/v1/case/withdraw/cancel");
  expect(textOf(cancelWithdrawal("Case x", "ab").body)).toBe('{"version":1,"fingerprint_id":"ab"}');
  expect(setDelay("Case x", true).path).toBe("/api/v1/case/delay");
  expect(textOf(setDelay("Case x", false).body)).toBe('{"version":1,"is_on":false}');
});

test("renewing asks for the longest term", () => {
  expect(renewCase("Case x").path).toBe("/api/v1/case/renew");
  expect(textOf(renewCase("Case x").body)).toBe('{"version":1,"term_months":24}');
});

test("a receipt is believed only in its own form", async () => {
  const receipt = {
    reference: "ab",
    made_at: "2026-11-22T14:05:00Z",
    state: "withdrawn",
    kept: 0,
    kept_to_tell: 0,
    erased: [],
  };
  answerWith(200, JSON.stringify({ version: 1, receipt, note: "text" }));
  expect((await fetchReceipt("Case x")).note).toBe("text");
  answerWith(200, JSON.stringify({ version: 1, receipt: { ...receipt, erased: [{ file_number: 1 }] }, note: "text" }));
  await expect(fetchReceipt("Case x")).rejects.toMatchObject({ code: "answer_unreadable" });
  answerWith(409, JSON.stringify({ code: "nothing_erased", message: "" }));
  await expect(fetchReceipt("Case x")).rejects.toMatchObject({ code: "nothing_erased" });
});

test("what is sent is what was prepared, without cookies, referrer or cache", async () => {
  const answer = answerWith(201, JSON.stringify(VIEW));
  const request = openCase("Case x", { role: "person", is_adult_now: true, was_adult_then: true }, [], false);
  expect(await send(request)).toEqual(VIEW);
  expect(answer).toHaveBeenCalledTimes(1);
  const [path, sent] = answer.mock.calls[0] as [string, RequestInit];
  expect(path).toBe("/api/v1/case");
  expect(sent.body).toBe(request.body);
  expect(sent).toMatchObject({
    credentials: "omit",
    referrerPolicy: "no-referrer",
    cache: "no-store",
    redirect: "error",
  });
  expect(sent.headers).toEqual({ Authorization: "Case x", "Content-Type": "application/json" });
});

describe("what can go wrong", () => {
  test.each([...ERROR_CODES])("%s comes through", async (code) => {
    answerWith(400, JSON.stringify({ code, message: "m", detail: "" }));
    expect(await codeOf()).toBe(code);
  });

  test("a code that this page does not know", async () => {
    answerWith(418, JSON.stringify({ code: "from_the_future", message: "m" }));
    expect(await codeOf()).toBe("unknown");
  });

  test.each([
    [502, "<html>", "unreachable"],
    [429, "slow down", "too_many_attempts"],
    [404, "<html>", "answer_unreadable"],
    [200, "not json", "answer_unreadable"],
    [200, "{}", "answer_unreadable"],
    [200, JSON.stringify({ ...VIEW, state: "paused" }), "answer_unreadable"],
    [200, JSON.stringify({ ...VIEW, fingerprints: [{}] }), "answer_unreadable"],
  ])("status %i with %s is %s", async (status, body, code) => {
    answerWith(status, body);
    expect(await codeOf()).toBe(code);
  });

  test("no connection", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    expect(await codeOf()).toBe("unreachable");
  });
});

test("fields that a newer exchange adds do not break an open page", async () => {
  answerWith(200, JSON.stringify({ ...VIEW, something_new: 1 }));
  expect(await codeOf()).toBe("none");
});
