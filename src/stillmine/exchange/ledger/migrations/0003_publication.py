# SPDX-License-Identifier: Apache-2.0
"""Entries are recorded first and get their place in the log when they are published. All of before are published, where they are."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def all_are_published(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """An entry's number was its place."""
    apps.get_model("ledger", "Leaf").objects.update(place=F("id"))
    apps.get_model("ledger", "LedgerHead").objects.update(recorded=F("size"))


class Migration(migrations.Migration):
    """Make room and fill it."""

    dependencies = [("ledger", "0002_key_name")]
    operations = [
        migrations.RenameField("Leaf", "place", "id"),
        migrations.AddField("Leaf", "place", models.BigIntegerField(null=True, unique=True)),
        migrations.AddField("Leaf", "publish_by", models.DateTimeField(null=True)),
        migrations.AddField("LedgerHead", "recorded", models.BigIntegerField(default=0)),
        migrations.AddField("LedgerHead", "next_at", models.DateTimeField(null=True)),
        migrations.RunPython(all_are_published, migrations.RunPython.noop),
    ]
