# SPDX-License-Identifier: Apache-2.0
"""Data keys, wrapped. Their tables stand apart from the data, so that a backup can hold one without the other.

A data key goes when what it seals goes: deleting its row makes older files of a backup unreadable, and destroying the key of the day
that wrapped it makes every copy of the database unreadable.
"""

from django.db import models


class DayKey(models.Model):
    """That a key of the day is in use; the key itself is in the home folder. The one with the highest `sequence` wraps.

    Its row goes before the key does, and can't go while anything is wrapped under it: the database keeps that, whoever writes meanwhile.
    """

    id = models.CharField(max_length=8, primary_key=True)
    sequence = models.PositiveBigIntegerField(unique=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "day_keys"


class DataKey(models.Model):
    """`wrapped_key` is sealed under the key of the day `wrapped_by`, for this very row."""

    wrapped_by = models.ForeignKey(DayKey, on_delete=models.PROTECT, related_name="+", db_column="wrapped_by")
    wrapped_key = models.BinaryField()

    class Meta:
        abstract = True


class FingerprintDataKey(DataKey):
    """Seals the value of one fingerprint, until that is erased."""

    fingerprint = models.OneToOneField("rows.Fingerprint", on_delete=models.PROTECT, primary_key=True, related_name="data_key")

    class Meta:
        db_table = "fingerprint_data_keys"


class TombstoneDataKey(DataKey):
    """Seals one value kept for one partner, which may outlive its case; it is deleted with that value."""

    tombstone = models.OneToOneField("rows.PendingTombstone", on_delete=models.CASCADE, primary_key=True, related_name="data_key")

    class Meta:
        db_table = "tombstone_data_keys"
