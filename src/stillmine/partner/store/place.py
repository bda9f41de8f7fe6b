# SPDX-License-Identifier: Apache-2.0
"""Where a store stands, how much it keeps, and what a page of the feed brings and changes."""

from collections.abc import Sequence
from dataclasses import dataclass

from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind


@dataclass(frozen=True, slots=True)
class Place:
    """Where the store stands in its feed; `synced_at` is Unix seconds. No cursor, not acknowledged: erased, and the exchange not told."""

    cursor: str | None
    is_acknowledged: bool
    synced_at: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is kept."""

    fingerprints: int
    waiting_feedback: int


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry of a feed page, checked: `value`, in the store's form of its kind, is there exactly while the state is active."""

    id: bytes
    kind: Kind
    state: FingerprintState
    value: bytes | None
    quality: int | None
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class PageChanges:
    """What a page changed: `active` as (id, kind, value) to search from now on, `erased` ids to search no longer.

    `added` counts those of `active` that were not active before; `flagged` are those that an operator was asked to look at.
    """

    active: list[tuple[bytes, Kind, bytes]]
    erased: list[bytes]
    added: int
    flagged: Sequence[bytes] = ()
