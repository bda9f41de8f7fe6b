# SPDX-License-Identifier: Apache-2.0
"""Whether the database can be read at all, before anything is made of what it says. Shows nothing of what is stored.

SQLite looks at its file page by page. PostgreSQL has no such look that every server offers: there, what is read must fit its own counts.
"""

from django.db import Error, connection

from stillmine.exchange.database.migrate import DatabaseDamagedError
from stillmine.exchange.ground.counted import counted
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import Change, Head
from stillmine.exchange.rows.log import Leaf, LedgerHead
from stillmine.wire.case import FingerprintState

DAMAGED = DatabaseDamagedError.sentence


def unsound() -> list[str]:
    """Return what keeps this database from being believed, one line each; nothing where it is sound."""
    try:
        return _pages() or _counts()
    except Error as error:
        return [f"{DAMAGED} ({type(error).__name__})"]


def _pages() -> list[str]:
    if connection.vendor != "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(1)")
        return [] if cursor.fetchall() == [("ok",)] else [DAMAGED]


def _counts() -> list[str]:
    """Return which tables don't hold what others count."""
    without_key = Fingerprint.objects.exclude(state=FingerprintState.WITHDRAWN).filter(data_key=None).count()
    feed, ledger = list(Head.objects.values_list("sequence", flat=True)), list(LedgerHead.objects.values_list("recorded", flat=True))
    wrong = {
        counted(without_key, "fingerprint has no data key", "fingerprints have no data key"): without_key > 0,
        "the feed does not hold as many changes as its head says": [Change.objects.count()] != feed,
        "the ledger does not hold as many entries as its head says": [Leaf.objects.count()] != ledger,
    }
    return [rule for rule, is_broken in wrong.items() if is_broken]
