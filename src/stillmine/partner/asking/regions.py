# SPDX-License-Identifier: Apache-2.0
"""Ask about the regions of an upload's pictures, in rounds, and hear what they say of what its `pdq` matched.

Each upload asks for itself, over a connection of its own, and within a time of its own, hashing included; while the exchange does not
answer nobody waits for it. An exchange may be hostile: what it answers is checked, and it never learns more than hashes at places that
lie in the picture. Must never take a missing answer for `clear`, and never drop a match because regions were not heard.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from stillmine.client.regions import RegionsFound
from stillmine.partner.asking.clear_memory import ClearMemory
from stillmine.partner.asking.gate import Gate, is_perhaps_of_one
from stillmine.partner.asking.queries import FLAGGED_PLACE, SYNTHETIC_PLACE, Asked
from stillmine.partner.fingerprinting.worker_messages import PictureRegions, PlacesWanted, View
from stillmine.partner.ground.errors import DeadlineError, DecoderStoppedError, RegionsNotAskedError
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.recurring import RecurringRegions
from stillmine.partner.screening.regions import HashPlaces, Judged, RegionsSeen, not_asked
from stillmine.partner.screening.transform import transform_of
from stillmine.partner.screening.way import IN_ORDER, Candidate, nearness
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.ask_errors import LookExpiredError, QuotaUsedUpError
from stillmine.wire.ask_regions import (
    MAXIMUM_MATCHED,
    NO_MAP,
    MatchedPdq,
    RegionsAsk,
    RegionsOutcome,
    RegionsRow,
    Verdict,
    read_map,
)
from stillmine.wire.ask_regions import View as AskedView
from stillmine.wire.base64url import base64url_text
from stillmine.wire.errors import (
    KindNotAcceptedError,
    MalformedMessageError,
    MessageTooLargeError,
    NotFoundError,
    StillmineError,
)
from stillmine.wire.kinds import Kind
from stillmine.wire.partner_errors import ScopeMissingError
from stillmine.wire.screen import Judges, MatchClass, RegionsChoice

log = logging.getLogger("stillmine.partner")

REGIONS_SECONDS = 5.0
"""For all rounds of one upload, after it was looked up by its values."""

DEADLINE_RETRY_SECONDS = 5

OF_ONE_UPLOAD = (
    DeadlineError,
    DecoderStoppedError,
    KindNotAcceptedError,
    LookExpiredError,
    MalformedMessageError,
    MessageTooLargeError,
)
"""Errors that say nothing of the next upload."""

AS_THEY_ARE = 2
"""The first views of a picture: small and large, not stretched."""

_JUDGES = {Verdict.AGREED: Judges.AGREED, Verdict.DISPUTED: Judges.DISPUTED}
_CLASSES = {RegionsOutcome.MATCH: MatchClass.NEAR, RegionsOutcome.PART: MatchClass.PART}


class AnswersRegions(Protocol):
    """The part of an exchange's client that is used here, from several threads at once."""

    def ask_regions(self, ask: RegionsAsk, hashes_at: Callable[[bytes], bytes], seconds: float | None = None) -> RegionsFound: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Upload:
    """One upload while it is asked about."""

    token: str
    hash_places: HashPlaces
    until: float


class RegionsAsking:
    """Asks one exchange about regions. Safe to use from several threads."""

    def __init__(
        self,
        exchange: AnswersRegions,
        choice: RegionsChoice,
        memory: ClearMemory,
        clock: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        is_needed: Callable[[], bool] = lambda: True,
        recurring: RecurringRegions | None = None,
        seconds: float = REGIONS_SECONDS,
    ) -> None:
        """`clock` returns UTC, `monotonic` counts seconds; `is_needed` says whether an upload is clear only if the exchange says so."""
        self._exchange = exchange
        self._choice = choice
        self._memory = memory
        self._clock = clock
        self._monotonic = monotonic
        self._is_needed = is_needed
        self._recurring = recurring
        self._seconds = seconds
        self._log = SparingLog(log, monotonic)
        self._lock = threading.Lock()
        # Guarded by the lock: whether asks are answered, and whether this key may ask.
        self._gate = Gate(monotonic, clock)
        self._may_ask = True

    def close(self) -> None:
        """Let go of the connections."""
        self._exchange.close()

    @property
    def choice(self) -> RegionsChoice:
        """Which views are worth to be made of the next upload."""
        with self._lock:
            is_asked = self._may_ask and (self._gate.is_open or not isinstance(self._gate.problem, RegionsNotAskedError))
        return self._choice if is_asked else RegionsChoice.OFF

    @property
    def problem(self) -> str | None:
        """The error code of why regions are not asked about, None while they are, are not wanted, or never can be."""
        with self._lock:
            problem = self._gate.problem
            is_none = problem is None or isinstance(problem, RegionsNotAskedError) or self._gate.is_open
            return None if is_none or problem is None else problem.code

    def learn(self, scopes: Collection[str]) -> None:
        """Say what this key may do."""
        with self._lock:
            self._may_ask = "ask" in scopes

    def try_soon(self) -> None:
        """Say that the exchange may answer again."""
        with self._lock:
            self._gate.try_soon()

    def look(self, made: Made, found: Sequence[Candidate], token: bytes, hash_places: HashPlaces | None) -> RegionsSeen:
        """Ask about the regions of one upload, and whether they agree with what its `pdq` found."""
        if hash_places is None or made.regions is None:
            return not_asked(made)
        upload = _Upload(token.hex(), hash_places, self._monotonic() + self._seconds)
        seen = RegionsSeen()
        for regions in made.regions:
            matched = _of_picture(found, regions.number)
            try:
                seen = _together(seen, self._of_one(regions, matched, upload))
                if regions.is_cut:
                    raise DeadlineError
            except StillmineError as error:
                return _together(seen, self._not_heard(error))
            except Exception as error:
                # No traceback and no message: they could hold what was asked. What `pdq` found must not be lost with it.
                self._log.say(f"regions could not be looked at: {type(error).__name__}")
                return _together(seen, self._not_heard(StillmineError()))
        return seen

    def _of_one(self, regions: PictureRegions, matched: Sequence[Candidate], upload: _Upload) -> RegionsSeen:
        """As it is first, and stretched only where that finds nothing."""
        seen = self._asked(regions, regions.views[:AS_THEY_ARE], matched, upload)
        stretched = [view for view in regions.views[AS_THEY_ARE:] if view.regions]
        if stretched and not (seen.candidates or any(one.judges is Judges.AGREED for one in seen.judges.values())):
            seen = _together(seen, self._asked(regions, stretched, (), upload))
        if self._recurring is not None and not (seen.candidates or matched or seen.is_remembered):
            self._recurring.count(regions.views[0].regions)
        return seen

    def _asked(self, regions: PictureRegions, views: Sequence[View], matched: Sequence[Candidate], upload: _Upload) -> RegionsSeen:
        if not matched and not any(view.regions for view in views):
            return RegionsSeen()
        remembered = Asked(Kind.REGIONS, _digest(regions, views))
        if not matched and (moment := self._memory.cleared_at(remembered)) is not None:
            return RegionsSeen(as_of=moment, is_remembered=True)
        found = self._heard(_message(regions, views, matched, upload.token), regions.number, upload)
        second, moment = self._monotonic(), self._clock().replace(microsecond=0)
        judges = {one.id: _judged(row, regions) for one, row in zip(matched, found.matched, strict=True)}
        candidates = [self._candidate(row, regions) for row in found.found]
        if not candidates and not matched:
            self._memory.keep([remembered], second, moment)
        return RegionsSeen(candidates, judges, as_of=moment)

    def _candidate(self, row: RegionsRow, regions: PictureRegions) -> Candidate:
        """Return what a row says; where all that lies there recurs in other uploads, a match is for a reviewer."""
        stands = read_map(row.map)
        is_common = self._recurring is not None and self._recurring.is_common_where(regions.views[0].regions, stands)
        return Candidate(
            id=bytes.fromhex(row.id),
            kind=Kind.REGIONS,
            match_class=MatchClass.PART if is_common else _CLASSES[row.outcome],
            is_listed=False,
            is_flagged=row.tags[FLAGGED_PLACE] == "f",
            is_synthetic=row.tags[SYNTHETIC_PLACE] == "s",
            number=regions.number,
            transform=transform_of(stands, regions.width, regions.height),
        )

    def _heard(self, message: RegionsAsk, number: int, upload: _Upload) -> RegionsFound:
        """Ask, or raise the StillmineError of why not."""
        if (left := upload.until - self._monotonic()) <= 0:
            raise DeadlineError
        self._pass_gate()
        is_begun = False

        def hashes_at(frames: bytes) -> bytes:
            nonlocal is_begun
            is_begun = True
            return upload.hash_places(PlacesWanted(number, frames), upload.until - self._monotonic())

        try:
            found = self._exchange.ask_regions(message, hashes_at, left)
        except StillmineError as error:
            raise self._failed(error if is_begun else _if_never_asked(error), upload) from None
        except Exception as error:
            # No traceback and no message: they could hold what was asked.
            self._log.say(f"asking about regions failed: {type(error).__name__}")
            raise self._failed(StillmineError(), upload) from None
        with self._lock:
            self._gate.answered()
        return found

    def _pass_gate(self) -> None:
        with self._lock:
            if self._gate.problem is not None and not self._gate.is_open:
                raise type(self._gate.problem)
            self._gate.pass_through()

    def _failed(self, error: StillmineError, upload: _Upload) -> StillmineError:
        """Close the gate where the next upload would fare no better; return the error that this one is told."""
        with self._lock:
            if isinstance(error, OF_ONE_UPLOAD):
                self._gate.answered()
            elif not (is_perhaps_of_one(error) and self._gate.bears_failure()):
                if self._gate.problem is None or self._gate.problem.code != error.code:
                    level = logging.WARNING if isinstance(error, RegionsNotAskedError) else logging.ERROR
                    log.log(level, "regions can't be asked about: %s [%s]", error, error.code)
                self._gate.failed(error)
        return DeadlineError() if upload.until <= self._monotonic() else error

    def _not_heard(self, error: StillmineError) -> RegionsSeen:
        if isinstance(error, RegionsNotAskedError) or not self._is_needed():
            return RegionsSeen(note=error.code)
        return RegionsSeen(left_out=[error.code], retry_after_seconds=self._retry_after(error))

    def _retry_after(self, error: StillmineError) -> int:
        if isinstance(error, QuotaUsedUpError) and error.retry_after_seconds:
            return error.retry_after_seconds
        if isinstance(error, OF_ONE_UPLOAD):
            return DEADLINE_RETRY_SECONDS
        with self._lock:
            return self._gate.seconds_left()


def _if_never_asked(error: StillmineError) -> StillmineError:
    """Return what a refusal of the first request means. One of a later request means no such thing: there was something to look at."""
    return RegionsNotAskedError() if isinstance(error, NotFoundError | ScopeMissingError) else error


def _of_picture(found: Sequence[Candidate], number: int) -> list[Candidate]:
    """What the `pdq` of this picture matched, the nearest first, each fingerprint once, as many as may be asked about."""
    best: dict[bytes, Candidate] = {}
    for one in sorted(found, key=nearness):
        if one.kind is Kind.PDQ and one.number == number:
            best.setdefault(one.id, one)
    return list(best.values())[:MAXIMUM_MATCHED]


def _message(regions: PictureRegions, views: Sequence[View], matched: Sequence[Candidate], token: str) -> RegionsAsk:
    """Return what is sent; raises DecoderStoppedError for what no worker of ours makes."""
    try:
        return RegionsAsk(
            version=1,
            width=regions.width,
            height=regions.height,
            views=[AskedView(view.width, view.height, base64url_text(view.regions)) for view in views],
            matched=[MatchedPdq(one.id.hex(), _turn(one), one.box) for one in matched],
            upload_token=token,
        )
    except MalformedMessageError:
        raise DecoderStoppedError from None


def _judged(row: RegionsRow, regions: PictureRegions) -> Judged:
    transform = None if row.map == NO_MAP else transform_of(read_map(row.map), regions.width, regions.height)
    return Judged(_JUDGES.get(row.verdict, Judges.ONE_JUDGE), transform)


def _turn(matched: Candidate) -> int:
    return 0 if matched.variant is None else IN_ORDER.index(matched.variant)


def _digest(regions: PictureRegions, views: Sequence[View]) -> str:
    """What stands for an ask in the memory of what was clear."""
    digest = hashlib.blake2b(digest_size=32)
    digest.update(f"{regions.width} {regions.height}".encode())
    for view in views:
        digest.update(f" {view.width} {view.height} {len(view.regions)} ".encode() + view.regions)
    return digest.hexdigest()


def _together(one: RegionsSeen, other: RegionsSeen) -> RegionsSeen:
    moments = [seen.as_of for seen in (one, other) if seen.as_of is not None]
    return RegionsSeen(
        candidates=[*one.candidates, *other.candidates],
        judges={**one.judges, **other.judges},
        left_out=[*one.left_out, *other.left_out],
        note=one.note or other.note,
        as_of=min(moments, default=None),
        is_remembered=one.is_remembered or other.is_remembered,
        retry_after_seconds=one.retry_after_seconds or other.retry_after_seconds,
    )
