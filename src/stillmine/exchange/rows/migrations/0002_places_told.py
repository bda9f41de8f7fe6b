# SPDX-License-Identifier: Apache-2.0
"""Places told to partners in asks about regions, and how many pictures they did not find there."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rows", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="PlacesTold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_at", models.DateTimeField(db_index=True)),
                ("pictures", models.PositiveIntegerField()),
                ("found", models.PositiveIntegerField(default=0)),
                ("looks", models.PositiveSmallIntegerField(default=0)),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={"db_table": "ask_placestold"},
        ),
        migrations.CreateModel(
            name="Unconfirmed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("pictures", models.PositiveIntegerField(default=0)),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={"db_table": "ask_unconfirmed"},
        ),
        migrations.AddConstraint(
            model_name="unconfirmed",
            constraint=models.UniqueConstraint(fields=("partner", "day"), name="one_unconfirmed_per_day"),
        ),
    ]
