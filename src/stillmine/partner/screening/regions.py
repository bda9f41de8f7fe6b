# SPDX-License-Identifier: Apache-2.0
"""What asking about the regions of an upload gives, whichever way else it is looked up.

Screening knows these words and nothing of requests. Where regions were not asked about and should have been, that is named with a code:
whoever asks the exchange anyway is not told `no_match` then, and whoever has the list is told beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple, Protocol

from stillmine.partner.fingerprinting.worker_messages import PlacesWanted
from stillmine.partner.ground.errors import RegionsNotAskedError
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.way import Candidate
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Judges, MatchClass, RegionsChoice, Transform

HashPlaces = Callable[[PlacesWanted, float], bytes]
"""Hashes places of a picture of the upload within so many seconds; raises the StillmineError of why it can't."""


class Judged(NamedTuple):
    """What regions say of a match by `pdq`, and how the picture lies in the upload, where they found it."""

    judges: Judges
    transform: Transform | None = None


@dataclass(frozen=True, slots=True)
class RegionsSeen:
    """Fingerprints that the regions found, and what they say of what `pdq` matched, by id.

    `left_out`: codes of why regions were not asked about, where that keeps the upload from being called clear; `note`: such a code where it
    does not. `as_of`: when the exchange answered, None where it did not.
    """

    candidates: list[Candidate] = field(default_factory=list)
    judges: Mapping[bytes, Judged] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    note: str | None = None
    as_of: datetime | None = None
    is_remembered: bool = False
    """It was clear a moment ago, and not asked about again."""
    retry_after_seconds: int | None = None


class AsksRegions(Protocol):
    """Asks about regions. Its methods may be called from several threads."""

    @property
    def choice(self) -> RegionsChoice:
        """Which views are worth to be made of the next upload: none where they can't be asked about."""

    def look(self, made: Made, found: Sequence[Candidate], token: bytes, hash_places: HashPlaces | None) -> RegionsSeen:
        """Ask about the regions of one upload, and whether they agree with what its `pdq` found.

        `hash_places` is None where there is no file.
        """


class NoRegions:
    """Asks about none: for a partner that has the list and no exchange at hand."""

    choice = RegionsChoice.OFF

    def look(self, made: Made, _found: Sequence[Candidate], _token: bytes, _hash_places: HashPlaces | None) -> RegionsSeen:
        """Say that none were asked about."""
        return not_asked(made)


def not_asked(made: Made) -> RegionsSeen:
    """Return that regions were not asked about, which is said of pictures alone."""
    return RegionsSeen(note=RegionsNotAskedError.code if made.has_pictures else None)


def judged(candidate: Candidate, judges: Mapping[bytes, Judged]) -> Candidate:
    """Return a fingerprint that was found by its value as it is after its regions were heard."""
    if candidate.kind is not Kind.PDQ:
        return candidate
    said, transform = judges.get(candidate.id, Judged(Judges.ONE_JUDGE))
    if said is Judges.DISPUTED:
        return replace(candidate, match_class=MatchClass.DISPUTED, judges=said)
    by_others = (Kind.REGIONS,) if said is Judges.AGREED else ()
    return replace(candidate, judges=said, by_others=by_others, transform=transform if by_others else None)
