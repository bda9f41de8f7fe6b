# SPDX-License-Identifier: Apache-2.0
"""The newest time that anything stored says was once now. It may tell that a clock is ahead, never that it is right."""

import json
from datetime import UTC, date, datetime, time, timedelta

from django.apps.registry import Apps
from django.db.models import Max

_RECORDED = (
    ("Head", "changed_at"),
    ("Disclosure", "last_at"),
    ("Acknowledgement", "minute"),
    ("Case", "opened_at"),
    ("Case", "closed_at"),
    ("Answer", "until"),
)
_NOTHING_YET = datetime(1970, 1, 2, tzinfo=UTC)
"""An empty database has a head of the feed, which is older than this."""


def newest_stored(apps: Apps, now: datetime | None = None) -> datetime | None:
    """Return it, None where nothing was ever stored; `apps` may be a migration's.

    Of the ledger's last leaf only the day is known, so it was written at `now` where that is in this day, and else at its nearer end:
    taken for midnight, the first leaf of a new exchange would make its clock look as if it had jumped.
    """
    found = [apps.get_model("rows", model).objects.aggregate(newest=Max(column))["newest"] for model, column in _RECORDED]
    leaf = apps.get_model("rows", "Leaf").objects.order_by("-pk").values_list("text", flat=True).first()
    if leaf is not None:
        begins = datetime.combine(date.fromisoformat(json.loads(leaf)["day"]), time(), UTC)
        found.append(begins if now is None else min(max(now, begins), begins + timedelta(days=1)))
    return max((at for at in found if at is not None and at >= _NOTHING_YET), default=None)
