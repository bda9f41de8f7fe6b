# SPDX-License-Identifier: Apache-2.0
"""The log, empty, with its head."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def add_head(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """An empty log has a size too."""
    apps.get_model("ledger", "LedgerHead").objects.create(id=1, size=0, hashes=b"")


class Migration(migrations.Migration):
    """Make the tables."""

    dependencies = [("cases", "0005_ledger_commitment"), ("partners", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "LedgerHead",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField()),
                ("hashes", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            "Leaf",
            [
                ("place", models.BigIntegerField(primary_key=True, serialize=False)),
                ("text", models.TextField()),
                ("items", models.BinaryField(default=b"")),
            ],
        ),
        migrations.CreateModel(
            "Node",
            [
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("hash", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            "GivenCheckpoint",
            [
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("note", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            "Mention",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=32)),
                (
                    "leaf",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.leaf"),
                ),
                (
                    "fingerprint",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.fingerprint"
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"
                    ),
                ),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("fingerprint", "leaf"), name="one_mention_per_entry")]},
        ),
        migrations.RunPython(add_head, migrations.RunPython.noop),
    ]
