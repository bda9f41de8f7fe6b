# SPDX-License-Identifier: Apache-2.0
"""Which entries of the log name a list of the portal's files; before this there were none."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rows", "0003_parts")]

    operations = [
        migrations.CreateModel(
            name="PortalEntry",
            fields=[
                (
                    "leaf",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="+", serialize=False, to="rows.leaf"
                    ),
                ),
                ("list_hash", models.CharField(max_length=64)),
            ],
            options={"db_table": "ledger_portalentry"},
        ),
    ]
