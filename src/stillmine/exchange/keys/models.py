# SPDX-License-Identifier: Apache-2.0
"""Data keys, wrapped. Their tables stand apart from the data, so that a backup can hold one without the other.

A data key goes when what it seals goes: deleting its row is what makes older copies of the data unreadable.
"""

from django.db import models


class DataKey(models.Model):
    """`wrapped_by` is the id of a key-encryption key; `wrapped_key` is sealed under it for this very row."""

    wrapped_by = models.CharField(max_length=8, db_index=True)
    wrapped_key = models.BinaryField()

    class Meta:
        abstract = True


class CaseDataKey(DataKey):
    """Seals the values of one case, until the case closes."""

    case = models.OneToOneField("cases.Case", on_delete=models.PROTECT, primary_key=True, related_name="data_key")

    class Meta:
        db_table = "case_data_keys"


class TombstoneDataKey(DataKey):
    """Seals one value kept for one partner, which may outlive its case; it is deleted with that value."""

    tombstone = models.OneToOneField("feed.PendingTombstone", on_delete=models.CASCADE, primary_key=True, related_name="data_key")

    class Meta:
        db_table = "tombstone_data_keys"
