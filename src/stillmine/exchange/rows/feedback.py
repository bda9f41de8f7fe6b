# SPDX-License-Identifier: Apache-2.0
"""Reports and votes of partners, as they came. Nothing about the upload itself is kept, and there is no free text."""

from django.db import models


class Report(models.Model):
    """One report; its number tells which of two decisions is the later one.

    `is_beside`: the partner did not name this fingerprint. Another time it matched beside the one that was named, so this may be of an
    upload that it does not match: the person hears of it, and it never counts as a doubt.
    """

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    feedback_id = models.CharField(max_length=32)
    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=16)
    reason = models.CharField(max_length=32, null=True)
    received_at = models.DateTimeField()
    is_beside = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "feedback_report"
        constraints = (models.UniqueConstraint(fields=["partner", "feedback_id"], name="one_report_per_feedback_id"),)


class Vote(models.Model):
    """One vote; a partner's vote on a fingerprint is its row with the highest number, earlier ones tell how it changed."""

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    vote_id = models.CharField(max_length=32)
    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="+")
    vote = models.CharField(max_length=16)
    reason = models.CharField(max_length=32, null=True)
    received_at = models.DateTimeField()

    class Meta:
        db_table = "feedback_vote"
        constraints = (models.UniqueConstraint(fields=["partner", "vote_id"], name="one_vote_per_vote_id"),)
