# SPDX-License-Identifier: Apache-2.0
"""Tables of data keys, and the file of key-encryption keys where there is none.

This is the one moment when making that file can't hide a loss: nothing has ever been wrapped.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from stillmine.exchange.context import context


def create_file(_apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the file, then read it, so that a command or a file that does not work is told before anything is sealed."""
    exchange = context()
    exchange.keys.create_file(exchange.random_bytes)
    exchange.keys.ring()


class Migration(migrations.Migration):
    """The two tables."""

    initial = True
    dependencies = [("cases", "0003_found_by_digest"), ("feed", "0003_value_digest")]
    operations = [
        migrations.RunPython(create_file, migrations.RunPython.noop),
        migrations.CreateModel(
            name="CaseDataKey",
            fields=[
                ("wrapped_by", models.CharField(max_length=8, db_index=True)),
                ("wrapped_key", models.BinaryField()),
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="data_key",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
            ],
            options={"db_table": "case_data_keys"},
        ),
        migrations.CreateModel(
            name="TombstoneDataKey",
            fields=[
                ("wrapped_by", models.CharField(max_length=8, db_index=True)),
                ("wrapped_key", models.BinaryField()),
                (
                    "tombstone",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="data_key",
                        serialize=False,
                        to="feed.pendingtombstone",
                    ),
                ),
            ],
            options={"db_table": "tombstone_data_keys"},
        ),
    ]
