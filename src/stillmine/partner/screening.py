# SPDX-License-Identifier: Apache-2.0
"""Look one upload up in what was synced, and say so even when that was not possible.

Decoding hostile bytes can take long or fail in any way, so it runs in a pool of threads under a deadline, and whatever goes
wrong becomes `not_screened` with a code: never silence, and never `no_match`. An upload is never written, logged or kept.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from stillmine.fingerprint import VARIANTS, fingerprint_image
from stillmine.matching.scan import Near, ScanIndex
from stillmine.partner.errors import DeadlineError, NeverSyncedError
from stillmine.partner.store import FoundMatch, Store
from stillmine.wire.errors import QualityTooLowError, StillmineError
from stillmine.wire.fingerprint import MINIMUM_QUALITY, Fingerprint, Kind, pdq_bytes
from stillmine.wire.screen import MatchClass, ScreenMatch, ScreenOutcome, ScreenResult, Variant, distance_bucket

log = logging.getLogger("stillmine.partner")

DEADLINE_SECONDS = 5.0
MAXIMUM_MATCHES = 20
ID_BYTES = 16

_VARIANTS = tuple(Variant(name) for name in VARIANTS)
"""The wire's words in the order of the eight hashes."""


Found = tuple[list[Near], StillmineError | None]
"""Fingerprints near the upload, nearest first, and why some part of it was not compared."""


class Screening:
    """Screens uploads against one index and keeps what matched in one store. Safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        index: ScanIndex,
        *,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
        threads: int,
        feedback_is_waiting: Callable[[], None] = lambda: None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        """`feedback_is_waiting` is called after a match queued feedback; `threads` is how many uploads are decoded at once."""
        self._store = store
        self._index = index
        self._clock = clock
        self._random_bytes = random_bytes
        self._feedback_is_waiting = feedback_is_waiting
        self._deadline_seconds = deadline_seconds
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="screen")

    def close(self) -> None:
        """Take no more uploads; one that is being decoded is left to end by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def screen_image(self, data: bytes) -> ScreenResult:
        """Screen the bytes of an image."""
        return self._screen(lambda: self._image_candidates(data))

    def screen_fingerprints(self, fingerprints: Sequence[Fingerprint]) -> ScreenResult:
        """Screen fingerprints that the platform made of one upload."""
        return self._screen(lambda: self._fingerprint_candidates(fingerprints))

    def not_screened(self, reason: StillmineError) -> ScreenResult:
        """Return the answer for an upload that could not be screened."""
        return ScreenResult(ScreenOutcome.NOT_SCREENED, [], self._synced_at(), reason.code)

    def _screen(self, find: Callable[[], Found]) -> ScreenResult:
        """Answer, or say with a code why there is no answer."""
        try:
            return self._answer(find)
        except StillmineError as error:
            return self.not_screened(error)
        except Exception as error:
            # No traceback: a decoder's message can hold parts of the upload.
            log.error("screening failed: %s", type(error).__name__)
            return self.not_screened(StillmineError())

    def _answer(self, find: Callable[[], Found]) -> ScreenResult:
        synced_at = self._synced_at()
        if synced_at is None and not len(self._index):
            raise NeverSyncedError
        candidates, left_out = self._before_deadline(find)
        matches = self._record(candidates)
        if matches:
            return ScreenResult(ScreenOutcome.MATCH, matches, synced_at)
        if left_out is not None:
            raise left_out
        if synced_at is None:
            # The first sync is still under way: what is not found yet may be in the rest.
            raise NeverSyncedError
        return ScreenResult(ScreenOutcome.NO_MATCH, [], synced_at)

    def _before_deadline(self, find: Callable[[], Found]) -> Found:
        """Run `find` in the pool; waiting for a free thread counts, and what comes too late is dropped unrecorded."""
        future = self._pool.submit(find)
        try:
            return future.result(timeout=self._deadline_seconds)
        except TimeoutError:
            future.cancel()
            raise DeadlineError from None

    def _image_candidates(self, data: bytes) -> Found:
        image = fingerprint_image(data)
        if image.quality < MINIMUM_QUALITY:
            return [], QualityTooLowError()
        return self._index.search_variants(image.variants), None

    def _fingerprint_candidates(self, fingerprints: Sequence[Fingerprint]) -> Found:
        """Each fingerprint counts as the upload in its original orientation; a platform may send all eight."""
        good = [pdq_bytes(fingerprint.value) for fingerprint in fingerprints if fingerprint.quality >= MINIMUM_QUALITY]
        found = [Near(near.id, near.distance_bits) for near in self._index.search_variants(good)]
        return found, None if len(good) == len(fingerprints) else QualityTooLowError()

    def _record(self, candidates: Sequence[Near]) -> list[ScreenMatch]:
        """Keep the matches whose fingerprint is still active, and answer only those."""
        if not candidates:
            return []
        found = [self._found(near) for near in candidates[:MAXIMUM_MATCHES]]
        kept = self._store.record_matches(found, minute=int(self._clock().timestamp()) // 60)
        if kept:
            self._feedback_is_waiting()
        return [ScreenMatch(match.match_id.hex(), Kind.PDQ, match.match_class, match.bucket, match.variant) for match in kept]

    def _found(self, near: Near) -> FoundMatch:
        variant = _VARIANTS[near.variant]
        is_exact = near.distance_bits == 0 and variant is Variant.ORIGINAL
        return FoundMatch(
            match_id=self._random_bytes(ID_BYTES),
            feedback_id=self._random_bytes(ID_BYTES),
            fingerprint_id=near.id,
            match_class=MatchClass.EXACT if is_exact else MatchClass.NEAR,
            bucket=distance_bucket(near.distance_bits),
            variant=variant,
        )

    def _synced_at(self) -> datetime | None:
        seconds = self._store.place().synced_at
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
