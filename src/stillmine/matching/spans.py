# SPDX-License-Identifier: Apache-2.0
"""Which seconds of one thing are which seconds of another."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MatchedSpan:
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
    spans: tuple[MatchedSpan, ...]
