# SPDX-License-Identifier: Apache-2.0
"""Every table, and the two rows that are there from the beginning: the heads of feed and ledger."""

from datetime import UTC, datetime

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def make_heads(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Start the feed's sequence and the ledger at 0. Neither row is ever deleted."""
    apps.get_model("rows", "Head").objects.create(id=1, sequence=0, changed_at=datetime.fromtimestamp(0, UTC))
    apps.get_model("rows", "LedgerHead").objects.create(id=1, size=0, hashes=b"")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("until", models.DateTimeField(unique=True)),
                ("body", models.TextField()),
            ],
            options={
                "db_table": "statistics_answer",
            },
        ),
        migrations.CreateModel(
            name="BackupFolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("folder", models.TextField(unique=True)),
                ("made_at", models.DateTimeField()),
                ("complained_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "backup_backupfolder",
            },
        ),
        migrations.CreateModel(
            name="Bank",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("name_key", models.CharField(max_length=180, unique=True)),
                ("added_at", models.DateTimeField()),
                ("pictures", models.PositiveIntegerField()),
            ],
            options={
                "db_table": "intake_bank",
            },
        ),
        migrations.CreateModel(
            name="ClockState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("believed_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("anchor_at", models.DateTimeField()),
                ("anchor_boot", models.CharField(max_length=64)),
                ("anchor_minutes_since_boot", models.BigIntegerField()),
                ("broken_at", models.DateTimeField(null=True)),
                ("complained_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "clock_clockstate",
            },
        ),
        migrations.CreateModel(
            name="DayKey",
            fields=[
                ("id", models.CharField(max_length=8, primary_key=True, serialize=False)),
                ("sequence", models.PositiveBigIntegerField(unique=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "db_table": "day_keys",
            },
        ),
        migrations.CreateModel(
            name="Fingerprint",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("is_from_opening", models.BooleanField()),
                ("file_number", models.PositiveSmallIntegerField(default=1)),
                ("kind", models.CharField(max_length=16)),
                ("state", models.CharField(default="active", max_length=16)),
                ("sealed_value", models.BinaryField(null=True)),
                ("blind_index", models.CharField(max_length=64, null=True)),
                ("value_bytes", models.PositiveIntegerField(default=0)),
                ("quality", models.PositiveSmallIntegerField(null=True)),
                ("is_synthetic", models.BooleanField(default=False)),
                ("added_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
                ("ledger_commitment", models.BinaryField(null=True)),
                ("withdrawal_asked_at", models.DateTimeField(null=True)),
                ("withdrawal_due_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "cases_fingerprint",
            },
        ),
        migrations.CreateModel(
            name="GivenCheckpoint",
            fields=[
                ("size", models.BigIntegerField(primary_key=True, serialize=False)),
                ("note", models.TextField()),
            ],
            options={
                "db_table": "ledger_givencheckpoint",
            },
        ),
        migrations.CreateModel(
            name="Guard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_under_attack", models.BooleanField()),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "intake_guard",
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField()),
                ("shown_sequence", models.BigIntegerField(default=0)),
                ("waiting_since", models.BigIntegerField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "db_table": "feed_head",
            },
        ),
        migrations.CreateModel(
            name="HeldUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
            ],
            options={
                "db_table": "erasure_heldup",
            },
        ),
        migrations.CreateModel(
            name="Leaf",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("place", models.BigIntegerField(null=True, unique=True)),
                ("publish_by", models.DateTimeField(null=True)),
                ("text", models.TextField()),
                ("items", models.BinaryField(default=b"")),
            ],
            options={
                "db_table": "ledger_leaf",
            },
        ),
        migrations.CreateModel(
            name="LedgerHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("size", models.BigIntegerField()),
                ("hashes", models.BinaryField()),
                ("recorded", models.BigIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "ledger_ledgerhead",
            },
        ),
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
            options={
                "db_table": "console_logline",
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("hash", models.BinaryField()),
            ],
            options={
                "db_table": "ledger_node",
            },
        ),
        migrations.CreateModel(
            name="Partner",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("random_id", models.CharField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=60)),
                ("name_key", models.CharField(max_length=180, unique=True)),
                ("way", models.CharField(default="ask", max_length=8)),
                ("daily_quota", models.PositiveIntegerField(default=1000000)),
                ("created_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("erased_list_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "partners_partner",
            },
        ),
        migrations.CreateModel(
            name="PendingTombstone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed_value", models.BinaryField()),
                ("blind_index", models.CharField(db_index=True, max_length=64)),
                ("changed_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "db_table": "feed_pendingtombstone",
            },
        ),
        migrations.CreateModel(
            name="SecretCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("value", models.CharField(max_length=64)),
            ],
            options={
                "db_table": "secret_check_secretcheck",
            },
        ),
        migrations.CreateModel(
            name="Attempts",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("network_key", models.CharField(max_length=64)),
                ("what", models.CharField(max_length=32)),
                ("minute", models.DateTimeField(db_index=True)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "db_table": "limits_attempts",
                "constraints": [models.UniqueConstraint(fields=("network_key", "what", "minute"), name="one_count_per_minute")],
            },
        ),
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
                ("delay", models.CharField(default="off", max_length=8)),
                ("delay_ends_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "cases_case",
                "indexes": [
                    models.Index(fields=["state", "expires_at"], name="case_state_expires"),
                    models.Index(condition=models.Q(("delay_ends_at__isnull", False)), fields=["delay_ends_at"], name="case_delay_ending"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("delay", "ending"), ("delay_ends_at__isnull", False)),
                            models.Q(("delay__in", ["off", "on"]), ("delay_ends_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="case_delay_ends_when_ending",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state", "open")),
                            models.Q(("state__in", ["withdrawn", "expired"]), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="case_closed_when_not_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExpiredValue",
            fields=[
                (
                    "fingerprint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="expired_value",
                        serialize=False,
                        to="rows.fingerprint",
                    ),
                ),
                ("state_before", models.CharField(max_length=16)),
                ("sealed_value", models.BinaryField()),
                ("blind_index", models.CharField(max_length=64)),
                ("value_bytes", models.PositiveIntegerField()),
                ("quality", models.PositiveSmallIntegerField()),
                ("is_synthetic", models.BooleanField()),
            ],
            options={
                "db_table": "cases_expiredvalue",
            },
        ),
        migrations.AddField(
            model_name="fingerprint",
            name="case",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="fingerprints", to="rows.case"),
        ),
        migrations.CreateModel(
            name="Change",
            fields=[
                ("sequence", models.BigIntegerField(primary_key=True, serialize=False)),
                ("state", models.CharField(default="active", max_length=16)),
                ("is_shown", models.BooleanField()),
                ("changed_at", models.DateTimeField()),
                ("superseded_by", models.BigIntegerField(null=True)),
                (
                    "fingerprint",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="rows.fingerprint"),
                ),
            ],
            options={
                "db_table": "feed_change",
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
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="flags", to="rows.fingerprint"),
                ),
            ],
            options={
                "db_table": "intake_flag",
            },
        ),
        migrations.CreateModel(
            name="MatchCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(db_index=True)),
                ("uploads", models.PositiveIntegerField(default=0)),
                ("reports", models.PositiveIntegerField(default=0)),
                (
                    "fingerprint",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint"),
                ),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "intake_matchcount",
            },
        ),
        migrations.CreateModel(
            name="CountedUpload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=32)),
                (
                    "count",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="counted", to="rows.matchcount"
                    ),
                ),
            ],
            options={
                "db_table": "intake_countedupload",
            },
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
                "db_table": "console_operator",
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
            name="Mention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("event", models.CharField(max_length=32)),
                (
                    "fingerprint",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint"),
                ),
                ("leaf", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.leaf")),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"
                    ),
                ),
            ],
            options={
                "db_table": "ledger_mention",
            },
        ),
        migrations.CreateModel(
            name="Drill",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16)),
                ("seed", models.CharField(max_length=32)),
                ("value", models.CharField(max_length=64)),
                ("planted_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("reports_when_withdrawn", models.BigIntegerField(default=0)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("reports_when_confirmed", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                ("case", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="drill", to="rows.case")),
                ("fingerprint", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint")),
                ("partner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner")),
            ],
            options={
                "db_table": "drills_drill",
            },
        ),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "shape",
                    models.CharField(choices=[("native", "Native"), ("snapshot", "Snapshot"), ("stopncii", "Stopncii")], max_length=16),
                ),
                ("from_sequence", models.BigIntegerField()),
                ("to_sequence", models.BigIntegerField()),
                ("head_sequence", models.BigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("pages", models.PositiveIntegerField(default=1)),
                (
                    "disclosed_entry",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.leaf"
                    ),
                ),
                (
                    "retracted_entry",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.leaf"
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "feed_disclosure",
            },
        ),
        migrations.CreateModel(
            name="AskVariety",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("seen", models.BinaryField(default=bytes)),
                (
                    "fingerprint",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint"),
                ),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "ask_askvariety",
            },
        ),
        migrations.CreateModel(
            name="AskMatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("first_at", models.DateTimeField()),
                ("queries", models.PositiveIntegerField(default=0)),
                ("fingerprint", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint")),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "ask_askmatch",
            },
        ),
        migrations.CreateModel(
            name="AskCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("queries", models.PositiveBigIntegerField(default=0)),
                ("matches", models.PositiveBigIntegerField(default=0)),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "ask_askcount",
            },
        ),
        migrations.CreateModel(
            name="AskBeside",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("last_day", models.DateField(db_index=True)),
                (
                    "other",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint"),
                ),
                (
                    "told",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint"),
                ),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "ask_askbeside",
            },
        ),
        migrations.CreateModel(
            name="Acknowledgement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.BigIntegerField()),
                ("minute", models.DateTimeField()),
                (
                    "partner",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="acknowledgements", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "feed_acknowledgement",
            },
        ),
        migrations.CreateModel(
            name="PartnerKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_id", models.CharField(max_length=8, unique=True)),
                ("key_hash", models.CharField(max_length=64)),
                ("scopes", models.CharField(default="", max_length=40)),
                ("created_at", models.DateTimeField()),
                ("last_used_on", models.DateField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("partner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="keys", to="rows.partner")),
            ],
            options={
                "db_table": "partners_partnerkey",
            },
        ),
        migrations.CreateModel(
            name="TombstoneDataKey",
            fields=[
                ("wrapped_key", models.BinaryField()),
                (
                    "tombstone",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="data_key",
                        serialize=False,
                        to="rows.pendingtombstone",
                    ),
                ),
            ],
            options={
                "db_table": "tombstone_data_keys",
            },
        ),
        migrations.AddField(
            model_name="pendingtombstone",
            name="fingerprint",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint"),
        ),
        migrations.AddField(
            model_name="pendingtombstone",
            name="partner",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
        ),
        migrations.CreateModel(
            name="ProbingAlarm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("fingerprints", models.PositiveIntegerField(default=0)),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "ask_probingalarm",
            },
        ),
        migrations.CreateModel(
            name="Report",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("feedback_id", models.CharField(max_length=32)),
                ("outcome", models.CharField(max_length=16)),
                ("reason", models.CharField(max_length=32, null=True)),
                ("received_at", models.DateTimeField()),
                ("is_beside", models.BooleanField(db_default=False, default=False)),
                ("fingerprint", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint")),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "feedback_report",
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
                ("operator", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="sessions", to="rows.operator")),
            ],
            options={
                "db_table": "console_session",
            },
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
                "db_table": "statistics_step",
                "constraints": [models.UniqueConstraint(fields=("series", "until"), name="one_step_a_day")],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("case", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="submission", to="rows.case")),
                ("partner", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner")),
            ],
            options={
                "db_table": "submissions_submission",
            },
        ),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=32)),
                ("suspended_at", models.DateTimeField()),
                (
                    "decision",
                    models.CharField(choices=[("restored", "Restored"), ("kept", "Kept"), ("lapsed", "Lapsed")], max_length=16, null=True),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "fingerprint",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="suspensions", to="rows.fingerprint"),
                ),
            ],
            options={
                "db_table": "intake_suspension",
            },
        ),
        migrations.CreateModel(
            name="Vote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vote_id", models.CharField(max_length=32)),
                ("vote", models.CharField(max_length=16)),
                ("reason", models.CharField(max_length=32, null=True)),
                ("received_at", models.DateTimeField()),
                ("fingerprint", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.fingerprint")),
                (
                    "partner",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.partner"),
                ),
            ],
            options={
                "db_table": "feedback_vote",
            },
        ),
        migrations.CreateModel(
            name="BankPart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(default="pdq", max_length=16)),
                ("place", models.PositiveIntegerField()),
                ("values", models.BinaryField()),
                (
                    "bank",
                    models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="parts", to="rows.bank"),
                ),
            ],
            options={
                "db_table": "intake_bankpart",
                "constraints": [models.UniqueConstraint(fields=("bank", "kind", "place"), name="one_part_per_kind_and_place")],
            },
        ),
        migrations.CreateModel(
            name="Duration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("what", models.CharField(max_length=16)),
                ("minutes", models.PositiveIntegerField(null=True)),
                ("until", models.DateTimeField()),
                ("case", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.case")),
            ],
            options={
                "db_table": "statistics_duration",
                "indexes": [models.Index(fields=["what", "until"], name="durations_by_day")],
            },
        ),
        migrations.CreateModel(
            name="FingerprintDataKey",
            fields=[
                ("wrapped_key", models.BinaryField()),
                (
                    "fingerprint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="data_key",
                        serialize=False,
                        to="rows.fingerprint",
                    ),
                ),
                (
                    "wrapped_by",
                    models.ForeignKey(
                        db_column="wrapped_by", on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.daykey"
                    ),
                ),
            ],
            options={
                "db_table": "fingerprint_data_keys",
            },
        ),
        migrations.AddIndex(
            model_name="fingerprint",
            index=models.Index(fields=["kind", "blind_index"], name="fingerprint_blind_index"),
        ),
        migrations.AddIndex(
            model_name="fingerprint",
            index=models.Index(
                condition=models.Q(("withdrawal_due_at__isnull", False)), fields=["withdrawal_due_at"], name="fingerprint_withdrawal_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="fingerprint",
            constraint=models.UniqueConstraint(fields=("case", "position"), name="one_place_per_fingerprint"),
        ),
        migrations.AddConstraint(
            model_name="fingerprint",
            constraint=models.UniqueConstraint(fields=("case", "kind", "blind_index"), name="one_value_once_per_case"),
        ),
        migrations.AddConstraint(
            model_name="fingerprint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state", "withdrawn"),
                        ("blind_index__isnull", True),
                        ("quality__isnull", True),
                        ("sealed_value__isnull", True),
                        ("withdrawn_at__isnull", False),
                    ),
                    models.Q(
                        models.Q(("state", "withdrawn"), _negated=True),
                        ("blind_index__isnull", False),
                        ("quality__isnull", False),
                        ("sealed_value__isnull", False),
                        ("withdrawn_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="withdrawn_is_erased",
            ),
        ),
        migrations.AddConstraint(
            model_name="fingerprint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawal_due_at__isnull", False), _negated=True),
                    models.Q(models.Q(("state", "withdrawn"), _negated=True), ("withdrawal_asked_at__isnull", False)),
                    _connector="OR",
                ),
                name="due_is_asked_and_not_withdrawn",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(condition=models.Q(("superseded_by__isnull", True)), fields=["sequence"], name="newest_changes"),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                condition=models.Q(("is_shown", False), ("state", "active"), ("superseded_by__isnull", True)),
                fields=["sequence"],
                name="waiting_changes",
            ),
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["changed_at"], name="change_time"),
        ),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.UniqueConstraint(
                condition=models.Q(("superseded_by__isnull", True)), fields=("fingerprint",), name="one_newest_change"
            ),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decision__isnull", True)), fields=("fingerprint",), name="one_undecided_flag"
            ),
        ),
        migrations.AddConstraint(
            model_name="flag",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decision__isnull", True)),
                    models.Q(("decided_at__isnull", False), ("decision__isnull", False)),
                    _connector="OR",
                ),
                name="flag_decided_with_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="countedupload",
            constraint=models.UniqueConstraint(fields=("count", "token"), name="one_upload_once"),
        ),
        migrations.AddConstraint(
            model_name="mention",
            constraint=models.UniqueConstraint(fields=("fingerprint", "leaf"), name="one_mention_per_entry"),
        ),
        migrations.AddConstraint(
            model_name="matchcount",
            constraint=models.UniqueConstraint(fields=("fingerprint", "partner", "day"), name="one_count_per_day"),
        ),
        migrations.AddConstraint(
            model_name="drill",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at__isnull", True)), fields=("partner",), name="one_drill_at_a_time"
            ),
        ),
        migrations.AddIndex(
            model_name="disclosure",
            index=models.Index(fields=["to_sequence", "from_sequence"], name="disclosed_range"),
        ),
        migrations.AddConstraint(
            model_name="disclosure",
            constraint=models.UniqueConstraint(
                fields=("partner", "shape", "head_sequence", "from_sequence", "to_sequence"), name="one_row_per_same_page"
            ),
        ),
        migrations.AddConstraint(
            model_name="askvariety",
            constraint=models.UniqueConstraint(fields=("partner", "fingerprint", "day"), name="one_variety_per_day"),
        ),
        migrations.AddConstraint(
            model_name="askmatch",
            constraint=models.UniqueConstraint(fields=("partner", "fingerprint", "day"), name="one_ask_match_per_day"),
        ),
        migrations.AddConstraint(
            model_name="askcount",
            constraint=models.UniqueConstraint(fields=("partner", "day"), name="one_ask_count_per_day"),
        ),
        migrations.AddConstraint(
            model_name="askbeside",
            constraint=models.UniqueConstraint(fields=("partner", "told", "other"), name="one_row_per_pair_told"),
        ),
        migrations.AddConstraint(
            model_name="acknowledgement",
            constraint=models.UniqueConstraint(fields=("partner", "sequence"), name="one_row_per_confirmed_number"),
        ),
        migrations.AddField(
            model_name="tombstonedatakey",
            name="wrapped_by",
            field=models.ForeignKey(
                db_column="wrapped_by", on_delete=django.db.models.deletion.PROTECT, related_name="+", to="rows.daykey"
            ),
        ),
        migrations.AddConstraint(
            model_name="pendingtombstone",
            constraint=models.UniqueConstraint(fields=("partner", "fingerprint"), name="one_tombstone_per_partner"),
        ),
        migrations.AddConstraint(
            model_name="probingalarm",
            constraint=models.UniqueConstraint(fields=("partner", "day"), name="one_probing_alarm_per_day"),
        ),
        migrations.AddConstraint(
            model_name="report",
            constraint=models.UniqueConstraint(fields=("partner", "feedback_id"), name="one_report_per_feedback_id"),
        ),
        migrations.AddIndex(
            model_name="suspension",
            index=models.Index(condition=models.Q(("decision__isnull", True)), fields=["id"], name="undecided_suspensions"),
        ),
        migrations.AddConstraint(
            model_name="suspension",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decision__isnull", True)),
                    models.Q(("decided_at__isnull", False), ("decision__isnull", False)),
                    _connector="OR",
                ),
                name="decided_with_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.UniqueConstraint(fields=("partner", "vote_id"), name="one_vote_per_vote_id"),
        ),
        migrations.RunPython(make_heads, migrations.RunPython.noop),
    ]
