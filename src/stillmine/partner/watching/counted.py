# SPDX-License-Identifier: Apache-2.0
"""Count what a service answers, and how long that took, since it started.

Labels are words of a fixed set (outcomes, error codes, kinds, classes, names of sources), so that their number is bounded and none is
of one upload.
"""

import bisect
import itertools
import threading
from collections import Counter

from stillmine.serving.exposition import Family, Labels, Sample
from stillmine.wire.screen import ScreenOutcome, ScreenResult

BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0, 120.0)
"""Of screening times: a picture takes hundredths of a second, has 5 seconds at most, a sound 30, a film 120."""

_OF_MATCHES = ("kind", "match_class", "source", "action")


class Counted:
    """The counts of one service. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._uploads: Counter[tuple[ScreenOutcome, str]] = Counter()
        self._matches: Counter[Labels] = Counter()
        self._without_sources: Counter[Labels] = Counter()
        self._without_regions: Counter[str] = Counter()
        self._not_recorded = 0
        self._refused: Counter[str] = Counter()
        self._slots = {outcome: [0] * (len(BUCKETS_SECONDS) + 1) for outcome in ScreenOutcome}
        self._seconds = dict.fromkeys(ScreenOutcome, 0.0)

    def screened(self, result: ScreenResult, seconds: float) -> None:
        """Count an answer that took so long."""
        with self._lock:
            self._uploads[result.outcome, result.reason or ""] += 1
            for match in result.matches:
                words = (match.kind.value, match.match_class.value, match.source, match.action.value)
                self._matches[tuple(zip(_OF_MATCHES, words, strict=True))] += 1
            for left_out in result.sources_left_out:
                self._without_sources[("source", left_out.source), ("code", left_out.code)] += 1
            if result.regions_left_out is not None:
                self._without_regions[result.regions_left_out] += 1
            self._not_recorded += result.not_recorded is not None
            self._slots[result.outcome][bisect.bisect_left(BUCKETS_SECONDS, seconds)] += 1
            self._seconds[result.outcome] += seconds

    def refused(self, code: str) -> None:
        """Count a request that was answered with an error."""
        with self._lock:
            self._refused[code] += 1

    def families(self) -> list[Family]:
        """Return everything that was counted."""
        with self._lock:
            return [
                Family(
                    "stillmine_partner_uploads_total",
                    "counter",
                    "Uploads that were answered, by outcome and, of not_screened, the first reason.",
                    [
                        Sample(number, (("outcome", outcome.value), ("reason", reason)))
                        for (outcome, reason), number in sorted(self._uploads.items())
                    ],
                ),
                Family(
                    "stillmine_partner_matches_total",
                    "counter",
                    "Matches in those answers: at most twenty for an upload.",
                    [Sample(number, labels) for labels, number in sorted(self._matches.items())],
                ),
                Family(
                    "stillmine_partner_uploads_without_source_total",
                    "counter",
                    "Uploads that a source did not look up whole, by the source and the code of why.",
                    [Sample(number, labels) for labels, number in sorted(self._without_sources.items())],
                ),
                _by_code(
                    "stillmine_partner_uploads_without_regions_total",
                    "Uploads whose regions were not asked about, by the code of why.",
                    self._without_regions,
                ),
                Family(
                    "stillmine_partner_uploads_not_recorded_total",
                    "counter",
                    "Uploads that matched while the store took nothing.",
                    [Sample(self._not_recorded)],
                ),
                _by_code("stillmine_partner_refused_requests_total", "Requests answered with an error, by its code.", self._refused),
                Family(
                    "stillmine_partner_screening_seconds",
                    "histogram",
                    "From the last byte of an upload to its answer.",
                    [sample for outcome in ScreenOutcome for sample in self._histogram(outcome)],
                ),
            ]

    def _histogram(self, outcome: ScreenOutcome) -> list[Sample]:
        label, so_far = ("outcome", outcome.value), list(itertools.accumulate(self._slots[outcome]))
        bounds = [*(str(bound) for bound in BUCKETS_SECONDS), "+Inf"]
        return [
            *(Sample(number, (label, ("le", bound)), "_bucket") for bound, number in zip(bounds, so_far, strict=True)),
            Sample(self._seconds[outcome], (label,), "_sum"),
            Sample(so_far[-1], (label,), "_count"),
        ]


def _by_code(name: str, words: str, counter: "Counter[str]") -> Family:
    return Family(name, "counter", words, [Sample(number, (("code", code),)) for code, number in sorted(counter.items())])
