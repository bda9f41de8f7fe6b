# SPDX-License-Identifier: Apache-2.0
"""Drills as rows, so that one can go on after an interruption.

`value` stands here in clear and stays after the withdrawal: it was worked out from random bytes and belongs to no person.
"""

from django.db import models


class Drill(models.Model):
    """One drill of one partner; its fingerprint is given to this partner and to nobody else.

    `reports_when_…` is the number of the newest report of this partner at that moment: what is later came after.
    """

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+")
    case = models.OneToOneField("rows.Case", on_delete=models.PROTECT, related_name="drill")
    fingerprint = models.OneToOneField("rows.Fingerprint", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16)
    seed = models.CharField(max_length=32)
    value = models.CharField(max_length=64)
    planted_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    reports_when_withdrawn = models.BigIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True)
    reports_when_confirmed = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "drills_drill"
        constraints = (
            models.UniqueConstraint(fields=["partner"], name="one_drill_at_a_time", condition=models.Q(finished_at__isnull=True)),
        )
