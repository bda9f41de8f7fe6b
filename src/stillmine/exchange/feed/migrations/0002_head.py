# SPDX-License-Identifier: Apache-2.0
"""The one row that every change locks. It is made here and never deleted."""

from datetime import UTC, datetime

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_head(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Start the sequence at 0."""
    apps.get_model("feed", "Head").objects.create(id=1, sequence=0, changed_at=datetime.fromtimestamp(0, UTC))


class Migration(migrations.Migration):
    """Add the head."""

    dependencies = [("feed", "0001_initial")]
    operations = [migrations.RunPython(make_head, migrations.RunPython.noop)]
