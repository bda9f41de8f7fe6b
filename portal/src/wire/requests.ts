// SPDX-License-Identifier: Apache-2.0
/*
 * The only place that speaks to the exchange.
 *
 * A request is made first, as bytes, so that a page can show exactly those bytes and then send exactly those bytes.
 * No cookie, no referrer and no cached copy goes along. Contract: spec/case.md.
 */

import {
  isCaseLedger,
  isCaseView,
  isErrorMessage,
  isLedgerConsistency,
  isLedgerKey,
  isNamedPartners,
  isSignedReceipt,
  isWorkNeeded,
} from "./check";
import { padded } from "./padding";
import {
  DEFAULT_TERM_MONTHS,
  ERROR_CODES,
  type AddFingerprints,
  type CancelWithdrawal,
  type CaseLedger,
  type CaseView,
  type Fingerprint,
  type LedgerConsistency,
  type LedgerKey,
  type NamedPartners,
  type OpenCase,
  type RenewCase,
  type SetDelay,
  type SignedReceipt,
  type Statement,
  type Withdraw,
  type WorkNeeded,
} from "./types";

/** What can go wrong: the exchange's own codes, and three that only this side can see. */
export type ErrorCode = (typeof ERROR_CODES)[number] | "unreachable" | "answer_unreadable" | "unknown";

export class ExchangeError extends Error {
  constructor(readonly code: ErrorCode) {
    super(code);
  }
}

/** Return the code of whatever was thrown: what is no refusal of ours is `unknown`. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof ExchangeError ? error.code : "unknown";
}

/** The exchange asks for proof of work first; the same request with the proof goes through. */
export class WorkNeededError extends ExchangeError {
  constructor(readonly needed: WorkNeeded) {
    super("proof_of_work_needed");
  }
}

interface AnyRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Null where the answer is anybody's. */
  readonly authorization: string | null;
  /** The exact body; null where there is none. */
  readonly body: Uint8Array<ArrayBuffer> | null;
}

/** A request of a case, whole, before it is sent. */
export interface PreparedRequest extends AnyRequest {
  readonly authorization: string;
}

const CASE_PATH = "/api/v1/case";
const ANSWER_TIME_MILLISECONDS = 30_000;

/** Fields stand in the order of the wire package, so that equal messages are equal bytes on both sides, up to their padding. */
export function openCase(
  authorization: string,
  statement: Statement,
  fingerprints: readonly Fingerprint[],
  delaysWithdrawal: boolean,
): PreparedRequest {
  const { role, is_adult_now, was_adult_then } = statement;
  const message: OpenCase = {
    version: 1,
    statement: { role, is_adult_now, was_adult_then },
    fingerprints: fingerprints.map(inOrder),
    term_months: DEFAULT_TERM_MONTHS,
    delays_withdrawal: delaysWithdrawal,
  };
  return post(CASE_PATH, authorization, message);
}

export function addFingerprints(authorization: string, fingerprints: readonly Fingerprint[]): PreparedRequest {
  const message: AddFingerprints = { version: 1, fingerprints: fingerprints.map(inOrder) };
  return post(`${CASE_PATH}/fingerprints`, authorization, message);
}

/** Withdraw one fingerprint, or the whole case where `fingerprintId` is null. */
export function withdraw(authorization: string, fingerprintId: string | null): PreparedRequest {
  const message: Withdraw = { version: 1, fingerprint_id: fingerprintId };
  return post(`${CASE_PATH}/withdraw`, authorization, message);
}

/** Take back all of the withdrawals that were asked for, or that of one fingerprint. */
export function cancelWithdrawal(authorization: string, fingerprintId: string | null): PreparedRequest {
  const message: CancelWithdrawal = { version: 1, fingerprint_id: fingerprintId };
  return post(`${CASE_PATH}/withdraw/cancel`, authorization, message);
}

/** Switch the delay of withdrawals on, at once, or off, which takes 72 hours. */
export function setDelay(authorization: string, isOn: boolean): PreparedRequest {
  const message: SetDelay = { version: 1, is_on: isOn };
  return post(`${CASE_PATH}/delay`, authorization, message);
}

/** Let a case end as late as it can from now. */
export function renewCase(authorization: string): PreparedRequest {
  const message: RenewCase = { version: 1, term_months: DEFAULT_TERM_MONTHS };
  return post(`${CASE_PATH}/renew`, authorization, message);
}

export function showCase(authorization: string): PreparedRequest {
  return { method: "GET", path: CASE_PATH, authorization, body: null };
}

/** Send a request, with a proof of work where it has one, and return the case; throws ExchangeError, never anything else. */
export async function send(request: PreparedRequest, proof: string | null = null): Promise<CaseView> {
  return ask(request, isCaseView, proof);
}

/** Fetch the receipt of what is erased; throws ExchangeError, never anything else. */
export async function fetchReceipt(authorization: string): Promise<SignedReceipt> {
  return ask({ method: "GET", path: `${CASE_PATH}/receipt`, authorization, body: null }, isSignedReceipt);
}

/** Fetch what the public log says of the case, with proofs; throws ExchangeError, never anything else. */
export async function fetchCaseLedger(authorization: string): Promise<CaseLedger> {
  return ask({ method: "GET", path: `${CASE_PATH}/ledger`, authorization, body: null }, isCaseLedger);
}

/** Fetch the proof that the log of one size continues that of another, without saying whose case asks; throws ExchangeError. */
export async function fetchConsistency(from: number, to: number): Promise<LedgerConsistency> {
  return ask(
    { method: "GET", path: `/api/v1/ledger/consistency?from=${from}&to=${to}`, authorization: null, body: null },
    isLedgerConsistency,
  );
}

/** Fetch the log's key as everybody is given it, without saying whose case asks; throws ExchangeError. */
export async function fetchLedgerKey(): Promise<LedgerKey> {
  return ask({ method: "GET", path: "/api/v1/ledger/key", authorization: null, body: null }, isLedgerKey);
}

/** Fetch the partners that may be named, all of them, without saying who asks or why; throws ExchangeError. */
export async function fetchNamedPartners(): Promise<NamedPartners> {
  return ask({ method: "GET", path: "/api/v1/partners", authorization: null, body: null }, isNamedPartners);
}

async function ask<Answer>(
  request: AnyRequest,
  isAnswer: (value: unknown) => value is Answer,
  proof: string | null = null,
): Promise<Answer> {
  const answer = await reach(request, proof);
  const value = await readJson(answer);
  if (answer.ok && isAnswer(value)) return value;
  if (answer.ok) throw new ExchangeError("answer_unreadable");
  if (isWorkNeeded(value)) throw new WorkNeededError(value);
  throw new ExchangeError(isErrorMessage(value) ? knownCode(value.code, answer.status) : codeOfStatus(answer.status));
}

async function reach(request: AnyRequest, proof: string | null): Promise<Response> {
  const headers: Record<string, string> = {};
  if (request.authorization !== null) headers["Authorization"] = request.authorization;
  if (request.body) headers["Content-Type"] = "application/json";
  if (proof !== null) headers["Proof-Of-Work"] = proof;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ANSWER_TIME_MILLISECONDS);
  try {
    return await fetch(request.path, {
      method: request.method,
      headers,
      body: request.body,
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: controller.signal,
    });
  } catch {
    throw new ExchangeError("unreachable");
  } finally {
    clearTimeout(timer);
  }
}

async function readJson(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    return null;
  }
}

/** What a proxy says for an exchange that is down has words of its own that no page knows. */
function knownCode(code: string, status: number): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? (status >= 500 ? "unreachable" : "unknown");
}

/** An answer without a message comes from something between here and the exchange. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 429) return "too_many_attempts";
  return status >= 500 ? "unreachable" : "answer_unreadable";
}

/** The first file's number and what is not said are left out, as in the wire package. */
function inOrder({ kind, value, quality, file_number = 1, is_synthetic = false }: Fingerprint): Fingerprint {
  return {
    kind,
    value,
    quality,
    ...(file_number === 1 ? {} : { file_number }),
    ...(is_synthetic ? { is_synthetic } : {}),
  };
}

function post(
  path: string,
  authorization: string,
  message: OpenCase | AddFingerprints | Withdraw | CancelWithdrawal | SetDelay | RenewCase,
): PreparedRequest {
  return { method: "POST", path, authorization, body: padded(new TextEncoder().encode(JSON.stringify(message))) };
}
