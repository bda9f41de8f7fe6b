# SPDX-License-Identifier: Apache-2.0
"""Work out the public numbers once a day. A series that may not move stays where it was: spec/statistics.md.

Counting reads days that are over, outside of the transaction, so that nobody waits for it. Days that were missed are counted
with the next one; a clock that is set back moves nothing.
"""

from datetime import UTC, datetime

from stillmine.exchange.rows.statistics import Answer, Duration, Step
from stillmine.exchange.statistics.durations import QUANTILES, confirmations_between, decisions_between, quantile
from stillmine.exchange.statistics.queries import answer_of
from stillmine.exchange.statistics.series import all_series
from stillmine.exchange.transaction.context import Context, to_minute
from stillmine.exchange.transaction.tx import tx
from stillmine.wire.codec import encode
from stillmine.wire.statistics import STEP

BEGINNING = datetime(1970, 1, 8, tzinfo=UTC)


def count_yesterday(exchange: Context) -> int:
    """Bring the public numbers up to the last midnight; returns 1 where that was still to do, else 0."""
    until = to_minute(exchange.clock()).replace(hour=0, minute=0)
    after = _counted_until()
    if until <= after:
        return 0
    steps = _steps(until)
    durations = [*decisions_between(after, until), *confirmations_between(after, until)]
    with tx("statistics.count_yesterday", exchange.clock):
        if _counted_until() != after:  # another process was quicker
            return 0
        Step.objects.bulk_create(steps)
        Duration.objects.bulk_create(durations)
        Step.objects.bulk_create(_quantile_steps(until))
        Answer.objects.all().delete()
        Answer.objects.create(until=until, body=encode(answer_of(until)).decode())
    return 1


def _steps(until: datetime) -> list[Step]:
    """Return a step for each series for which enough is new."""
    moved = _last_steps()
    steps = []
    for name, series in all_series().items():
        _, cases = series.count(moved.get(name, BEGINNING), until)
        if cases >= STEP:
            rows, _ = series.count(BEGINNING, until)
            steps.append(Step(series=name, until=until, total=rows // STEP * STEP))
    return steps


def _quantile_steps(until: datetime) -> list[Step]:
    """Work out again the times of which values of at least ten cases are new."""
    moved = _last_steps()
    steps = []
    for name, (what, percent) in QUANTILES.items():
        new = Duration.objects.filter(what=what, until__gt=moved.get(name, BEGINNING))
        minutes = quantile(what, percent) if new.values("case_id").distinct().count() >= STEP else None
        if minutes is not None:
            steps.append(Step(series=name, until=until, total=minutes))
    return steps


def _counted_until() -> datetime:
    return Answer.objects.values_list("until", flat=True).first() or BEGINNING


def _last_steps() -> dict[str, datetime]:
    return dict(Step.objects.order_by("until").values_list("series", "until"))
