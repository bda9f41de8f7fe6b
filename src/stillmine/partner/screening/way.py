# SPDX-License-Identifier: Apache-2.0
"""What looking an upload up gives, whatever the way: in the list that is kept here, or at the exchange.

Screening knows these words and nothing of lists or requests. A way must never call an upload clear that it did not look up whole: what
it could not look up it names with a code.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from stillmine.fingerprint import VARIANTS
from stillmine.fingerprint.picture.query import WHOLE
from stillmine.partner.screening.made import Made
from stillmine.wire.ask_regions import Box
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import FIRST_SOURCE, Action, DistanceBucket, Judges, MatchClass, MatchedSpan, Transform, Undone, Variant

IN_ORDER = tuple(Variant(name) for name in VARIANTS)
"""The wire's words in the order of the eight hashes."""


class Heard(NamedTuple):
    """That the exchange answered: the second by a clock that never goes back, which says what was later, and the moment to show."""

    second: float
    moment: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """One fingerprint that the upload is near.

    `number`, `box`: which picture of the upload's file its `pdq` is of, where regions of that were made, and which part of it.
    `is_listed`: found in the list, so that it is answered only while it is active there. What the exchange itself told says of itself
    whether it is flagged, and whether a computer made or changed the file.
    """

    id: bytes
    kind: Kind
    match_class: MatchClass
    bucket: DistanceBucket | None = None
    variant: Variant | None = None
    undone: tuple[Undone, ...] = ()
    spans: tuple[MatchedSpan, ...] = ()
    is_listed: bool = True
    is_flagged: bool = False
    is_synthetic: bool | None = None
    number: int | None = None
    box: Box = WHOLE
    judges: Judges | None = None
    transform: Transform | None = None
    by_others: tuple[Kind, ...] = ()
    """Kinds that speak for it beside its own."""
    distance_bits: int | None = None
    """Of a `pdq` that was found here. Never told."""
    source: str = FIRST_SOURCE
    action: Action = Action.MATCH
    is_in_own_negative_bank: bool = False

    @property
    def found_by(self) -> tuple[Kind, ...]:
        """The kinds that speak for it, its own first."""
        return (self.kind, *self.by_others)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """Fingerprints near the upload, and the codes of why some of it was not looked up.

    `as_of`: up to when what was withdrawn or added is known, None where nothing is. `retry_after_seconds`: when it is worth to look the
    upload up again, where something was left out and that is known.
    """

    candidates: list[Candidate]
    left_out: list[str]
    as_of: datetime | None
    retry_after_seconds: int | None = None


class Way(Protocol):
    """One way to look uploads up. Its methods may be called from several threads."""

    def require_use(self) -> None:
        """Raise the StillmineError of why nothing can be looked up at all, so that no upload need be read."""

    def as_of(self) -> datetime | None:
        """Return up to when what was withdrawn or added is known, None where nothing is."""

    def look_up(self, made: Made, token: bytes, withdrawn: Collection[bytes] = ()) -> LookedUp:
        """Look up what was made of one upload; `token` is its upload token.

        `withdrawn` are fingerprints that a list held a moment ago and holds no more, which its search may still find.
        """

    def close(self) -> None:
        """Take no more uploads; what is under way is left to end by itself."""


LookAtOnce = Callable[[Made], LookedUp | None]
"""Returns what a way would of one upload, None where anything has to be waited for: may be called where nothing else goes on meanwhile."""


def never_at_once(_made: Made) -> LookedUp | None:
    """Have everything waited for."""
    return None


_CLASSES = (MatchClass.EXACT, MatchClass.NEAR, MatchClass.PART, MatchClass.DISPUTED)
_BUCKETS = (None, *DistanceBucket)


def nearness(candidate: Candidate) -> tuple[int, bool, int]:
    """Return what orders candidates: the same first, then what regions speak for, then the nearest; last what only a reviewer may judge."""
    is_by_values_alone = Kind.REGIONS not in candidate.found_by
    return _CLASSES.index(candidate.match_class), is_by_values_alone, _BUCKETS.index(candidate.bucket)


def span_of(seconds: tuple[float, float] | None) -> tuple[MatchedSpan, ...]:
    """Return when a picture of a moving upload is on screen; a still that is protected has no seconds of its own."""
    if seconds is None:
        return ()
    start, end = seconds
    return (MatchedSpan(round(start, 2), round(end, 2), 0, 0),)
