# SPDX-License-Identifier: Apache-2.0
"""What the instances of one partner say to each other. Contract: spec/instances.md.

Only processes of one partner speak these, and one changes with all the others; so they are here, not in `wire`. Bytes travel as base64.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from stillmine.partner.store.matches import FoundUpload
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, WayName

INSTANCES_VERSION = 1
"""Of these messages; another one is refused."""

LEASE_SECONDS = 60.0
"""So long a follower answers after it sent the last step that was answered."""

FORGOTTEN_SECONDS = 65.0
"""So long the leader waits for one that is silent: longer by what two clocks may differ in that time."""

POLL_SECONDS = 5.0
"""A step where nothing changed is answered after so long."""

MAXIMUM_NOTES = 4096
"""Uploads of one step that matched nothing."""

MAXIMUM_STEP_BYTES = 256 * 1024
MAXIMUM_HANDED_BYTES = 4 * 1024 * 1024
"""Of remembered uploads: a full file of them and the largest upload, as base64."""

MAXIMUM_RECORD_BYTES = 16 * 1024 * 1024
MAXIMUM_ANSWER_BYTES = 64 * 1024 * 1024
"""Of a step: one page of the feed, or one block of a snapshot, and more."""

InstanceName = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Position = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\.[0-9]{1,9}$")]
OneId = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


class Versioned(msgspec.Struct, frozen=True):
    """What every message of a follower says first, read by itself so that another version is refused as such."""

    version: int


class Join(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A follower wants to know what it needs to answer."""

    version: int


class Welcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The exchange of this partner, and the keys of its service, which its followers keep in memory."""

    version: int
    exchange_url: str
    service_key: str
    upload_token_key: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a follower stands, None before it has the list; `notes` are uploads, looked up whole, that match nothing.

    `waiting`: how many uploads it has yet to hand over to be remembered.
    """

    version: int
    instance: InstanceName
    position: Position | None
    wait_seconds: Annotated[float, msgspec.Meta(ge=0, le=POLL_SECONDS)]
    notes: Annotated[list[OneId], msgspec.Meta(max_length=MAXIMUM_NOTES)] = []
    waiting: Annotated[int, msgspec.Meta(ge=0)] = 0


class ListedFingerprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """One active fingerprint, its value in compact form."""

    id: OneId
    kind: Kind
    value: bytes


class ListChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one page changed; `flagged` are those of `active` that an operator was asked to look at."""

    active: list[ListedFingerprint]
    erased: list[OneId]
    flagged: list[OneId]


class LeaderStanding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How uploads are looked up: the way in use, and the codes of what is wanted and can't be used.

    `waiting_key`: what uploads that are to be remembered are sealed under until they are handed over, null where none are.
    """

    synced_at: datetime | None
    is_list_too_old: bool
    way: WayName | None
    refused: list[str]
    waiting_key: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)] | None = None


class StepAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`is_in_step`: with these changes the list is the one at `position`; else the list has to be fetched whole.

    `has_more`: more had changed than fits into a message, so the list is not yet the one of `standing.synced_at`.
    """

    version: int
    is_in_step: bool
    position: Position
    changes: list[ListChange]
    standing: LeaderStanding
    has_more: bool = False


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an upload matched, in Unix minute `minute`."""

    version: int
    upload: FoundUpload
    minute: int


class RecordedMatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """A match that counts, with what is known of it now."""

    match_id: OneId
    is_flagged: bool
    decision: Decision | None


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Those of an upload's matches that count, in their order."""

    version: int
    matches: list[RecordedMatch]


class HandOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Uploads that the leader is to remember: one of the follower's files as it is, and the Unix second of its clock."""

    version: int
    second: int
    uploads: bytes


class TakenOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many of them the leader remembers now, and how many can't be remembered by anybody."""

    version: int
    remembered: int
    not_remembered: int


class Leave(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A follower answers nothing more."""

    version: int
    instance: InstanceName
