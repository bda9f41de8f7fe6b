# SPDX-License-Identifier: Apache-2.0
"""Votes of partners on fingerprints."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_found_by_digest"),
        ("feedback", "0001_initial"),
        ("partners", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Vote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vote_id", models.CharField(max_length=32)),
                ("vote", models.CharField(max_length=16)),
                ("reason", models.CharField(max_length=32, null=True)),
                ("received_at", models.DateTimeField()),
                ("fingerprint", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.fingerprint")),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("partner", "vote_id"), name="one_vote_per_vote_id")],
            },
        ),
    ]
