# SPDX-License-Identifier: Apache-2.0
"""Counts that live ten minutes. A row can't be turned back into a network once the day's key is gone.

Never add a column for an address, a case or a partner here.
"""

from django.db import models


class Attempts(models.Model):
    """How often one network did one thing in one minute."""

    network_key = models.CharField(max_length=64)
    what = models.CharField(max_length=32)
    minute = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "limits_attempts"
        constraints = (models.UniqueConstraint(fields=["network_key", "what", "minute"], name="one_count_per_minute"),)
