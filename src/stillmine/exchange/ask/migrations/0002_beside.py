# SPDX-License-Identifier: Apache-2.0
"""What matched beside the fingerprint that a partner was told."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ask", "0001_initial"),
        ("cases", "0006_is_synthetic"),
        ("partners", "0003_ways_and_scopes"),
    ]

    operations = [
        migrations.CreateModel(
            name="AskBeside",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_day", models.DateField(db_index=True)),
                (
                    "other",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.fingerprint"
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"),
                ),
                (
                    "told",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.fingerprint"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("partner", "told", "other"), name="one_row_per_pair_told")],
            },
        ),
    ]
