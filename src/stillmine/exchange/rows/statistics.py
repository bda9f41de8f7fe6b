# SPDX-License-Identifier: Apache-2.0
"""The steps that public numbers made, and today's answer. All but `Duration` is public.

A step is never changed or deleted: the numbers of months are sums of steps.
"""

from django.db import models


class Step(models.Model):
    """A series' public total, from `until` (the midnight that ends the last day counted) to its next step."""

    series = models.CharField(max_length=48)
    until = models.DateTimeField()
    total = models.BigIntegerField()

    class Meta:
        db_table = "statistics_step"
        constraints = (models.UniqueConstraint(fields=["series", "until"], name="one_step_a_day"),)


class Duration(models.Model):
    """How long one thing took: `minutes` null is longer than is looked at. `until` ends the day for which it was counted."""

    what = models.CharField(max_length=16)
    case = models.ForeignKey("rows.Case", on_delete=models.PROTECT, related_name="+", db_index=False)
    minutes = models.PositiveIntegerField(null=True)
    until = models.DateTimeField()

    class Meta:
        db_table = "statistics_duration"
        indexes = (models.Index(fields=["what", "until"], name="durations_by_day"),)


class Answer(models.Model):
    """One row: the answer to everybody, as JSON, and the midnight up to which it counts."""

    until = models.DateTimeField(unique=True)
    body = models.TextField()

    class Meta:
        db_table = "statistics_answer"
