# SPDX-License-Identifier: Apache-2.0
"""Values of any length, found by a digest, and the number of the file that each is of.

Every fingerprint of before is of a picture of its own, so each gets its place as its file number.
"""

import hashlib

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def fill(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give what is there a digest, a size and a file number."""
    fingerprints = apps.get_model("cases", "Fingerprint").objects
    fingerprints.update(file_number=F("position"))
    for row in fingerprints.filter(value__isnull=False).only("id", "value").iterator():
        value = str(row.value)
        digest = hashlib.sha256(value.encode()).hexdigest()
        fingerprints.filter(id=row.id).update(value_digest=digest, value_bytes=len(value))


class Migration(migrations.Migration):
    """Columns and what fills them; what holds them comes next, because PostgreSQL does not mix these in one transaction."""

    dependencies = [("cases", "0001_initial")]
    operations = [
        migrations.AddField("fingerprint", "file_number", models.PositiveSmallIntegerField(default=1)),
        migrations.AddField("fingerprint", "value_digest", models.CharField(max_length=64, null=True)),
        migrations.AddField("fingerprint", "value_bytes", models.PositiveIntegerField(default=0)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
