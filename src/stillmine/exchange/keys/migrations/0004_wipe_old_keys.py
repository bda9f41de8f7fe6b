# SPDX-License-Identifier: Apache-2.0
"""Write the tables anew, so that values sealed under the keys of cases are not left in freed places: those open without a key of the day.

What the database's own log, replicas and older backups hold opens with the key-encryption key until that is changed: docs/operators.md.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_STATEMENTS = {
    "postgresql": ("VACUUM (FULL) cases_fingerprint", "VACUUM (FULL) cases_expiredvalue", "VACUUM (FULL) feed_pendingtombstone"),
    "sqlite": ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
}


def wipe(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Not in a transaction: both databases refuse that."""
    with schema_editor.connection.cursor() as cursor:
        for statement in _STATEMENTS[schema_editor.connection.vendor]:
            cursor.execute(statement)


class Migration(migrations.Migration):
    """After the last key of a case is gone."""

    atomic = False
    dependencies = [("keys", "0003_day_keys")]
    operations = [migrations.RunPython(wipe, migrations.RunPython.noop, atomic=False)]
