# SPDX-License-Identifier: Apache-2.0
"""Messages between a person's device and the exchange.

They hold fingerprints and an age statement and have no place for a picture, a file name, a name or an
address. Times are whole minutes or days, UTC. Contract: spec/case.md.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from stillmine.wire.errors import TooManyFingerprintsError, UnderEighteenError
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.fingerprint import FileNumber, Fingerprint, Quality
from stillmine.wire.kinds import Kind
from stillmine.wire.vote import VoteKind, VoteReason

MAXIMUM_FINGERPRINTS_PER_CASE = 300
MAXIMUM_VALUE_BYTES_PER_CASE = 4 * 1024 * 1024
"""All values of a case together, so that a case can still be shown to an old phone in one answer."""

MAXIMUM_CASE_MESSAGE_BYTES = 4 * 1024 * 1024
"""Largest body of the case routes: a case may hold long videos."""

DEFAULT_TERM_MONTHS = 24

WITHDRAWAL_DELAY = timedelta(hours=72)
"""From asking to taking effect where a case delays withdrawals, and from switching the delay off to its end."""

FingerprintId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
TermMonths = Annotated[int, msgspec.Meta(ge=1, le=DEFAULT_TERM_MONTHS)]


class CaseState(StrEnum):
    """`open -> withdrawn | expired`; for 72 hours `expired -> withdrawn | open`."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class FingerprintState(StrEnum):
    """`active <-> suspended`, `active | suspended -> withdrawn`; back only where an operator opens an expired case again."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class DelayState(StrEnum):
    """Whether withdrawals of a case take effect 72 hours after asking: `off -> on -> ending -> off`, `ending -> on`."""

    OFF = "off"
    ON = "on"
    ENDING = "ending"


class SuspensionReason(StrEnum):
    """Why a fingerprint is kept out of matching until an operator decides: spec/intake.md."""

    NEGATIVE_BANK = "negative_bank"
    FOUND_TOO_OFTEN = "found_too_often"
    DOUBTED_BY_PARTNERS = "doubted_by_partners"
    OPERATOR = "operator"


class Role(StrEnum):
    """Who opens the case."""

    PERSON = "person"
    ASKED_BY_PERSON = "asked_by_person"


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the person says of themself; it is checked and never stored."""

    role: Role
    is_adult_now: bool
    was_adult_then: bool


class OpenCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open a case; the key's derived values are in the Authorization header."""

    version: Literal[1]
    statement: Statement
    fingerprints: list[Fingerprint]
    term_months: TermMonths = DEFAULT_TERM_MONTHS
    delays_withdrawal: bool = False

    def __post_init__(self) -> None:
        if not (self.statement.is_adult_now and self.statement.was_adult_then):
            raise UnderEighteenError
        _require_count(self.fingerprints)


class AddFingerprints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Add to an open case; a fingerprint that is already there is not added twice."""

    version: Literal[1]
    fingerprints: list[Fingerprint]

    def __post_init__(self) -> None:
        _require_count(self.fingerprints)


class Withdraw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Withdraw one fingerprint, or the whole case where `fingerprint_id` is null. Repeating it is harmless.

    Where the case delays withdrawals this asks for it, and it takes effect 72 hours later.
    """

    version: Literal[1]
    fingerprint_id: FingerprintId | None = None


class CancelWithdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take back what was asked for and has not taken effect: of one fingerprint, or of all where `fingerprint_id` is null."""

    version: Literal[1]
    fingerprint_id: FingerprintId | None = None


class SetDelay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Switch the delay of withdrawals on, at once, or off, which takes 72 hours. Repeating it changes no date."""

    version: Literal[1]
    is_on: bool


class RenewCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let an open case end this many months from now, or later where it does already."""

    version: Literal[1]
    term_months: TermMonths = DEFAULT_TERM_MONTHS


class PartnerStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one partner did about one fingerprint; null means it has not happened.

    `part_on` is there only while `found_on` is null: something looks like a part of the picture, for somebody to look at, and no copy.
    What an upload brings about is told by its UTC day alone: by the minute, a case of one's own copy would tell who uploads what when.
    """

    partner: str
    given_on: date | None = None
    found_on: date | None = None
    part_on: date | None = None
    removed_on: date | None = None
    not_removed_on: date | None = None
    not_removed_reason: NotRemovedReason | None = None
    vote: VoteKind | None = None
    vote_reason: VoteReason | None = None
    voted_on: date | None = None
    withdrawal_confirmed_at: datetime | None = None


class CaseFingerprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fingerprint of a case; `value` and `quality` are null once withdrawn, because they are erased.

    `suspended_for` is there only while it is suspended, `withdrawal_due_at` only while a withdrawal is asked for and has not taken effect.
    `erased_by` is there while the value of an expired case is kept: until then the end can be undone; `erased_at` once it is erased.
    """

    id: FingerprintId
    kind: Kind
    file_number: FileNumber
    state: FingerprintState
    value: str | None
    quality: Quality | None
    added_at: datetime
    withdrawn_at: datetime | None
    partners: list[PartnerStatus]
    suspended_for: SuspensionReason | None = None
    is_synthetic: bool = False
    erased_at: datetime | None = None
    erased_by: datetime | None = None
    withdrawal_asked_at: datetime | None = None
    withdrawal_due_at: datetime | None = None


class CaseView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that the exchange knows of a case; `delay_ends_at` is there only while the delay is ending."""

    state: CaseState
    opened_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None
    fingerprints: list[CaseFingerprint]
    delay: DelayState = DelayState.OFF
    delay_ends_at: datetime | None = None


def _require_count(fingerprints: list[Fingerprint]) -> None:
    if not 1 <= len(fingerprints) <= MAXIMUM_FINGERPRINTS_PER_CASE:
        raise TooManyFingerprintsError(f"1 to {MAXIMUM_FINGERPRINTS_PER_CASE} at once")
    for fingerprint in fingerprints:
        fingerprint.require_quality()
