# SPDX-License-Identifier: Apache-2.0
"""The first tables of ask."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0003_found_by_digest"),
        ("partners", "0002_daily_quota"),
    ]

    operations = [
        migrations.CreateModel(
            name="AskCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("queries", models.PositiveBigIntegerField(default=0)),
                ("matches", models.PositiveBigIntegerField(default=0)),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("partner", "day"), name="one_ask_count_per_day")],
            },
        ),
        migrations.CreateModel(
            name="AskMatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("first_at", models.DateTimeField()),
                ("queries", models.PositiveIntegerField(default=0)),
                ("fingerprint", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.fingerprint")),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("partner", "fingerprint", "day"), name="one_ask_match_per_day")],
            },
        ),
    ]
