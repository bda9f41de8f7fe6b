# SPDX-License-Identifier: Apache-2.0
"""Negative bank, suspensions, counts of matches, and the sign of an attack."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0003_found_by_digest"),
        ("partners", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Bank",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("name_key", models.CharField(max_length=180, unique=True)),
                ("added_at", models.DateTimeField()),
                ("pictures", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Guard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_under_attack", models.BooleanField()),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="BankPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField()),
                ("values", models.BinaryField()),
                (
                    "bank",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="intake.bank"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("bank", "place"), name="one_part_per_place")],
            },
        ),
        migrations.CreateModel(
            name="MatchCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(db_index=True)),
                ("uploads", models.PositiveIntegerField(default=0)),
                (
                    "fingerprint",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.fingerprint"
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("fingerprint", "partner", "day"), name="one_count_per_day")],
            },
        ),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=32)),
                ("suspended_at", models.DateTimeField()),
                ("decision", models.CharField(choices=[("restored", "Restored"), ("kept", "Kept")], max_length=16, null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "fingerprint",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="suspensions", to="cases.fingerprint"),
                ),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("decision__isnull", True)), fields=["id"], name="undecided_suspensions")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decision__isnull", True)),
                            models.Q(("decided_at__isnull", False), ("decision__isnull", False)),
                            _connector="OR",
                        ),
                        name="decided_with_time",
                    )
                ],
            },
        ),
    ]
