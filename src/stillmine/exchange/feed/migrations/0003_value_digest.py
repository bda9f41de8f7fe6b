# SPDX-License-Identifier: Apache-2.0
"""Values kept for partners that know fingerprints by value are compared with those of cases by digest."""

import hashlib

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def fill(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give what is there its digest."""
    pending = apps.get_model("feed", "PendingTombstone").objects
    for row in pending.only("id", "value").iterator():
        pending.filter(id=row.id).update(value_digest=hashlib.sha256(row.value.encode()).hexdigest())


class Migration(migrations.Migration):
    """Add the digest."""

    dependencies = [("feed", "0002_head"), ("cases", "0003_found_by_digest")]
    operations = [
        migrations.AddField("pendingtombstone", "value_digest", models.CharField(max_length=64, default=""), preserve_default=False),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
