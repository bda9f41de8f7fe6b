# SPDX-License-Identifier: Apache-2.0
"""The first table of drills."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0003_found_by_digest"),
        ("partners", "0003_ways_and_scopes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Drill",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16)),
                ("seed", models.CharField(max_length=32)),
                ("value", models.CharField(max_length=64)),
                ("planted_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("reports_when_withdrawn", models.BigIntegerField(default=0)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("reports_when_confirmed", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                ("case", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="drill", to="cases.case")),
                (
                    "fingerprint",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.fingerprint"),
                ),
                ("partner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)), fields=("partner",), name="one_drill_at_a_time"
                    )
                ],
            },
        ),
    ]
