# SPDX-License-Identifier: Apache-2.0
"""The first tables of cases."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("case_id", models.CharField(max_length=32, unique=True)),
                ("token_hash", models.CharField(max_length=64)),
                ("state", models.CharField(default="open", max_length=16)),
                ("term_months", models.PositiveSmallIntegerField()),
                ("opened_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["state", "expires_at"], name="case_state_expires")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state", "open")),
                            models.Q(("state__in", ["withdrawn", "expired"]), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="case_closed_when_not_open",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Fingerprint",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("is_from_opening", models.BooleanField()),
                ("kind", models.CharField(max_length=16)),
                ("state", models.CharField(default="active", max_length=16)),
                ("value", models.CharField(max_length=64, null=True)),
                ("quality", models.PositiveSmallIntegerField(null=True)),
                ("added_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="fingerprints", to="cases.case")),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "value"], name="fingerprint_kind_value")],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "position"), name="one_place_per_fingerprint"),
                    models.UniqueConstraint(fields=("case", "kind", "value"), name="one_value_once_per_case"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "withdrawn"), ("quality__isnull", True), ("value__isnull", True), ("withdrawn_at__isnull", False)
                            ),
                            models.Q(
                                models.Q(("state", "withdrawn"), _negated=True),
                                ("quality__isnull", False),
                                ("value__isnull", False),
                                ("withdrawn_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="withdrawn_is_erased",
                    ),
                ],
            },
        ),
    ]
