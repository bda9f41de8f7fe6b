# SPDX-License-Identifier: Apache-2.0
"""The tables of public numbers."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0003_found_by_digest"),
    ]

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("until", models.DateTimeField(unique=True)),
                ("body", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("series", models.CharField(max_length=48)),
                ("until", models.DateTimeField()),
                ("total", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("series", "until"), name="one_step_a_day")],
            },
        ),
        migrations.CreateModel(
            name="Duration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=16)),
                ("minutes", models.PositiveIntegerField(null=True)),
                ("until", models.DateTimeField()),
                ("case", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.case")),
            ],
            options={
                "indexes": [models.Index(fields=["what", "until"], name="durations_by_day")],
            },
        ),
    ]
