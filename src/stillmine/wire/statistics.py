# SPDX-License-Identifier: Apache-2.0
"""What an exchange tells everybody about how much it does. No number here may be about fewer than ten cases.

A number that is null is "fewer than ten", never zero. How numbers move: spec/statistics.md.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec

from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import Kind

STEP = 10
"""Every number is a multiple of this, and moves only because of this many cases or more."""

MAXIMUM_MONTHS = 24

Month = Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}$", max_length=7)]
Count = int | None


class Counts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All series, from the beginning or of one month."""

    cases_opened: Count
    cases_withdrawn: Count
    cases_expired: Count
    fingerprints: dict[Kind, Count]
    fingerprints_withdrawn: Count
    matches_reported: Count
    matches_removed: Count
    matches_not_removed: dict[NotRemovedReason, Count]


class MonthCounts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The steps made for days of one month."""

    month: Month
    counts: Counts


class Minutes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long something takes; null where too few values would stand behind it, or where it is longer than is looked at."""

    median: int | None
    percentile_95: int | None = None


class Statistics(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public numbers of one exchange up to the end of `day`."""

    version: Literal[1]
    day: date | None
    step: int
    cases_open: Count
    totals: Counts
    months: list[MonthCounts]
    minutes_to_decision: Minutes
    minutes_to_confirmation: Minutes
