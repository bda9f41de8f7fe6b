# SPDX-License-Identifier: Apache-2.0
"""Negative bank, suspensions and flags with their reasons and decisions, counts of matches, and whether the exchange is under attack.

No row may hold a person's fingerprint in clear, an address or an upload: what is in the bank is public knowledge.
"""

from django.db import models


class Decision(models.TextChoices):
    """What an operator decided about a suspension; `lapsed`: nobody did in time, and it ended by itself."""

    RESTORED = "restored"
    KEPT = "kept"
    LAPSED = "lapsed"


class FlagReason(models.TextChoices):
    """Why an operator is asked to look at what is matched meanwhile."""

    FOUND_TOO_OFTEN = "found_too_often"
    DOUBTED_BY_PARTNERS = "doubted_by_partners"


class FlagDecision(models.TextChoices):
    """What an operator decided about a flag."""

    LEFT = "left"
    SUSPENDED = "suspended"


class Bank(models.Model):
    """One list of well-known lawful pictures, videos and sounds; `pictures` counts files or listed hashes.

    It is added and removed whole and never changed, so the ids of all banks name a state.
    """

    name = models.CharField(max_length=60)
    name_key = models.CharField(max_length=180, unique=True)
    added_at = models.DateTimeField()
    pictures = models.PositiveIntegerField()

    class Meta:
        db_table = "intake_bank"


class BankPart(models.Model):
    """Many fingerprints of a bank: a row for every one of a million would keep everybody waiting.

    `values` are packed one after the other where the kind has one length (`pdq`, digests), else there is one, as its text.
    """

    bank = models.ForeignKey(Bank, on_delete=models.CASCADE, related_name="parts", db_index=False)
    kind = models.CharField(max_length=16, default="pdq")
    place = models.PositiveIntegerField()
    values = models.BinaryField()

    class Meta:
        db_table = "intake_bankpart"
        constraints = (models.UniqueConstraint(fields=["bank", "kind", "place"], name="one_part_per_kind_and_place"),)


class Suspension(models.Model):
    """Why a fingerprint was suspended; its newest row is the present one. `decision` null: an operator has yet to look."""

    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="suspensions")
    reason = models.CharField(max_length=32)
    suspended_at = models.DateTimeField()
    decision = models.CharField(max_length=16, choices=Decision.choices, null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "intake_suspension"
        indexes = (models.Index(fields=["id"], name="undecided_suspensions", condition=models.Q(decision__isnull=True)),)
        constraints = (
            models.CheckConstraint(
                name="decided_with_time",
                condition=models.Q(decision__isnull=True, decided_at__isnull=True)
                | models.Q(decision__isnull=False, decided_at__isnull=False),
            ),
        )


class Flag(models.Model):
    """An operator is asked to look at an active fingerprint; it is matched as before. `decision` null: nobody has looked yet."""

    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="flags")
    reason = models.CharField(max_length=32, choices=FlagReason.choices)
    flagged_at = models.DateTimeField()
    decision = models.CharField(max_length=16, choices=FlagDecision.choices, null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "intake_flag"
        constraints = (
            models.UniqueConstraint(fields=["fingerprint"], name="one_undecided_flag", condition=models.Q(decision__isnull=True)),
            models.CheckConstraint(
                name="flag_decided_with_time",
                condition=models.Q(decision__isnull=True, decided_at__isnull=True)
                | models.Q(decision__isnull=False, decided_at__isnull=False),
            ),
        )


class MatchCount(models.Model):
    """Uploads at one partner that matched a fingerprint on one UTC day.

    `reports` is all that was asked and reported; `uploads` is what counts: distinct uploads, at most half of the day's limit.
    """

    fingerprint = models.ForeignKey("rows.Fingerprint", on_delete=models.PROTECT, related_name="+", db_index=False)
    partner = models.ForeignKey("rows.Partner", on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(db_index=True)
    uploads = models.PositiveIntegerField(default=0)
    reports = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "intake_matchcount"
        constraints = (models.UniqueConstraint(fields=["fingerprint", "partner", "day"], name="one_count_per_day"),)


class CountedUpload(models.Model):
    """An upload that was counted today, by the token that its partner made of it; gone the next day."""

    count = models.ForeignKey(MatchCount, on_delete=models.CASCADE, related_name="counted", db_index=False)
    token = models.CharField(max_length=32)

    class Meta:
        db_table = "intake_countedupload"
        constraints = (models.UniqueConstraint(fields=["count", "token"], name="one_upload_once"),)


class Guard(models.Model):
    """One row once an operator has said that the exchange is, or is no more, under attack."""

    is_under_attack = models.BooleanField()
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "intake_guard"
