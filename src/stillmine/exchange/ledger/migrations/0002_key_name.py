# SPDX-License-Identifier: Apache-2.0
"""The name of the log's key has 128 bits instead of 64, and stands in each checkpoint: those that left are signed anew under it.

The same sizes and roots by the same key. This is the one time that a kept checkpoint changes.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from stillmine.exchange.context import context
from stillmine.exchange.ledger.key import signing_key
from stillmine.ledger.signed_note import strict_base64


def sign_anew(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Leave alone what is under the new name, and what is no checkpoint: that is for `fsck` to find."""
    key = signing_key(context().secret)
    given = apps.get_model("ledger", "GivenCheckpoint").objects
    before = f"{key.verifier.name[:-16]}\n"
    for row in given.filter(note__startswith=before).iterator():
        root = strict_base64(row.note.split("\n")[2])
        if root is not None:
            given.filter(size=row.size).update(note=key.sign(row.size, root))


class Migration(migrations.Migration):
    """Data alone."""

    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(sign_anew, migrations.RunPython.noop)]
