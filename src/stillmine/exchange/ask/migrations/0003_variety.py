# SPDX-License-Identifier: Apache-2.0
"""Roughly how many different queries matched a fingerprint on a day, and alarms that say that it were many."""

from django.db import migrations, models
from django.db.models.deletion import PROTECT

_BEFORE = [("ask", "0002_beside"), ("cases", "0001_initial"), ("partners", "0001_initial")]


def _number() -> models.BigAutoField:  # type: ignore[type-arg]
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _partner() -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(db_index=False, on_delete=PROTECT, related_name="+", to="partners.partner")


class Migration(migrations.Migration):
    """Add the two tables."""

    dependencies = _BEFORE
    operations = [
        migrations.CreateModel(
            "AskVariety",
            fields=[
                ("id", _number()),
                ("partner", _partner()),
                ("fingerprint", models.ForeignKey(db_index=False, on_delete=PROTECT, related_name="+", to="cases.fingerprint")),
                ("day", models.DateField()),
                ("seen", models.BinaryField(default=bytes)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("partner", "fingerprint", "day"), name="one_variety_per_day")],
            },
        ),
        migrations.CreateModel(
            "ProbingAlarm",
            fields=[
                ("id", _number()),
                ("partner", _partner()),
                ("day", models.DateField()),
                ("fingerprints", models.PositiveIntegerField(default=0)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("partner", "day"), name="one_probing_alarm_per_day")]},
        ),
    ]
