# SPDX-License-Identifier: Apache-2.0
"""What a search over fingerprints returns. It never holds a fingerprint."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Near:
    """One fingerprint near the query; `variant` is the position of the query that was nearest."""

    id: bytes
    distance_bits: int
    variant: int = 0


@dataclass(frozen=True, slots=True)
class AlignedSpan:
    """From `query_start` to `query_end` the query is what the stored one is from `stored_start` to `stored_end`; in seconds."""

    query_start: float
    query_end: float
    stored_start: float
    stored_end: float


@dataclass(frozen=True, slots=True)
class TimedMatch:
    """A stored video or sound that the query is a copy of, or holds a copy of, or was cut from."""

    id: bytes
    is_exact: bool
    spans: tuple[AlignedSpan, ...]


class Candidate(NamedTuple):
    """One fingerprint of any kind that matches; `distance_bits` is None where none is measured, as of videos and sounds."""

    id: bytes
    distance_bits: int | None
