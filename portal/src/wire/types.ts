// SPDX-License-Identifier: Apache-2.0
// Made by tools/wire_types.py from stillmine.wire; change it there and run the tool.

/** Open a case; the key's derived values are in the Authorization header. */
export interface OpenCase {
  readonly version: 1;
  readonly statement: Statement;
  readonly fingerprints: readonly Fingerprint[];
  readonly term_months?: number;
  readonly delays_withdrawal?: boolean;
}

/** What the person says of themself; it is checked and never stored. */
export interface Statement {
  readonly role: Role;
  readonly is_adult_now: boolean;
  readonly was_adult_then: boolean;
}

/** Who opens the case. */
export type Role = "asked_by_person" | "person";

/** One fingerprint; the form of `value` is its kind's. Fingerprints of one file have the same `file_number`.

    `is_synthetic`: whoever sends it says that the file was made or changed by a computer. */
export interface Fingerprint {
  readonly kind: Kind;
  readonly value: string;
  readonly quality: number;
  readonly file_number?: number;
  readonly is_synthetic?: boolean;
}

/** What a fingerprint was made of. */
export type Kind = "chromaprint" | "md5" | "pdq" | "regions" | "sha256" | "vpdq";

/** Add to an open case; a fingerprint that is already there is not added twice. */
export interface AddFingerprints {
  readonly version: 1;
  readonly fingerprints: readonly Fingerprint[];
}

/** Withdraw one fingerprint, or the whole case where `fingerprint_id` is null. Repeating it is harmless.

    Where the case delays withdrawals this asks for it, and it takes effect 72 hours later. */
export interface Withdraw {
  readonly version: 1;
  readonly fingerprint_id?: string | null;
}

/** Take back what was asked for and has not taken effect: of one fingerprint, or of all where `fingerprint_id` is null. */
export interface CancelWithdrawal {
  readonly version: 1;
  readonly fingerprint_id?: string | null;
}

/** Switch the delay of withdrawals on, at once, or off, which takes 72 hours. Repeating it changes no date. */
export interface SetDelay {
  readonly version: 1;
  readonly is_on: boolean;
}

/** Let an open case end this many months from now, or later where it does already. */
export interface RenewCase {
  readonly version: 1;
  readonly term_months?: number;
}

/** All that the exchange knows of a case; `delay_ends_at` is there only while the delay is ending. */
export interface CaseView {
  readonly state: CaseState;
  readonly opened_at: string;
  readonly expires_at: string;
  readonly withdrawn_at: string | null;
  readonly fingerprints: readonly CaseFingerprint[];
  readonly delay?: DelayState;
  readonly delay_ends_at?: string | null;
}

/** `open -> withdrawn | expired`; for 72 hours `expired -> withdrawn | open`. */
export type CaseState = "expired" | "open" | "withdrawn";

/** One fingerprint of a case; `value` and `quality` are null once withdrawn, because they are erased.

    `suspended_for` is there only while it is suspended, `withdrawal_due_at` only while a withdrawal is asked for and has not taken effect.
    `erased_by` is there while the value of an expired case is kept: until then the end can be undone; `erased_at` once it is erased. */
export interface CaseFingerprint {
  readonly id: string;
  readonly kind: Kind;
  readonly file_number: number;
  readonly state: FingerprintState;
  readonly value: string | null;
  readonly quality: number | null;
  readonly added_at: string;
  readonly withdrawn_at: string | null;
  readonly partners: readonly PartnerStatus[];
  readonly suspended_for?: SuspensionReason | null;
  readonly is_synthetic?: boolean;
  readonly erased_at?: string | null;
  readonly erased_by?: string | null;
  readonly withdrawal_asked_at?: string | null;
  readonly withdrawal_due_at?: string | null;
}

/** `active <-> suspended`, `active | suspended -> withdrawn`; back only where an operator opens an expired case again. */
export type FingerprintState = "active" | "suspended" | "withdrawn";

/** What one partner did about one fingerprint; null means it has not happened.

    `part_on` is there only while `found_on` is null: something looks like a part of the picture, for somebody to look at, and no copy.
    What an upload brings about is told by its UTC day alone: by the minute, a case of one's own copy would tell who uploads what when. */
export interface PartnerStatus {
  readonly partner: string;
  readonly given_on?: string | null;
  readonly found_on?: string | null;
  readonly part_on?: string | null;
  readonly removed_on?: string | null;
  readonly not_removed_on?: string | null;
  readonly not_removed_reason?: NotRemovedReason | null;
  readonly vote?: VoteKind | null;
  readonly vote_reason?: VoteReason | null;
  readonly voted_on?: string | null;
  readonly withdrawal_confirmed_at?: string | null;
}

/** Why a copy stays up. */
export type NotRemovedReason = "already_gone" | "not_against_rules" | "not_intimate" | "not_the_same";

/** Which way a partner votes. */
export type VoteKind = "agree" | "disagree";

/** Why a partner disagrees. */
export type VoteReason = "lawful_publication" | "not_against_rules" | "not_intimate" | "not_the_same";

/** Why a fingerprint is kept out of matching until an operator decides: spec/intake.md. */
export type SuspensionReason = "doubted_by_partners" | "found_too_often" | "negative_bank" | "operator";

/** Whether withdrawals of a case take effect 72 hours after asking: `off -> on -> ending -> off`, `ending -> on`. */
export type DelayState = "ending" | "off" | "on";

/** A receipt for the page, and `note`: its signed text, which is what the person keeps. */
export interface SignedReceipt {
  readonly version: 1;
  readonly receipt: Receipt;
  readonly note: string;
}

/** All that was erased of a case so far, what is asked for and has not taken effect, and what is kept after its term ended:
    `kept_after_end` fingerprints, not looked for.

    `kept_to_tell` counts erased fingerprints whose value the exchange still has for one purpose: to tell partners that know
    fingerprints by value only. Such a partner has the value already; it is kept until told, and never longer than 30 days. */
export interface Receipt {
  readonly reference: string;
  readonly made_at: string;
  readonly state: CaseState;
  readonly kept: number;
  readonly kept_to_tell: number;
  readonly erased: readonly ErasedPart[];
  readonly ended?: readonly EndedPart[];
  readonly kept_after_end?: number;
  readonly asked?: readonly AskedPart[];
}

/** What was erased of one file in one minute: its kinds, and the partners that had any of it.

    `asked_at` is there where the case delayed its withdrawal. `unreadable_by` is by when logs, replicas, copies and backups of the
    exchange's database can't be opened any more either, and `is_unreadable` whether they can't already. */
export interface ErasedPart {
  readonly file_number: number;
  readonly kinds: readonly Kind[];
  readonly erased_at: string;
  readonly unreadable_by: string;
  readonly is_unreadable: boolean;
  readonly partners: readonly ReceiptPartner[];
  readonly asked_at?: string | null;
}

/** A partner that had some of it; `confirmed_at` is null until it has confirmed all that it had. */
export interface ReceiptPartner {
  readonly partner: string;
  readonly given_on: string;
  readonly confirmed_at: string | null;
}

/** What is not looked for any more because the case's term ended, and is kept until `erased_by` so that a mistake can be undone. */
export interface EndedPart {
  readonly file_number: number;
  readonly kinds: readonly Kind[];
  readonly ended_at: string;
  readonly erased_by: string;
  readonly partners: readonly ReceiptPartner[];
}

/** What the person asked in one minute to have erased of one file, and when that takes effect unless it is cancelled. */
export interface AskedPart {
  readonly file_number: number;
  readonly kinds: readonly Kind[];
  readonly asked_at: string;
  readonly due_at: string;
}

/** What the log says of one case, each list in the order of recording; each path leads to the root of this `checkpoint`. */
export interface CaseLedger {
  readonly version: 1;
  readonly key: string;
  readonly checkpoint: string;
  readonly entries: readonly LedgerEntry[];
  readonly promised: readonly LedgerPromised[];
}

/** One entry: its exact text, its place in the log, and the path from its hash to the checkpoint's root. */
export interface LedgerEntry {
  readonly text: string;
  readonly place: number;
  readonly path: readonly string[];
  readonly items: readonly LedgerItem[];
}

/** One fingerprint of the case that an entry names: its place among the entry's items, and the path to their root. */
export interface LedgerItem {
  readonly fingerprint_id: string;
  readonly place: number;
  readonly path: readonly string[];
}

/** One entry that is recorded and not published yet: its exact text, and the signed promise of when it will be at the latest. */
export interface LedgerPromised {
  readonly text: string;
  readonly promise: string;
  readonly items: readonly LedgerItem[];
}

/** The proof that the log of `to_size` entries begins with the log of `from_size`. */
export interface LedgerConsistency {
  readonly version: 1;
  readonly from_size: number;
  readonly to_size: number;
  readonly proof: readonly string[];
}

/** The key that checks checkpoints, as `<name>+<key id>+<base64>`. */
export interface LedgerKey {
  readonly version: 1;
  readonly key: string;
}

/** All of one exchange that may be named, by name. */
export interface NamedPartners {
  readonly version: 1;
  readonly partners: readonly NamedPartner[];
}

/** `since`: the day from which it is named. `is_connected`: a key of it opened something today or on the seven days before. */
export interface NamedPartner {
  readonly name: string;
  readonly sites: readonly string[];
  readonly way: "ask" | "list";
  readonly since: string;
  readonly is_connected: boolean;
}

/** What goes over the wire when something is refused. */
export interface ErrorMessage {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
}

/** The answer to opening a case or adding to one while proof of work is needed; `stillmine.wire.work` says what to do with it. */
export interface WorkNeeded {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly challenge: string;
  readonly parts: number;
  readonly zero_bits: number;
}

/** Every error code that a person's device can meet. */
export const ERROR_CODES = [
  "internal_error",
  "malformed_message",
  "message_too_large",
  "not_found",
  "method_not_allowed",
  "fingerprint_malformed",
  "kind_not_accepted",
  "quality_too_low",
  "fingerprint_flat",
  "too_many_fingerprints",
  "under_18",
  "case_key_missing",
  "case_key_malformed",
  "case_not_found",
  "case_already_open",
  "case_closed",
  "nothing_erased",
  "fingerprint_not_found",
  "conflict",
  "too_many_attempts",
  "proof_of_work_needed",
  "keys_missing",
] as const;

export const MAXIMUM_FINGERPRINTS_PER_CASE = 300;
export const MAXIMUM_FILES_PER_CASE = 100;
export const MAXIMUM_VALUE_BYTES_PER_CASE = 4194304;
export const MAXIMUM_CASE_MESSAGE_BYTES = 4194304;
export const MINIMUM_QUALITY = 50;
export const MINIMUM_ASKED_QUALITY = 30;
export const FULL_QUALITY = 100;
export const MAXIMUM_DISTANCE_BITS = 31;
export const DEFAULT_TERM_MONTHS = 24;

/** Shapes of what is read, for the check at run time; see check.ts. */
export const SHAPES = {
  Kind: {"enum": ["chromaprint", "md5", "pdq", "regions", "sha256", "vpdq"]},
  CaseView: {"type": "object", "required": ["state", "opened_at", "expires_at", "withdrawn_at", "fingerprints"], "properties": {"state": {"$ref": "CaseState"}, "opened_at": {"type": "string"}, "expires_at": {"type": "string"}, "withdrawn_at": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "fingerprints": {"type": "array", "items": {"$ref": "CaseFingerprint"}}, "delay": {"$ref": "DelayState"}, "delay_ends_at": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
  CaseState: {"enum": ["expired", "open", "withdrawn"]},
  CaseFingerprint: {"type": "object", "required": ["id", "kind", "file_number", "state", "value", "quality", "added_at", "withdrawn_at", "partners"], "properties": {"id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "kind": {"$ref": "Kind"}, "file_number": {"type": "integer", "minimum": 1, "maximum": 100}, "state": {"$ref": "FingerprintState"}, "value": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "quality": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 100}, {"type": "null"}]}, "added_at": {"type": "string"}, "withdrawn_at": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "partners": {"type": "array", "items": {"$ref": "PartnerStatus"}}, "suspended_for": {"anyOf": [{"$ref": "SuspensionReason"}, {"type": "null"}]}, "is_synthetic": {"type": "boolean"}, "erased_at": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "erased_by": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "withdrawal_asked_at": {"anyOf": [{"type": "string"}, {"type": "null"}]}, "withdrawal_due_at": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
  FingerprintState: {"enum": ["active", "suspended", "withdrawn"]},
  PartnerStatus: {"type": "object", "required": ["partner"], "properties": {"partner": {"type": "string"}, "given_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "found_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "part_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "removed_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "not_removed_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "not_removed_reason": {"anyOf": [{"$ref": "NotRemovedReason"}, {"type": "null"}]}, "vote": {"anyOf": [{"$ref": "VoteKind"}, {"type": "null"}]}, "vote_reason": {"anyOf": [{"$ref": "VoteReason"}, {"type": "null"}]}, "voted_on": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "withdrawal_confirmed_at": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
  NotRemovedReason: {"enum": ["already_gone", "not_against_rules", "not_intimate", "not_the_same"]},
  VoteKind: {"enum": ["agree", "disagree"]},
  VoteReason: {"enum": ["lawful_publication", "not_against_rules", "not_intimate", "not_the_same"]},
  SuspensionReason: {"enum": ["doubted_by_partners", "found_too_often", "negative_bank", "operator"]},
  DelayState: {"enum": ["ending", "off", "on"]},
  SignedReceipt: {"type": "object", "required": ["version", "receipt", "note"], "properties": {"version": {"enum": [1]}, "receipt": {"$ref": "Receipt"}, "note": {"type": "string"}}},
  Receipt: {"type": "object", "required": ["reference", "made_at", "state", "kept", "kept_to_tell", "erased"], "properties": {"reference": {"type": "string"}, "made_at": {"type": "string"}, "state": {"$ref": "CaseState"}, "kept": {"type": "integer"}, "kept_to_tell": {"type": "integer"}, "erased": {"type": "array", "items": {"$ref": "ErasedPart"}}, "ended": {"type": "array", "items": {"$ref": "EndedPart"}}, "kept_after_end": {"type": "integer"}, "asked": {"type": "array", "items": {"$ref": "AskedPart"}}}},
  ErasedPart: {"type": "object", "required": ["file_number", "kinds", "erased_at", "unreadable_by", "is_unreadable", "partners"], "properties": {"file_number": {"type": "integer", "minimum": 1, "maximum": 100}, "kinds": {"type": "array", "items": {"$ref": "Kind"}}, "erased_at": {"type": "string"}, "unreadable_by": {"type": "string"}, "is_unreadable": {"type": "boolean"}, "partners": {"type": "array", "items": {"$ref": "ReceiptPartner"}}, "asked_at": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
  ReceiptPartner: {"type": "object", "required": ["partner", "given_on", "confirmed_at"], "properties": {"partner": {"type": "string"}, "given_on": {"type": "string", "format": "date"}, "confirmed_at": {"anyOf": [{"type": "string"}, {"type": "null"}]}}},
  EndedPart: {"type": "object", "required": ["file_number", "kinds", "ended_at", "erased_by", "partners"], "properties": {"file_number": {"type": "integer", "minimum": 1, "maximum": 100}, "kinds": {"type": "array", "items": {"$ref": "Kind"}}, "ended_at": {"type": "string"}, "erased_by": {"type": "string"}, "partners": {"type": "array", "items": {"$ref": "ReceiptPartner"}}}},
  AskedPart: {"type": "object", "required": ["file_number", "kinds", "asked_at", "due_at"], "properties": {"file_number": {"type": "integer", "minimum": 1, "maximum": 100}, "kinds": {"type": "array", "items": {"$ref": "Kind"}}, "asked_at": {"type": "string"}, "due_at": {"type": "string"}}},
  CaseLedger: {"type": "object", "required": ["version", "key", "checkpoint", "entries", "promised"], "properties": {"version": {"enum": [1]}, "key": {"type": "string"}, "checkpoint": {"type": "string"}, "entries": {"type": "array", "items": {"$ref": "LedgerEntry"}}, "promised": {"type": "array", "items": {"$ref": "LedgerPromised"}}}},
  LedgerEntry: {"type": "object", "required": ["text", "place", "path", "items"], "properties": {"text": {"type": "string"}, "place": {"type": "integer", "minimum": 0, "maximum": 1000000000000000}, "path": {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}, "items": {"type": "array", "items": {"$ref": "LedgerItem"}}}},
  LedgerItem: {"type": "object", "required": ["fingerprint_id", "place", "path"], "properties": {"fingerprint_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}, "place": {"type": "integer", "minimum": 0, "maximum": 1000000000000000}, "path": {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}}},
  LedgerPromised: {"type": "object", "required": ["text", "promise", "items"], "properties": {"text": {"type": "string"}, "promise": {"type": "string"}, "items": {"type": "array", "items": {"$ref": "LedgerItem"}}}},
  LedgerConsistency: {"type": "object", "required": ["version", "from_size", "to_size", "proof"], "properties": {"version": {"enum": [1]}, "from_size": {"type": "integer", "minimum": 0, "maximum": 1000000000000000}, "to_size": {"type": "integer", "minimum": 0, "maximum": 1000000000000000}, "proof": {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}}},
  LedgerKey: {"type": "object", "required": ["version", "key"], "properties": {"version": {"enum": [1]}, "key": {"type": "string"}}},
  NamedPartners: {"type": "object", "required": ["version", "partners"], "properties": {"version": {"enum": [1]}, "partners": {"type": "array", "items": {"$ref": "NamedPartner"}}}},
  NamedPartner: {"type": "object", "required": ["name", "sites", "way", "since", "is_connected"], "properties": {"name": {"type": "string"}, "sites": {"type": "array", "items": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"}}, "way": {"enum": ["ask", "list"]}, "since": {"type": "string", "format": "date"}, "is_connected": {"type": "boolean"}}},
  ErrorMessage: {"type": "object", "required": ["code", "message"], "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "detail": {"type": "string"}}},
  WorkNeeded: {"type": "object", "required": ["code", "message", "challenge", "parts", "zero_bits"], "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "detail": {"type": "string"}, "challenge": {"type": "string"}, "parts": {"type": "integer", "minimum": 1, "maximum": 200}, "zero_bits": {"type": "integer", "minimum": 1, "maximum": 24}}},
} as const;
