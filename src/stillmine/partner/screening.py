# SPDX-License-Identifier: Apache-2.0
"""Look one upload up in what was synced, and say so even when that was not possible.

Hostile bytes are read by worker processes under a deadline, and whatever goes wrong becomes `not_screened` with a code: never silence,
and never `no_match`. What could be made of an upload is looked up even where the rest could not. An upload is never logged or kept.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from stillmine.partner.errors import DeadlineError, DecoderStoppedError, NeverSyncedError, StoreUnreadableError
from stillmine.partner.index import Candidate, Index, candidates_for
from stillmine.partner.store import FoundMatch, FoundUpload, Store
from stillmine.partner.upload import OpenFile
from stillmine.partner.upload_tokens import UploadTokens, upload_of
from stillmine.partner.worker_messages import UPLOAD_FRAMES_PER_SECOND, Answer, Frame, Picture
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import QualityTooLowError, StillmineError
from stillmine.wire.fingerprint import MINIMUM_QUALITY, Fingerprint, Kind
from stillmine.wire.screen import DistanceBucket, MatchClass, ScreenMatch, ScreenOutcome, ScreenResult
from stillmine.wire.vpdq import VideoFrame

log = logging.getLogger("stillmine.partner")

SEARCH_SECONDS = 5.0
"""For the search alone, after the fingerprints are made."""

MAXIMUM_MATCHES = 20
"""So many are shown to a reviewer."""

MAXIMUM_REPORTED = 4096
"""So many are reported as found, the nearest: more than 13 whole cases of copies that somebody sets before another's."""

ID_BYTES = 16

_BUCKETS = list(DistanceBucket)


class Fingerprinter(Protocol):
    """What makes fingerprints of an upload: worker processes, or something else in tests."""

    def fingerprints(self, file: OpenFile) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Found:
    """Fingerprints near the upload, and the codes of why some parts of it were not compared."""

    candidates: list[Candidate]
    left_out: list[str]
    upload: bytes
    """The SHA-256 of the upload, for its token."""


class Screening:
    """Screens uploads against one index and keeps what matched in one store. Safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        index: Index,
        decoder: Fingerprinter,
        tokens: UploadTokens,
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        threads: int,
        feedback_is_waiting: Callable[[], None] = lambda: None,
        search_seconds: float = SEARCH_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`feedback_is_waiting` is called after a match queued feedback; `threads` is how many searches run at once."""
        self._store = store
        self._index = index
        self._decoder = decoder
        self._tokens = tokens
        self._clock = clock
        self._random_bytes = random_bytes
        self._feedback_is_waiting = feedback_is_waiting
        self._search_seconds = search_seconds
        self._monotonic = monotonic
        self._searches = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="search")

    def close(self) -> None:
        """Take no more uploads; a search at work is left to end by itself."""
        self._searches.shutdown(wait=False, cancel_futures=True)

    def screen_upload(self, file: OpenFile, uploader: str | None = None) -> ScreenResult:
        """Screen a file of any kind: picture, animated picture, video or sound; `uploader` is the platform's word for who uploads it."""
        return self._screen(lambda: self._upload_candidates(file), uploader)

    def screen_fingerprints(self, fingerprints: Sequence[Fingerprint], uploader: str | None = None) -> ScreenResult:
        """Screen fingerprints that the platform made of one upload."""
        return self._screen(lambda: self._fingerprint_candidates(fingerprints), uploader)

    def not_screened(self, reason: str) -> ScreenResult:
        """Return the answer for an upload that could not be screened, with the error code of why."""
        return self._not_screened([reason])

    def _not_screened(self, left_out: list[str]) -> ScreenResult:
        return ScreenResult(ScreenOutcome.NOT_SCREENED, [], self._synced_at(), left_out[0], left_out=left_out)

    def _screen(self, find: Callable[[], Found], uploader: str | None) -> ScreenResult:
        """Answer, or say with a code why there is no answer; raises BusyError."""
        try:
            return self._answer(find, uploader)
        except BusyError:
            raise  # nothing was looked at, and it may be sent again
        except StillmineError as error:
            return self.not_screened(error.code)
        except Exception as error:
            # No traceback and no message: they can hold parts of the upload.
            log.error("screening failed: %s", type(error).__name__)
            return self.not_screened(StillmineError.code)

    def _answer(self, find: Callable[[], Found], uploader: str | None) -> ScreenResult:
        synced_at = self._synced_at()
        if synced_at is None and not len(self._index):
            raise NeverSyncedError
        found = find()
        matches = self._record(found, uploader)
        if matches:
            is_by_sound_alone = all(match.kind is Kind.CHROMAPRINT for match in matches)
            return ScreenResult(ScreenOutcome.MATCH, matches, synced_at, is_by_sound_alone=is_by_sound_alone, left_out=found.left_out)
        if found.left_out:
            return self._not_screened(found.left_out)
        if synced_at is None:
            # The first sync is still under way: what is not found yet may be in the rest.
            raise NeverSyncedError
        return ScreenResult(ScreenOutcome.NO_MATCH, [], synced_at)

    def _upload_candidates(self, file: OpenFile) -> Found:
        made = self._decoder.fingerprints(file)
        same = self._index.same_file(made.sha256, made.md5)
        near, reason = self._before_deadline(lambda: self._near(made))
        left_out = [*made.left_out, *([reason] if reason else []), *_too_little_detail(made)]
        return Found([*same, *near], _each_once(map(_known, left_out)), made.sha256)

    def _near(self, made: Answer) -> list[Candidate]:
        found: list[Candidate] = []
        shown = [*(picture for frames in made.films for picture in _pictures_of(frames)), *made.stills, *made.pictures]
        good = [picture for picture in shown if picture.quality >= MINIMUM_QUALITY]
        if good:
            found += self._index.near_pictures(good)
        for frames in made.films:
            found += self._index.near_videos(_turned_videos(frames), UPLOAD_FRAMES_PER_SECOND)
        for sound in made.sounds:
            found += self._index.near_sounds(sound)
        return found

    def _fingerprint_candidates(self, fingerprints: Sequence[Fingerprint]) -> Found:
        good = [fingerprint for fingerprint in fingerprints if fingerprint.quality >= MINIMUM_QUALITY]
        near, reason = self._before_deadline(lambda: [found for made in good for found in candidates_for(self._index, made)])
        left_out = [reason] if reason else []
        if len(good) < len(fingerprints):
            left_out.append(QualityTooLowError.code)
        return Found(near, left_out, upload_of(fingerprints))

    def _before_deadline(self, search: Callable[[], list[Candidate]]) -> tuple[list[Candidate], str | None]:
        """Search in the pool; waiting for a free thread counts, and what comes too late is dropped unrecorded."""
        future = self._searches.submit(search)
        try:
            return future.result(timeout=self._search_seconds), None
        except TimeoutError:
            future.cancel()
            return [], DeadlineError.code

    def _record(self, found: Found, uploader: str | None) -> list[ScreenMatch]:
        """Report all whose fingerprint is still active, and answer the nearest of them."""
        best: dict[bytes, Candidate] = {}
        for candidate in sorted(found.candidates, key=_rank):
            best.setdefault(candidate.id, candidate)
        if not best:
            return []
        upload = FoundUpload(
            upload_id=self._random_bytes(ID_BYTES),
            feedback_id=self._random_bytes(ID_BYTES),
            token=self._tokens.token(found.upload, uploader),
            matches=[self._found(candidate) for candidate in list(best.values())[:MAXIMUM_REPORTED]],
        )
        kept = self._kept(upload)
        if kept:
            self._feedback_is_waiting()
        return [
            ScreenMatch(
                match_id=match.match_id.hex(),
                kind=match.kind,
                match_class=match.match_class,
                distance_bucket=match.bucket,
                variant=match.variant,
                undone=list(best[match.fingerprint_id].undone),
                matched_spans=list(best[match.fingerprint_id].spans),
                is_flagged=match.is_flagged,
            )
            for match in kept
        ]

    def _kept(self, upload: FoundUpload) -> list[FoundMatch]:
        """Record what is still active; a full disk keeps a match from being recorded, not from being answered."""
        try:
            return self._store.record_upload(upload, MAXIMUM_MATCHES, minute=int(self._clock().timestamp()) // 60)
        except StoreUnreadableError:
            kept = self._store.still_active(upload, MAXIMUM_MATCHES)
            log.error("a match was answered and could not be recorded: is the disk of the home folder full?")
            return kept

    def _found(self, candidate: Candidate) -> FoundMatch:
        return FoundMatch(
            match_id=self._random_bytes(ID_BYTES),
            fingerprint_id=candidate.id,
            kind=candidate.kind,
            match_class=candidate.match_class,
            bucket=candidate.bucket,
            variant=candidate.variant,
        )

    def _synced_at(self) -> datetime | None:
        seconds = self._store.place().synced_at
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _known(code: str) -> str:
    """Return an error code of this program: a worker that a stranger took over may say anything, and the platform reads it."""
    kinds: list[type[StillmineError]] = [StillmineError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return code if code in {kind.code for kind in kinds} else DecoderStoppedError.code


def _each_once(codes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(codes))


def _turned_videos(frames: Sequence[Frame]) -> list[list[VideoFrame]]:
    """Return the video once for each turn."""
    return [
        [VideoFrame(pdq, frame.quality, frame.seconds) for frame, pdq in zip(frames, turned, strict=True)]
        for turned in zip(*(frame.hashes for frame in frames), strict=True)
    ]


def _pictures_of(frames: Sequence[Frame]) -> list[Picture]:
    """Return the different frames of a video as pictures to look up; a run has its first and its last second."""
    pictures: list[Picture] = []
    for frame in frames:
        before = pictures[-1] if pictures else None
        if before is not None and before.seconds is not None and before.hashes == frame.hashes:
            pictures[-1] = msgspec.structs.replace(before, seconds=(before.seconds[0], frame.seconds))
        else:
            pictures.append(Picture(frame.hashes, frame.quality, [], (frame.seconds, frame.seconds)))
    return pictures


def _too_little_detail(made: Answer) -> list[str]:
    """A picture that was read but tells too little apart was compared by its digests only, and that must be said."""
    is_flat = all(picture.quality < MINIMUM_QUALITY for picture in made.pictures)
    return [QualityTooLowError.code] if made.pictures and is_flat and not made.films and not made.stills else []


def _rank(candidate: Candidate) -> tuple[bool, int]:
    """The same first, then the nearest."""
    return candidate.match_class is not MatchClass.EXACT, 0 if candidate.bucket is None else _BUCKETS.index(candidate.bucket)
