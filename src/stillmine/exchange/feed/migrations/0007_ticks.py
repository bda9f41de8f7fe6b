# SPDX-License-Identifier: Apache-2.0
"""Additions wait for a tick. All that is there is shown already."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def show_all(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Partners were given everything up to the head."""
    apps.get_model("feed", "Head").objects.update(shown_sequence=F("sequence"))


class Migration(migrations.Migration):
    """Say of each change whether it is shown, and of the head what waits."""

    dependencies = [("feed", "0006_snapshots")]
    operations = [
        migrations.AddField("head", "shown_sequence", models.BigIntegerField(default=0)),
        migrations.AddField("head", "waiting_since", models.BigIntegerField(null=True)),
        migrations.AddField("change", "is_shown", models.BooleanField(default=True)),
        migrations.AlterField("change", "is_shown", models.BooleanField()),
        migrations.RunPython(show_all, migrations.RunPython.noop),
        migrations.AddIndex(
            "change",
            models.Index(
                condition=models.Q(("is_shown", False), ("state", "active"), ("superseded_by__isnull", True)),
                fields=["sequence"],
                name="waiting_changes",
            ),
        ),
    ]
