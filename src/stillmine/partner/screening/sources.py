# SPDX-License-Identifier: Apache-2.0
"""Where uploads are looked up: one source or several, each with its own way, kinds, threshold, action and share of uploads.

A source that is away must cost no answer that another gives, and nothing may be called clear that a source did not look up. A dry run
changes no answer. Contract: spec/sources.md.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol, assert_never

from stillmine.partner.fingerprinting.worker_messages import Digest, Picture, Sound
from stillmine.partner.ground.errors import OutsideShareError
from stillmine.partner.screening.made import Film, LookedUpForm, Made
from stillmine.partner.screening.regions import AsksRegions, HashPlaces, NoRegions, RegionsSeen, judged, not_asked
from stillmine.partner.screening.upload_tokens import UploadIdentity, UploadTokens
from stillmine.partner.screening.way import Candidate, LookAtOnce, LookedUp, Way, never_at_once
from stillmine.partner.store.reports import NOT_REPORTED
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import KindNotAcceptedError, StillmineError
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, Kind
from stillmine.wire.screen import FIRST_SOURCE, Action, RegionsChoice, SourceLeftOut

log = logging.getLogger("stillmine.partner")

NOT_LOOKED_UP = (OutsideShareError.code, KindNotAcceptedError.code)
"""Why an upload does not take part in a source, as its operator wants it."""

_VIEWS = (RegionsChoice.OFF, RegionsChoice.SMALL, RegionsChoice.ALL)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the platform wants of one source; `kinds` None: all. `share` is 0 to 1 of all uploads."""

    name: str = FIRST_SOURCE
    action: Action = Action.MATCH
    kinds: frozenset[Kind] | None = None
    threshold_bits: int = MAXIMUM_DISTANCE_BITS
    share: float = 1.0
    is_told: bool = True
    """Whether anybody is told of its matches."""

    @property
    def is_needed(self) -> bool:
        """Whether an upload is clear only if this source says so."""
        return self.action in (Action.MATCH, Action.REVIEW)

    def part_of(self, made: Made) -> Made:
        """Return what of an upload is looked up here."""
        if self.kinds is None:
            return made
        kinds = self.kinds
        fingerprints = [one for one in made.fingerprints if not kinds.isdisjoint(_kinds_of(one))]
        return replace(made, fingerprints=fingerprints, regions=made.regions if Kind.REGIONS in kinds else None)

    def counts(self, found: Candidate) -> bool:
        """Return whether a match counts here."""
        is_near_enough = found.distance_bits is None or found.distance_bits <= self.threshold_bits
        return is_near_enough and (self.kinds is None or found.kind in self.kinds)


def _no_values(_ids: Sequence[bytes]) -> Mapping[bytes, bytes]:
    return {}


@dataclass(frozen=True, slots=True)
class Source:
    """One place where uploads are looked up. `regions` is None where it knows none.

    `values_of` returns the values of its `pdq` fingerprints by id, where they are kept here. `at_once` returns what `way` would.
    """

    policy: Policy
    way: Way
    regions: AsksRegions | None = None
    values_of: Callable[[Sequence[bytes]], Mapping[bytes, bytes]] = _no_values
    at_once: LookAtOnce = never_at_once


class OwnNegativeBank(Protocol):
    """What the platform says is no such thing. Its methods may be called from several threads."""

    def holds_file(self, digests: Sequence[Digest]) -> bool:
        """Return whether it holds the very file that these are digests of."""

    def holds_picture(self, value: bytes) -> bool:
        """Return whether it holds a picture near this one, in whatever orientation."""


@dataclass(frozen=True, slots=True)
class Found:
    """Fingerprints near the upload, and the codes of why some of it was not compared.

    `dry`: what sources of a dry run have found. `regions_left_out`: the code of why regions were not asked about, where that leaves an
    upload clear.
    """

    candidates: list[Candidate] = field(default_factory=list)
    dry: list[Candidate] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    sources_left_out: list[SourceLeftOut] = field(default_factory=list)
    as_of: datetime | None = None
    retry_after_seconds: int | None = None
    regions_left_out: str | None = None


class Sources:
    """All sources of one service. Safe to use from several threads."""

    def __init__(self, sources: Sequence[Source], negative_bank: OwnNegativeBank | None = None) -> None:
        """At least one of the sources is needed."""
        self._sources = tuple(sources)
        self._negative_bank = negative_bank
        self._log = SparingLog(log)
        self._lock = threading.Lock()
        self._dry: Counter[str] = Counter()

    @property
    def choice(self) -> RegionsChoice:
        """Which views of pictures are worth to be made: what any source wants."""
        wanted = (source.regions.choice for source in self._sources if source.regions is not None)
        return max(wanted, key=_VIEWS.index, default=RegionsChoice.OFF)

    def close(self) -> None:
        """Take no more uploads; what is under way is left to end by itself."""
        for source in self._sources:
            source.way.close()

    def require_use(self) -> None:
        """Raise the error of why nothing can be looked up at all, so that no upload need be read."""
        errors = []
        for source in self._sources:
            if source.policy.is_needed:
                try:
                    source.way.require_use()
                except StillmineError as error:
                    errors.append(error)
                else:
                    return
        raise errors[0]

    def as_of(self) -> datetime | None:
        """Return up to when what was withdrawn or added is known in every source that is needed."""
        moments = [source.way.as_of() for source in self._sources if source.policy.is_needed]
        return min((moment for moment in moments if moment is not None), default=None) if None not in moments else None

    def look_up(
        self,
        made: Made,
        identity: UploadIdentity,
        tokens: UploadTokens,
        withdrawn: Collection[bytes] = (),
        hash_places: HashPlaces | None = None,
    ) -> Found:
        """Look up what was made of one upload in every source that it takes part in."""
        found = Found()
        for source in self._sources:
            found = _together(
                found, self._looked_up(source, made, identity=identity, tokens=tokens, withdrawn=withdrawn, hash_places=hash_places)
            )
        not_wanted = [one.code for one in found.sources_left_out if one.code in NOT_LOOKED_UP]
        if len(not_wanted) == sum(source.policy.is_needed for source in self._sources):
            found = replace(found, left_out=[*found.left_out, *not_wanted])
        return replace(found, candidates=self._lowered(made, found.candidates))

    def look_up_at_once(self, made: Made) -> Found | None:
        """Return what `look_up` would of what has no file, None where there are several sources or anything has to be waited for."""
        source, policy = self._sources[0], self._sources[0].policy
        if len(self._sources) > 1 or policy.kinds is not None or policy.share < 1 or not policy.is_needed:
            return None
        looked_up = source.at_once(made)
        if looked_up is None:
            return None
        return _of_source(policy, looked_up, RegionsSeen() if source.regions is None else not_asked(made), is_regions_alone=made.is_empty)

    def tokens_at(self, identity: UploadIdentity, tokens: UploadTokens) -> dict[str, bytes]:
        """Return under which token each source is told of an upload."""
        policies = [source.policy for source in self._sources]
        return {one.name: tokens.at_source(identity, one.name) if one.is_told else NOT_REPORTED for one in policies}

    def count_dry(self, found: Found) -> None:
        """Count and log what sources of a dry run found of one upload, with nothing of the upload."""
        nearest = {candidate.source: candidate for candidate in reversed(found.dry)}
        with self._lock:
            self._dry.update(nearest.keys())
        for candidate in nearest.values():
            log.info("dry run: %s would have matched an upload: %s, %s", candidate.source, candidate.kind, candidate.match_class)

    def would_have_matched(self, name: str) -> int:
        """Return how many uploads a source of a dry run matched."""
        with self._lock:
            return self._dry[name]

    def _looked_up(
        self,
        source: Source,
        made: Made,
        *,
        identity: UploadIdentity,
        tokens: UploadTokens,
        withdrawn: Collection[bytes],
        hash_places: HashPlaces | None,
    ) -> Found:
        policy, part = source.policy, source.policy.part_of(made)
        if policy.share < 1 and tokens.place_of(made.upload, policy.name) >= policy.share:
            return _not_wanted(policy, OutsideShareError.code)
        if part.is_empty and not part.regions and not made.is_empty:
            return _not_wanted(policy, KindNotAcceptedError.code)
        token = tokens.at_source(identity, policy.name)
        try:
            looked_up = source.way.look_up(part, token, withdrawn)
            regions = source.regions
            seen = RegionsSeen() if regions is None else regions.look(part, looked_up.candidates, token, hash_places)
        except BusyError:
            raise  # the service stops
        except StillmineError as error:
            return _not_found(policy, error.code, error.retry_after_seconds)
        except Exception as error:
            # No traceback and no message: they can hold parts of the upload.
            self._log.say(f"looking up at {policy.name} failed: {type(error).__name__}")
            return _not_found(policy, StillmineError.code, None)
        return _of_source(policy, looked_up, seen, is_regions_alone=part.is_empty)

    def _lowered(self, made: Made, candidates: list[Candidate]) -> list[Candidate]:
        """Leave to a reviewer what the platform's own negative bank knows: the same file, or a fingerprint near one of it."""
        if self._negative_bank is None or not candidates:
            return candidates
        try:
            return self._lowered_by(self._negative_bank, made, candidates)
        except StillmineError as error:
            self._log.say(f"the negative bank can't be asked, so nothing is lowered: {error.code}")
            return candidates

    def _lowered_by(self, bank: OwnNegativeBank, made: Made, candidates: list[Candidate]) -> list[Candidate]:
        if bank.holds_file(made.of(Digest)):
            return [_lower(candidate) for candidate in candidates]
        known: set[tuple[str, bytes]] = set()
        for source in self._sources:
            name = source.policy.name
            ids = [one.id for one in candidates if one.source == name and one.is_listed and one.kind is Kind.PDQ]
            known |= {(name, id) for id, value in source.values_of(ids).items() if bank.holds_picture(value)} if ids else set()
        return [_lower(one) if (one.source, one.id) in known else one for one in candidates]


def one_source(way: Way, regions: AsksRegions | None = None) -> Sources:
    """Return the sources of a service that has one; without `regions` none are asked about."""
    return Sources([Source(Policy(), way, regions or NoRegions())])


def _lower(candidate: Candidate) -> Candidate:
    return replace(candidate, action=Action.REVIEW, is_in_own_negative_bank=True)


def _of_source(policy: Policy, looked_up: LookedUp, seen: RegionsSeen, *, is_regions_alone: bool) -> Found:
    """`is_regions_alone`: nothing else of the upload is looked up here, so it is not clear where these were not asked about."""
    candidates = [*(judged(one, seen.judges) for one in looked_up.candidates), *seen.candidates]
    named = [replace(one, source=policy.name, action=policy.action) for one in candidates if policy.counts(one)]
    if not policy.is_needed:
        return Found(dry=named)
    moments = [moment for moment in (looked_up.as_of, seen.as_of) if moment is not None]
    left_out = [*looked_up.left_out, *seen.left_out, *([seen.note] if is_regions_alone and seen.note else [])]
    return Found(
        candidates=named,
        left_out=left_out,
        sources_left_out=[SourceLeftOut(policy.name, code) for code in left_out],
        as_of=min(moments, default=None),
        retry_after_seconds=looked_up.retry_after_seconds or seen.retry_after_seconds,
        regions_left_out=seen.note,
    )


def _not_wanted(policy: Policy, code: str) -> Found:
    return Found(sources_left_out=[SourceLeftOut(policy.name, code)]) if policy.is_needed else Found()


def _not_found(policy: Policy, code: str, retry_after_seconds: int | None) -> Found:
    if not policy.is_needed:
        return Found()
    return Found(left_out=[code], sources_left_out=[SourceLeftOut(policy.name, code)], retry_after_seconds=retry_after_seconds)


def _together(one: Found, other: Found) -> Found:
    moments = [found.as_of for found in (one, other) if found.as_of is not None]
    return Found(
        candidates=[*one.candidates, *other.candidates],
        dry=[*one.dry, *other.dry],
        left_out=[*one.left_out, *other.left_out],
        sources_left_out=[*one.sources_left_out, *other.sources_left_out],
        as_of=min(moments, default=None),
        retry_after_seconds=one.retry_after_seconds or other.retry_after_seconds,
        regions_left_out=one.regions_left_out or other.regions_left_out,
    )


def _kinds_of(form: LookedUpForm) -> Iterable[Kind]:
    """Return the kinds of fingerprints that a form may match."""
    match form:
        case Picture():
            return (Kind.PDQ,)
        case Film():
            return (Kind.VPDQ, Kind.PDQ)
        case Sound():
            return (Kind.CHROMAPRINT,)
        case Digest():
            return (form.kind,)
    assert_never(form)
