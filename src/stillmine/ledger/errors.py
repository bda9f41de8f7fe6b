# SPDX-License-Identifier: Apache-2.0
"""Errors of what claims to be part of a log. Operators and auditors meet them, never a person."""

from stillmine.wire.errors import StillmineError


class LedgerError(StillmineError):
    """Root of this package's errors."""

    code = "ledger_wrong"
    status = 422
    sentence = "This is not a part of a ledger."


class EntryMalformedError(LedgerError):
    code = "ledger_entry_malformed"
    sentence = "This is not a valid ledger entry."


class CheckpointMalformedError(LedgerError):
    code = "ledger_checkpoint_malformed"
    sentence = "This is not a signed checkpoint. Fetch it again and keep it exactly as it is."


class CheckpointSignatureError(LedgerError):
    code = "ledger_signature_wrong"
    sentence = "This checkpoint is not signed by this ledger's key. Keep it, and ask the exchange why."


class PromiseMalformedError(LedgerError):
    code = "ledger_promise_malformed"
    sentence = "This is not a signed promise of the ledger, or a file of promises. Use the file exactly as it was saved."


class PromiseSignatureError(LedgerError):
    code = "ledger_promise_signature_wrong"
    sentence = "This promise is not signed by this ledger's key. Keep it, and ask the exchange why."


class VerifierKeyMalformedError(LedgerError):
    code = "ledger_key_malformed"
    sentence = "This is not a ledger's key. It is written as name+id+key; copy it whole."
