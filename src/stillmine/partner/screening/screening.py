# SPDX-License-Identifier: Apache-2.0
"""Look one upload up, whatever its sources, and say so even when that was not possible.

Hostile bytes are read by worker processes under a deadline, and whatever goes wrong becomes `not_screened` with a code: never silence,
and never `no_match`. What could be made of an upload is looked up even where the rest could not. An upload is never logged or kept.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from stillmine.partner.fingerprinting.fingerprinter import OUT_OF_TIME
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.fingerprinting.worker_messages import JobResult, PlaceHashes, PlacesWanted
from stillmine.partner.ground.errors import DeadlineError, DecoderStoppedError, StoreUnreadableError
from stillmine.partner.screening.made import Made, made_by_platform, made_of_file
from stillmine.partner.screening.recording import MAXIMUM_MATCHES, KeepsMatches, Kept, Recording
from stillmine.partner.screening.regions import HashPlaces
from stillmine.partner.screening.sources import Found, Sources
from stillmine.partner.screening.upload_tokens import UploadIdentity, UploadTokens
from stillmine.partner.screening.way import Candidate, nearness
from stillmine.partner.store.matches import FoundMatch, FoundUpload
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.ask_regions import FRAME_BYTES
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import StillmineError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import KIND_RULES, PDQ_BYTES, Kind
from stillmine.wire.screen import RegionsChoice, ScreenMatch, ScreenOutcome, ScreenResult, SourceLeftOut

log = logging.getLogger("stillmine.partner")

MAXIMUM_REPORTED = 4096
"""So many are reported as found, the nearest: more than 13 whole cases of copies that somebody sets before another's."""

MAXIMUM_LOOKS = 5
"""At one upload, while all that each look found in the list is withdrawn before it is recorded."""

LOOK_AGAIN_SECONDS = 5
"""After so many looks: a list that changes as fast is at rest in a moment."""

FEW_FINGERPRINTS = 8
"""Answered at once where that can be."""
_SHORT_KINDS = frozenset({Kind.PDQ, Kind.SHA256, Kind.MD5})

ID_BYTES = 16


class FingerprintsUploads(Protocol):
    """What makes fingerprints of an upload: worker processes, or something else in tests."""

    def fingerprints(self, file: OpenFile, regions: RegionsChoice) -> JobResult: ...

    def hash_places(self, file: OpenFile, wanted: PlacesWanted, seconds: float) -> JobResult: ...


class Words(NamedTuple):
    """The platform's own words for who uploads and for what is uploaded."""

    uploader: str | None
    content_id: str | None


class Screening:
    """Screens uploads by their sources and keeps what matched. Safe to use from several threads."""

    def __init__(
        self,
        store: KeepsMatches,
        sources: Sources,
        fingerprinter: FingerprintsUploads,
        tokens: UploadTokens,
        *,
        clock: Callable[[], datetime],
        feedback_is_waiting: Callable[[], None] = lambda: None,
        answered: Callable[[ScreenResult, float], None] = lambda _result, _seconds: None,
        monotonic: Callable[[], float] = time.monotonic,
        remember: Callable[[Made, UploadIdentity], None] | None = None,
    ) -> None:
        """`feedback_is_waiting` is called after a match queued feedback, `remember` with each upload before it is looked up.

        `answered` is told of each answer, and how many seconds of `monotonic` it took.
        """
        self._remember = remember
        self._answered = answered
        self._monotonic = monotonic
        self._store = store
        self._sources = sources
        self._fingerprinter = fingerprinter
        self._tokens = tokens
        self._recording = Recording(store, clock, feedback_is_waiting)
        self._log = SparingLog(log)

    def record_waiting(self) -> int:
        """Record what matched while the store took nothing; return how many uploads that were."""
        return self._recording.record_waiting()

    @property
    def waiting(self) -> int:
        """How many uploads have matches that could not be recorded yet."""
        return self._recording.waiting

    def close(self) -> None:
        """Take no more uploads; a search at work is left to end by itself."""
        self._sources.close()

    def screen_upload(self, file: OpenFile, uploader: str | None = None, content_id: str | None = None) -> ScreenResult:
        """Screen a file of any kind: picture, animated picture, video or sound.

        `uploader` is the platform's word for who uploads it, `content_id` that for what is uploaded.
        """
        choice = self._sources.choice

        def make() -> Made:
            return made_of_file(self._fingerprinter.fingerprints(file, choice), choice)

        def hash_places(wanted: PlacesWanted, seconds: float) -> bytes:
            return _hashes_in(self._fingerprinter.hash_places(file, wanted, seconds), wanted)

        return self._screen(make, Words(uploader, content_id), hash_places)

    def screen_fingerprints(
        self, fingerprints: Sequence[Fingerprint], uploader: str | None = None, content_id: str | None = None
    ) -> ScreenResult:
        """Screen fingerprints that the platform made of one upload."""
        return self._screen(lambda: made_by_platform(fingerprints), Words(uploader, content_id))

    def clear_at_once(self, fingerprints: Sequence[Fingerprint], uploader: str | None, content_id: str | None) -> ScreenResult | None:
        """Return the answer of `screen_fingerprints` to a few that match nothing, None where anything has to be waited for.

        To be called where nothing else goes on meanwhile: what it does not answer is for a thread.
        """
        is_remembered = self._remember is not None and content_id is not None
        if is_remembered or len(fingerprints) > FEW_FINGERPRINTS or any(one.kind not in _SHORT_KINDS for one in fingerprints):
            return None
        began, clear = self._monotonic(), None
        with suppress(Exception):  # the thread meets it again, and says it
            clear = self._clear_at_once(made_by_platform(fingerprints), Words(uploader, content_id))
        if clear is not None:
            self._answered(clear, self._monotonic() - began)
        return clear

    def _clear_at_once(self, made: Made, words: Words) -> ScreenResult | None:
        found = None if made.left_out or made.is_empty else self._sources.look_up_at_once(made)
        if found is None or found.candidates or found.left_out:
            return None
        identity = self._tokens.identify(made.upload, words.uploader, words.content_id)
        if not self._store.note_no_match_at_once(identity.upload_id):
            return None
        return ScreenResult(ScreenOutcome.NO_MATCH, [], found.as_of, content_id=words.content_id, regions_left_out=found.regions_left_out)

    def fingerprints_of(self, file: OpenFile) -> JobResult:
        """Return what is made of a file, and look nothing up; raises BusyError."""
        return self._fingerprinter.fingerprints(file, RegionsChoice.OFF)

    def keep_older(self, identity: UploadIdentity, candidates: Iterable[Candidate]) -> Kept:
        """Record what an upload that was remembered matches now, as if it were screened again."""
        return self._record(identity, _nearest(candidates), is_older=True)

    def not_screened(self, reason: str, content_id: str | None = None) -> ScreenResult:
        """Return the answer for an upload that could not be screened, with the error code of why."""
        result = msgspec.structs.replace(self._not_screened([reason]), content_id=content_id)
        self._answered(result, 0.0)
        return result

    def _not_screened(self, left_out: list[str], retry_after_seconds: int | None = None) -> ScreenResult:
        as_of = self._sources.as_of()
        return ScreenResult(ScreenOutcome.NOT_SCREENED, [], as_of, left_out[0], left_out=left_out, retry_after_seconds=retry_after_seconds)

    def _screen(self, make: Callable[[], Made], words: Words, hash_places: HashPlaces | None = None) -> ScreenResult:
        """Answer, or say with a code why there is no answer; raises BusyError."""
        began = self._monotonic()
        result = msgspec.structs.replace(self._screened(make, words, hash_places), content_id=words.content_id)
        self._answered(result, self._monotonic() - began)
        return result

    def _screened(self, make: Callable[[], Made], words: Words, hash_places: HashPlaces | None) -> ScreenResult:
        try:
            return self._answer(make, words, hash_places)
        except BusyError:
            raise  # nothing was looked at, and it may be sent again
        except StillmineError as error:
            return self._not_screened([error.code], error.retry_after_seconds)
        except Exception as error:
            # No traceback and no message: they can hold parts of the upload.
            self._log.say(f"screening failed: {type(error).__name__}")
            return self._not_screened([StillmineError.code])

    def _answer(self, make: Callable[[], Made], words: Words, hash_places: HashPlaces | None) -> ScreenResult:
        self._sources.require_use()
        made = make()
        identity = self._tokens.identify(made.upload, words.uploader, words.content_id)
        if self._remember is not None:
            self._remember(made, identity)
        withdrawn: set[bytes] = set()
        for _ in range(MAXIMUM_LOOKS):
            found = self._find(made, identity, withdrawn, hash_places)
            nearest = _nearest(found.candidates)
            kept = self._record(identity, nearest, is_older=self._tokens.is_older)
            if kept.matches or not nearest:
                self._sources.count_dry(found)
                return self._said(identity, found, kept)
            # All that matched was withdrawn, or its list given up, while it was looked up: without it more may have to be looked at.
            withdrawn.update(candidate.id for candidate in nearest)
        return self._not_screened([DeadlineError.code], LOOK_AGAIN_SECONDS)

    def _said(self, identity: UploadIdentity, found: Found, kept: Kept) -> ScreenResult:
        return msgspec.structs.replace(
            self._said_of_all(identity, found, kept.matches),
            regions_left_out=found.regions_left_out,
            not_recorded=kept.not_recorded,
            sources_left_out=found.sources_left_out,
        )

    def _said_of_all(self, identity: UploadIdentity, found: Found, matches: Sequence[FoundMatch]) -> ScreenResult:
        if matches:
            is_by_sound_alone = all(KIND_RULES[match.kind].is_sound for match in matches)  # of all, not of those that are shown
            shown = [_shown(match) for match in matches[:MAXIMUM_MATCHES]]
            return ScreenResult(ScreenOutcome.MATCH, shown, found.as_of, is_by_sound_alone=is_by_sound_alone, left_out=found.left_out)
        if found.left_out:
            return self._not_screened(found.left_out, found.retry_after_seconds)
        self._note_no_match(identity)
        return ScreenResult(ScreenOutcome.NO_MATCH, [], found.as_of)

    def _find(self, made: Made, identity: UploadIdentity, withdrawn: Collection[bytes], hash_places: HashPlaces | None) -> Found:
        found = self._sources.look_up(made, identity, self._tokens, withdrawn, hash_places)
        left_out = _each_once(map(_known, [*made.left_out, *found.left_out]))
        if made.is_empty and not left_out:
            left_out = [DecoderStoppedError.code]  # nothing was looked up, and no worker of ours says so without a reason
        named = [SourceLeftOut(one.source, _known(one.code)) for one in dict.fromkeys(found.sources_left_out)]
        return replace(found, left_out=left_out, sources_left_out=named)

    def _record(self, identity: UploadIdentity, nearest: Sequence[Candidate], *, is_older: bool) -> Kept:
        """Report all whose fingerprint is still active, and return them, nearest first."""
        if not nearest:
            return Kept([])
        matches = [_found(candidate, self._tokens.match_id(identity, candidate.id, candidate.source)) for candidate in nearest]
        tokens = self._sources.tokens_at(identity, self._tokens)
        return self._recording.keep(FoundUpload(identity.upload_id, identity.token, matches, identity.content_id, tokens, is_older))

    def _note_no_match(self, identity: UploadIdentity) -> None:
        """Tell the list of matches, for reviewers; a store that takes no note changes nothing of the answer."""
        with suppress(StoreUnreadableError):
            self._store.note_no_match(identity.upload_id)


def _found(candidate: Candidate, match_id: bytes) -> FoundMatch:
    return FoundMatch(
        match_id=match_id,
        fingerprint_id=candidate.id,
        kind=candidate.kind,
        match_class=candidate.match_class,
        bucket=candidate.bucket,
        variant=candidate.variant,
        is_flagged=candidate.is_flagged,
        is_listed=candidate.is_listed,
        is_synthetic=candidate.is_synthetic,
        undone=candidate.undone,
        spans=candidate.spans,
        found_by=candidate.found_by,
        judges=candidate.judges,
        transform=candidate.transform,
        source=candidate.source,
        action=candidate.action,
        is_in_own_negative_bank=candidate.is_in_own_negative_bank,
    )


def _shown(match: FoundMatch) -> ScreenMatch:
    return ScreenMatch(
        match_id=match.match_id.hex(),
        kind=match.kind,
        match_class=match.match_class,
        distance_bucket=match.bucket,
        variant=match.variant,
        undone=list(match.undone),
        matched_spans=list(match.spans),
        is_flagged=match.is_flagged,
        is_synthetic=match.is_synthetic,
        decision=match.decision,
        found_by=list(match.found_by),
        judges=match.judges,
        transform=match.transform,
        source=match.source,
        action=match.action,
        is_in_own_negative_bank=match.is_in_own_negative_bank,
    )


def _hashes_in(result: JobResult, wanted: PlacesWanted) -> bytes:
    """Return the hashes that were wanted; raises the StillmineError of why there are none."""
    (hashes,) = (one.hashes for one in result.of(PlaceHashes)) if len(result.of(PlaceHashes)) == 1 else (b"",)
    if len(hashes) * FRAME_BYTES == len(wanted.frames) * PDQ_BYTES:
        return hashes
    raise DeadlineError if OUT_OF_TIME.intersection(result.left_out) else DecoderStoppedError


def _known(code: str) -> str:
    """Return an error code of this program: a worker that a stranger took over may say anything, and the platform reads it."""
    return error_of(code).code


def error_of(code: str) -> type[StillmineError]:
    """Return the error of this code, DecoderStoppedError where this program has none."""
    kinds: list[type[StillmineError]] = [StillmineError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return next((kind for kind in kinds if kind.code == code), DecoderStoppedError)


def _each_once(codes: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(codes))


def _nearest(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return each fingerprint of each source once, as it is nearest, and of too many the nearest."""
    best: dict[tuple[str, bytes], Candidate] = {}
    for candidate in sorted(candidates, key=nearness):
        best.setdefault((candidate.source, candidate.id), candidate)
    return list(best.values())[:MAXIMUM_REPORTED]
