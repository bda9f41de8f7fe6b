# SPDX-License-Identifier: Apache-2.0
"""The first tables of feed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0001_initial"),
        ("partners", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField()),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Acknowledgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField()),
                ("minute", models.DateTimeField()),
                (
                    "partner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="acknowledgements", to="partners.partner"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("partner", "sequence"), name="one_row_per_confirmed_number")],
            },
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("state", models.CharField(default="active", max_length=16)),
                ("changed_at", models.DateTimeField()),
                ("superseded_by", models.BigIntegerField(null=True)),
                (
                    "fingerprint",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="cases.fingerprint"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("superseded_by__isnull", True)), fields=["sequence"], name="newest_changes"),
                    models.Index(fields=["changed_at"], name="change_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_by__isnull", True)), fields=("fingerprint",), name="one_newest_change"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("shape", models.CharField(choices=[("native", "Native"), ("stopncii", "Stopncii")], max_length=16)),
                ("from_sequence", models.BigIntegerField()),
                ("to_sequence", models.BigIntegerField()),
                ("head_sequence", models.BigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("pages", models.PositiveIntegerField(default=1)),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["to_sequence", "from_sequence"], name="disclosed_range")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("partner", "shape", "head_sequence", "from_sequence", "to_sequence"), name="one_row_per_same_page"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PendingTombstone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.CharField(max_length=64)),
                ("changed_at", models.DateTimeField(db_index=True)),
                ("fingerprint", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.fingerprint")),
                ("partner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.partner")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("partner", "fingerprint"), name="one_tombstone_per_partner")],
            },
        ),
    ]
