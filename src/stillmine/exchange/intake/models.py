# SPDX-License-Identifier: Apache-2.0
"""Negative bank, suspensions with their reasons and decisions, counts of matches, and whether the exchange is under attack.

No row may hold a person's fingerprint in clear, an address or an upload: what is in the bank is public knowledge.
"""

from django.db import models


class Decision(models.TextChoices):
    """What an operator decided about a suspension."""

    RESTORED = "restored"
    KEPT = "kept"


class Bank(models.Model):
    """One list of well-known lawful pictures, videos and sounds; `pictures` counts files or listed hashes.

    It is added and removed whole and never changed, so the ids of all banks name a state.
    """

    name = models.CharField(max_length=60)
    name_key = models.CharField(max_length=180, unique=True)
    added_at = models.DateTimeField()
    pictures = models.PositiveIntegerField()


class BankPart(models.Model):
    """Many fingerprints of a bank: a row for every one of a million would keep everybody waiting.

    `values` are packed one after the other where the kind has one length (`pdq`, digests), else there is one, as its text.
    """

    bank = models.ForeignKey(Bank, on_delete=models.CASCADE, related_name="parts", db_index=False)
    kind = models.CharField(max_length=16, default="pdq")
    place = models.PositiveIntegerField()
    values = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["bank", "kind", "place"], name="one_part_per_kind_and_place"),)


class Suspension(models.Model):
    """Why a fingerprint was suspended; its newest row is the present one. `decision` null: an operator has yet to look."""

    fingerprint = models.ForeignKey("cases.Fingerprint", on_delete=models.PROTECT, related_name="suspensions")
    reason = models.CharField(max_length=32)
    suspended_at = models.DateTimeField()
    decision = models.CharField(max_length=16, choices=Decision.choices, null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["id"], name="undecided_suspensions", condition=models.Q(decision__isnull=True)),)
        constraints = (
            models.CheckConstraint(
                name="decided_with_time",
                condition=models.Q(decision__isnull=True, decided_at__isnull=True)
                | models.Q(decision__isnull=False, decided_at__isnull=False),
            ),
        )


class MatchCount(models.Model):
    """How many uploads at one partner matched a fingerprint on one UTC day."""

    fingerprint = models.ForeignKey("cases.Fingerprint", on_delete=models.PROTECT, related_name="+", db_index=False)
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(db_index=True)
    uploads = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["fingerprint", "partner", "day"], name="one_count_per_day"),)


class Guard(models.Model):
    """One row once an operator has said that the exchange is, or is no more, under attack."""

    is_under_attack = models.BooleanField()
    changed_at = models.DateTimeField()
