# SPDX-License-Identifier: Apache-2.0
"""The first table of submissions."""

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
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "case",
                    models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="submission", to="cases.case"),
                ),
                ("partner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner")),
            ],
        ),
    ]
