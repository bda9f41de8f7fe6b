# SPDX-License-Identifier: Apache-2.0
"""Where a store stands and how much it keeps. Never a value."""

from dataclasses import dataclass


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
