# SPDX-License-Identifier: Apache-2.0
"""Withdrawals that take effect later. No case of before chose that, and nothing of before is asked for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns, what finds what is due, and what must hold of them."""

    dependencies = [
        ("cases", "0007_kept_after_expiry"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="delay",
            field=models.CharField(default="off", max_length=8),
        ),
        migrations.AddField(
            model_name="case",
            name="delay_ends_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="fingerprint",
            name="withdrawal_asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="fingerprint",
            name="withdrawal_due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=models.Q(("delay_ends_at__isnull", False)), fields=["delay_ends_at"], name="case_delay_ending"),
        ),
        migrations.AddIndex(
            model_name="fingerprint",
            index=models.Index(
                condition=models.Q(("withdrawal_due_at__isnull", False)), fields=["withdrawal_due_at"], name="fingerprint_withdrawal_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("delay", "ending"), ("delay_ends_at__isnull", False)),
                    models.Q(("delay__in", ["off", "on"]), ("delay_ends_at__isnull", True)),
                    _connector="OR",
                ),
                name="case_delay_ends_when_ending",
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
    ]
