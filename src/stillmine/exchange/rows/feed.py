# SPDX-License-Identifier: Apache-2.0
"""The sequence of changes, and the record of what was handed to whom.

Only `PendingTombstone` may hold a fingerprint's value here, sealed, and only for a partner that already has it.
"""

from django.db import models

from stillmine.wire.case import FingerprintState


class Shape(models.TextChoices):
    """In which form a page was handed out."""

    NATIVE = "native"
    SNAPSHOT = "snapshot"
    STOPNCII = "stopncii"


class Head(models.Model):
    """One row: the newest number, and the newest that is shown. Whoever changes or hands out anything locks it first.

    `waiting_since` is the number of the interval in which the first of what waits for a tick began to wait; null where nothing waits.
    """

    sequence = models.BigIntegerField()
    shown_sequence = models.BigIntegerField(default=0)
    waiting_since = models.BigIntegerField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "feed_head"


class Change(models.Model):
    """One change of one fingerprint's state; `superseded_by` is the number of that fingerprint's next change.

    Feeds hold only what `is_shown`, the index of asks everything. What is active and not shown waits for a tick, which supersedes it.
    """

    sequence = models.BigIntegerField(primary_key=True)
    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="changes")
    state = models.CharField(max_length=16, default=FingerprintState.ACTIVE.value)
    is_shown = models.BooleanField()
    changed_at = models.DateTimeField()
    superseded_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "feed_change"
        indexes = (
            models.Index(fields=["sequence"], name="newest_changes", condition=models.Q(superseded_by__isnull=True)),
            models.Index(
                fields=["sequence"],
                name="waiting_changes",
                condition=models.Q(superseded_by__isnull=True, is_shown=False, state=FingerprintState.ACTIVE.value),
            ),
            models.Index(fields=["changed_at"], name="change_time"),
        )
        constraints = (
            models.UniqueConstraint(fields=["fingerprint"], name="one_newest_change", condition=models.Q(superseded_by__isnull=True)),
        )


class Disclosure(models.Model):
    """Pages with the changes after `from_sequence` up to `to_sequence`, handed out when `head_sequence` was the newest.

    The same page asked for again is counted in `pages` instead of getting a row of its own. The entries are null where the page held
    nothing of that sort.
    """

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    shape = models.CharField(max_length=16, choices=Shape.choices)
    from_sequence = models.BigIntegerField()
    to_sequence = models.BigIntegerField()
    head_sequence = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    pages = models.PositiveIntegerField(default=1)
    disclosed_entry = models.ForeignKey("rows.Leaf", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    retracted_entry = models.ForeignKey("rows.Leaf", on_delete=models.PROTECT, related_name="+", null=True, db_index=False)

    class Meta:
        db_table = "feed_disclosure"
        indexes = (models.Index(fields=["to_sequence", "from_sequence"], name="disclosed_range"),)
        constraints = (
            models.UniqueConstraint(
                fields=["partner", "shape", "head_sequence", "from_sequence", "to_sequence"], name="one_row_per_same_page"
            ),
        )


class Acknowledgement(models.Model):
    """The highest number that a partner had confirmed by the end of a minute."""

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="acknowledgements")
    sequence = models.BigIntegerField()
    minute = models.DateTimeField()

    class Meta:
        db_table = "feed_acknowledgement"
        constraints = (models.UniqueConstraint(fields=["partner", "sequence"], name="one_row_per_confirmed_number"),)


class PendingTombstone(models.Model):
    """A withdrawn value, kept for one partner that knows fingerprints by value only, until it has been told.

    It may outlive its case, so it has a data key of its own, which is deleted with the row.
    """

    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+")
    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="+")
    sealed_value = models.BinaryField()
    blind_index = models.CharField(max_length=64, db_index=True)
    changed_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "feed_pendingtombstone"
        constraints = (models.UniqueConstraint(fields=["partner", "fingerprint"], name="one_tombstone_per_partner"),)
