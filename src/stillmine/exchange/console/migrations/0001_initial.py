# SPDX-License-Identifier: Apache-2.0
"""The first tables of the console."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="LogLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("operator", models.CharField(max_length=60)),
                ("action", models.CharField(max_length=40)),
                ("target", models.CharField(max_length=80)),
                ("minute", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("begun", "Begun"), ("done", "Done"), ("refused", "Refused")], default="begun", max_length=16
                    ),
                ),
                ("error_code", models.CharField(default="", max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name="Operator",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("random_id", models.CharField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("name_key", models.CharField(max_length=180, unique=True)),
                ("role", models.CharField(choices=[("manager", "Manager"), ("reviewer", "Reviewer")], max_length=16)),
                ("created_at", models.DateTimeField()),
                ("enrolment_hash", models.CharField(max_length=64, null=True)),
                ("enrolment_until", models.DateTimeField(null=True)),
                ("enrolled_at", models.DateTimeField(null=True)),
                ("password_hash", models.CharField(max_length=200, null=True)),
                ("totp_sealed", models.CharField(max_length=200, null=True)),
                ("totp_step", models.BigIntegerField(default=0)),
                ("signed_in_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("enrolled_at__isnull", True), ("password_hash__isnull", True)),
                            models.Q(
                                ("enrolled_at__isnull", False),
                                ("enrolment_hash__isnull", True),
                                ("password_hash__isnull", False),
                                ("totp_sealed__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="enrolled_with_password_and_code",
                    ),
                    models.CheckConstraint(condition=models.Q(("role__in", ["manager", "reviewer"])), name="operator_role_known"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Session",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("purpose", models.CharField(choices=[("enrolling", "Enrolling"), ("signed_in", "Signed In")], max_length=16)),
                ("begun_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(db_index=True)),
                (
                    "operator",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to="console.operator"),
                ),
            ],
        ),
    ]
