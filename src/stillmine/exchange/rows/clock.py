# SPDX-License-Identifier: Apache-2.0
"""What is known of the clock, as one row. It is no part of a backup: another machine has another clock."""

from django.db import models


class ClockState(models.Model):
    """`judgement.Known` as a row; `complained_at` keeps the log from saying the same every minute."""

    believed_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    anchor_at = models.DateTimeField()
    anchor_boot = models.CharField(max_length=64)
    anchor_minutes_since_boot = models.BigIntegerField()
    broken_at = models.DateTimeField(null=True)
    complained_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "clock_clockstate"
