# SPDX-License-Identifier: Apache-2.0
"""Every error that a person, a partner or an operator can meet, each with a stable code.

One root, one class per code: the code for machines, a sentence that says what to do, and the HTTP
status. Codes never change meaning; docs/errors.md lists them and a test holds that list complete.
A sentence must never repeat what was sent: it could hold a file name, a key or a fingerprint.
"""

from typing import Annotated, ClassVar

import msgspec


class ErrorMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes over the wire when something is refused."""

    code: str
    message: str
    detail: str = ""


class WorkNeeded(ErrorMessage, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The answer to opening a case or adding to one while proof of work is needed; `stillmine.wire.work` says what to do with it."""

    challenge: Annotated[str, msgspec.Meta(max_length=200)]
    parts: Annotated[int, msgspec.Meta(ge=1, le=200)]
    zero_bits: Annotated[int, msgspec.Meta(ge=1, le=24)]


class StillmineError(Exception):
    """Root of all errors; `detail` says where in the message or which limit, never what was sent."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    sentence: ClassVar[str] = "Something went wrong on our side. Nothing was changed. Try again in a minute."
    retry_after_seconds: int | None = None
    """How long to wait before the same is sent again, where that is known."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(f"{self.sentence} ({detail})" if detail else self.sentence)

    def message(self) -> ErrorMessage:
        """Return the wire form."""
        return ErrorMessage(code=self.code, message=self.sentence, detail=self.detail)


class MalformedMessageError(StillmineError):
    code = "malformed_message"
    status = 400
    sentence = "This message can't be read. Send JSON with exactly the fields that the specification names."


class MessageTooLargeError(StillmineError):
    code = "message_too_large"
    status = 413
    sentence = "This message is too large. Send less at once."


class NotFoundError(StillmineError):
    code = "not_found"
    status = 404
    sentence = "There is nothing at this address. Check the path against the documentation."


class MethodNotAllowedError(StillmineError):
    code = "method_not_allowed"
    status = 405
    sentence = "This address exists but does not support this method. Check the documentation."


class FingerprintMalformedError(StillmineError):
    code = "fingerprint_malformed"
    status = 422
    sentence = "This fingerprint is not in the format for its kind. Generate it again from the file; the detail says what is wrong."


class KindNotAcceptedError(StillmineError):
    code = "kind_not_accepted"
    status = 422
    sentence = "This kind of fingerprint is not accepted here yet. Send one of the kinds that the documentation names."


class QualityTooLowError(StillmineError):
    code = "quality_too_low"
    status = 422
    sentence = "This file has too little detail to tell its copies from other files. Leave it out and send the others."


class FlatFingerprintError(StillmineError):
    code = "fingerprint_flat"
    status = 422
    sentence = "One of these fingerprints is a single pattern and would match anything. Leave that file out and send the others."


class TooManyFingerprintsError(StillmineError):
    code = "too_many_fingerprints"
    status = 422
    sentence = "A case holds up to 100 files with 300 fingerprints. Open another case for the rest."


class UnderEighteenError(StillmineError):
    code = "under_18"
    status = 422
    sentence = (
        "Nothing was stored. If the person is or was under 18, other services are made for this, and nobody gets into trouble for "
        "asking: see the page for under-18s."
    )


class CaseKeyMissingError(StillmineError):
    code = "case_key_missing"
    status = 401
    sentence = "This needs a case key. Enter the key you wrote down when the case was opened."


class CaseKeyMalformedError(StillmineError):
    code = "case_key_malformed"
    status = 401
    sentence = "This is not a complete case key. A case key has 20 letters and digits; check it against your copy."


class CaseNotFoundError(StillmineError):
    code = "case_not_found"
    status = 404
    sentence = "No case opens with this key. Check each letter against your copy and try again."


class CaseAlreadyOpenError(StillmineError):
    code = "case_already_open"
    status = 409
    sentence = "A case is already open with this key and holds something else. Show it, or add to it."


class CaseClosedError(StillmineError):
    code = "case_closed"
    status = 409
    sentence = "This case was withdrawn or has expired. Open a new one; the files can be used again."


class NothingErasedError(StillmineError):
    code = "nothing_erased"
    status = 409
    sentence = "Nothing in this case has been erased or asked to be, so there is no receipt. Withdraw a file or the case first."


class FingerprintNotFoundError(StillmineError):
    code = "fingerprint_not_found"
    status = 404
    sentence = "There is no such fingerprint here. Show the case or fetch the feed again and use the ids found there."


class ConflictError(StillmineError):
    code = "conflict"
    status = 409
    sentence = "Something else changed this at the same moment. Nothing was changed. Look again and repeat."


class TooManyAttemptsError(StillmineError):
    code = "too_many_attempts"
    status = 429
    retry_after_seconds = 600
    sentence = "There were too many tries in a short time. Wait ten minutes, then try again; nothing is lost."


class ProofOfWorkNeededError(StillmineError):
    """Carries the challenge to solve."""

    code = "proof_of_work_needed"
    status = 428
    sentence = "A great deal is being sent in right now. Solve the challenge, then send the same again with the proof; nothing is lost."

    def __init__(self, challenge: str, parts: int, zero_bits: int, detail: str = "") -> None:
        self.challenge, self.parts, self.zero_bits = challenge, parts, zero_bits
        super().__init__(detail)

    def message(self) -> WorkNeeded:
        """Return the wire form."""
        return WorkNeeded(
            code=self.code,
            message=self.sentence,
            detail=self.detail,
            challenge=self.challenge,
            parts=self.parts,
            zero_bits=self.zero_bits,
        )


class PartnerKeyMissingError(StillmineError):
    code = "partner_key_missing"
    status = 401
    sentence = "This needs a partner key. Send it as the documentation for partners says."


class PartnerKeyUnknownError(StillmineError):
    code = "partner_key_unknown"
    status = 401
    sentence = "This partner key is not known here. Check that you copied all of it, or ask the exchange for a new one."


class PartnerKeyRevokedError(StillmineError):
    code = "partner_key_revoked"
    status = 403
    sentence = "This partner key was revoked. Stop using it and ask the exchange for a new one."


class FeedCursorInvalidError(StillmineError):
    code = "feed_cursor_invalid"
    status = 400
    sentence = "This feed cursor was not made here or was cut off. Start again without a cursor; nothing is lost."


class FeedCursorForeignError(StillmineError):
    code = "feed_cursor_foreign"
    status = 403
    sentence = "This feed cursor was made for another partner. Start again without a cursor."


class ServiceKeyError(StillmineError):
    code = "service_key_unknown"
    status = 401
    sentence = "This needs the partner service's own key. It is in the file `service.key` in the service's home folder."


class MatchNotFoundError(StillmineError):
    code = "match_not_found"
    status = 404
    sentence = "There is no such match here. Use the match id from the answer to the screen request, or from GET /matches."


class ExchangeUnreachableError(StillmineError):
    code = "exchange_unreachable"
    status = 502
    sentence = "The exchange did not answer. Nothing is lost: check its address and the network if that goes on, and send the same again."


class NotConfiguredError(StillmineError):
    code = "not_configured"
    status = 500
    sentence = "This can't be done as requested or configured. The detail says what is in the way."


class KeysMissingError(NotConfiguredError):
    """The detail says which key and where, for the operator; whoever asks over the network must not get it."""

    code = "keys_missing"
    status = 503
    retry_after_seconds = 300
    sentence = (
        "The exchange can't open what it stores right now, because a key is missing that its operator has to put back. Nothing was "
        "changed. Try again later."
    )
