# SPDX-License-Identifier: Apache-2.0
"""Flags, distinct uploads beside all reports, and suspensions that lapse.

What an earlier version suspended for a count is not moved here: that is a change in the feed and in the ledger, and upkeep makes it.
"""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def reports_were_uploads(apps: Apps, _schema: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("intake", "MatchCount").objects.update(reports=models.F("uploads"))


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0006_is_synthetic"),
        ("intake", "0002_bank_kinds"),
    ]

    operations = [
        migrations.AddField(
            model_name="matchcount",
            name="reports",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunPython(reports_were_uploads, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="suspension",
            name="decision",
            field=models.CharField(choices=[("restored", "Restored"), ("kept", "Kept"), ("lapsed", "Lapsed")], max_length=16, null=True),
        ),
        migrations.CreateModel(
            name="CountedUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=32)),
                (
                    "count",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="counted", to="intake.matchcount"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("count", "token"), name="one_upload_once")],
            },
        ),
        migrations.CreateModel(
            name="Flag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        choices=[("found_too_often", "Found Too Often"), ("doubted_by_partners", "Doubted By Partners")], max_length=32
                    ),
                ),
                ("flagged_at", models.DateTimeField()),
                ("decision", models.CharField(choices=[("left", "Left"), ("suspended", "Suspended")], max_length=16, null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "fingerprint",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="flags", to="cases.fingerprint"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("decision__isnull", True)), fields=("fingerprint",), name="one_undecided_flag"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("decision__isnull", True)),
                            models.Q(("decided_at__isnull", False), ("decision__isnull", False)),
                            _connector="OR",
                        ),
                        name="flag_decided_with_time",
                    ),
                ],
            },
        ),
    ]
