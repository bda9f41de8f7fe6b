# SPDX-License-Identifier: Apache-2.0
"""A database of the time before the tables had one home: the same tables under other names of migrations, and so taken over as it is.

From `rows/migrations/0001_initial.py` on migrations are kept. What was made by an earlier state than the last of before is refused.
"""

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from stillmine.wire.errors import NotConfiguredError

LAST_OF_EACH = {
    "ask": "0003_variety",
    "backup": "0001_initial",
    "cases": "0008_withdrawal_delay",
    "clock": "0001_initial",
    "console": "0001_initial",
    "drills": "0001_initial",
    "erasure": "0001_initial",
    "feed": "0007_ticks",
    "feedback": "0003_is_beside",
    "intake": "0003_flags",
    "keys": "0004_wipe_old_keys",
    "ledger": "0003_publication",
    "limits": "0001_initial",
    "partners": "0004_erased_list_at",
    "secret_check": "0001_initial",
    "statistics": "0001_initial",
    "submissions": "0001_initial",
}
FIRST = ("rows", "0001_initial")

ONLY_ADDED = frozenset(
    {
        "rows.0002_places_told",
        "rows.0003_parts",
        "rows.0004_portal_entries",
        "rows.0005_named_partners",
        "rows.0006_last_backup",
        "rows.0007_backup_tested",
    }
)
"""Migrations that add tables, and columns whose default the database knows: what an earlier version backed up is restored without them."""


def is_earlier(app: str) -> bool:
    """Return whether a migration of this app is of the time before."""
    return app in LAST_OF_EACH


def is_last_of_before(migrations: list[str]) -> bool:
    """Return whether these, such as `cases.0001_initial`, made the last state of before and nothing later."""
    return {f"{app}.{name}" for app, name in LAST_OF_EACH.items()} <= set(migrations) and all(
        is_earlier(name.partition(".")[0]) for name in migrations
    )


def lacks_only_what_was_added(made_by: list[str], applied: list[str]) -> bool:
    """Return whether these migrations made what the applied ones did, but for tables and columns that are new."""
    earlier = [".".join(FIRST)] if is_last_of_before(made_by) else made_by
    return set(earlier) <= set(applied) and set(applied) - set(earlier) <= ONLY_ADDED


def take_over() -> None:
    """Note that the tables are there already, where a database of before has them all.

    Raises NotConfiguredError for one that was never brought up to the last state of before.
    """
    recorder = MigrationRecorder(connection)
    applied = recorder.applied_migrations()
    if not any(is_earlier(app) for app, _ in applied):
        return
    if missing := LAST_OF_EACH.items() - applied.keys():
        raise NotConfiguredError(
            f"the database was made by a version that this one can't bring up to date ({len(missing)} change(s) are missing). "
            "Run `stillmine exchange migrate` of the last version before this one first; nothing was changed"
        )
    with transaction.atomic():
        gone, _ = recorder.migration_qs.filter(app__in=LAST_OF_EACH).delete()
        if gone and FIRST not in applied:  # else another start, which came first, has noted it
            recorder.record_applied(*FIRST)
