# SPDX-License-Identifier: Apache-2.0
"""Write the tables anew, so that values which stood in clear are not left in freed places of the database's files.

PostgreSQL keeps the bytes of dropped columns and of old rows until a table is written anew; SQLite keeps them in its log until
that is folded into the file. What a server's own log, replicas or backups hold is the operator's: docs/operators.md.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_STATEMENTS = {
    "postgresql": ("VACUUM (FULL) cases_fingerprint", "VACUUM (FULL) feed_pendingtombstone"),
    "sqlite": ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"),
}


def wipe(_apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Not in a transaction: both databases refuse that."""
    with schema_editor.connection.cursor() as cursor:
        for statement in _STATEMENTS[schema_editor.connection.vendor]:
            cursor.execute(statement)


class Migration(migrations.Migration):
    """After the last column in clear is gone."""

    atomic = False
    dependencies = [("keys", "0001_initial"), ("cases", "0004_sealed_only"), ("feed", "0004_sealed_only")]
    operations = [migrations.RunPython(wipe, migrations.RunPython.noop, atomic=False)]
