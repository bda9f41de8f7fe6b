# SPDX-License-Identifier: Apache-2.0
"""The public answer, made from steps alone: nothing here may look at a case, a fingerprint or a report."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from stillmine.exchange.rows.statistics import Answer, Step
from stillmine.exchange.statistics import series
from stillmine.exchange.statistics.durations import QUANTILES
from stillmine.wire.codec import decode
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import ACCEPTED_KINDS
from stillmine.wire.statistics import MAXIMUM_MONTHS, STEP, Counts, Minutes, MonthCounts, Statistics


def published() -> Statistics:
    """Return today's answer as it was worked out, or one that says nothing where none was yet."""
    row = Answer.objects.order_by("-until").first()
    return decode(row.body.encode(), Statistics) if row else answer_of(None)


def answer_of(until: datetime | None) -> Statistics:
    """Return the answer that the steps so far give, up to the midnight `until`."""
    totals: dict[str, int] = {}
    months: defaultdict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for step in Step.objects.order_by("until", "id"):
        if step.series not in QUANTILES:
            months[_month(step.until)][step.series] += step.total - totals.get(step.series, 0)
        totals[step.series] = step.total
    newest = [MonthCounts(month, _counts(steps)) for month, steps in sorted(months.items())][-MAXIMUM_MONTHS:]
    return Statistics(
        version=1,
        day=(until - timedelta(days=1)).date() if until else None,
        step=STEP,
        cases_open=_open(totals),
        totals=_counts(totals),
        months=newest,
        minutes_to_decision=Minutes(median=totals.get("decision_median")),
        minutes_to_confirmation=Minutes(median=totals.get("confirmation_median"), percentile_95=totals.get("confirmation_95")),
    )


def _open(totals: Mapping[str, int]) -> int | None:
    ended = totals.get(series.CASES_WITHDRAWN, 0) + totals.get(series.CASES_EXPIRED, 0)
    return totals[series.CASES_OPENED] - ended or None if series.CASES_OPENED in totals else None


def _counts(numbers: Mapping[str, int]) -> Counts:
    published = {name: number for name, number in numbers.items() if number}  # 0 is never said
    return Counts(
        cases_opened=published.get(series.CASES_OPENED),
        cases_withdrawn=published.get(series.CASES_WITHDRAWN),
        cases_expired=published.get(series.CASES_EXPIRED),
        fingerprints={kind: published.get(series.fingerprints_of(kind)) for kind in sorted(ACCEPTED_KINDS)},
        fingerprints_withdrawn=published.get(series.FINGERPRINTS_WITHDRAWN),
        matches_reported=published.get(series.MATCHES_REPORTED),
        matches_removed=published.get(series.MATCHES_REMOVED),
        matches_not_removed={reason: published.get(series.not_removed_because(reason)) for reason in NotRemovedReason},
    )


def _month(until: datetime) -> str:
    """Return the month of the day that ends at this midnight."""
    return f"{until - timedelta(days=1):%Y-%m}"
