# SPDX-License-Identifier: Apache-2.0
"""Operators, their sessions, and the log of what they did.

Nothing here opens a door by itself: codes and tokens are stored as hashes, passwords as argon2id, TOTP secrets sealed.
No column may hold a case id, a value or a network.
"""

from django.db import models
from django.db.models import Q


class Role(models.TextChoices):
    """What an operator may do; a manager may do all that a reviewer may."""

    MANAGER = "manager"
    REVIEWER = "reviewer"


class Purpose(models.TextChoices):
    """What a session is good for."""

    ENROLLING = "enrolling"
    SIGNED_IN = "signed_in"


class ActionOutcome(models.TextChoices):
    """How an action ended; `begun` stays only where it was cut off."""

    BEGUN = "begun"
    DONE = "done"
    REFUSED = "refused"


class Operator(models.Model):
    """`random_id` is bound into the sealed TOTP secret; `totp_step` is the newest step that was accepted."""

    random_id = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=60)
    name_key = models.CharField(max_length=180, unique=True)
    role = models.CharField(max_length=16, choices=Role.choices)
    created_at = models.DateTimeField()
    enrolment_hash = models.CharField(max_length=64, null=True)
    enrolment_until = models.DateTimeField(null=True)
    enrolled_at = models.DateTimeField(null=True)
    password_hash = models.CharField(max_length=200, null=True)
    totp_sealed = models.CharField(max_length=200, null=True)
    totp_step = models.BigIntegerField(default=0)
    signed_in_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "console_operator"
        constraints = (
            models.CheckConstraint(
                name="enrolled_with_password_and_code",
                condition=Q(enrolled_at__isnull=True, password_hash__isnull=True)
                | Q(enrolled_at__isnull=False, password_hash__isnull=False, totp_sealed__isnull=False, enrolment_hash__isnull=True),
            ),
            models.CheckConstraint(name="operator_role_known", condition=Q(role__in=[role.value for role in Role])),
        )


class Session(models.Model):
    """`token_hash` is SHA-256 of the cookie. Deleting the row ends the session."""

    token_hash = models.CharField(max_length=64, unique=True)
    operator = models.ForeignKey(Operator, on_delete=models.CASCADE, related_name="sessions")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    begun_at = models.DateTimeField()
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "console_session"


class LogLine(models.Model):
    """One action. Names are kept as texts, so that a line outlives who and what it is about."""

    operator = models.CharField(max_length=60)
    action = models.CharField(max_length=40)
    target = models.CharField(max_length=80)
    minute = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=ActionOutcome.choices, default=ActionOutcome.BEGUN)
    error_code = models.CharField(max_length=40, default="")

    class Meta:
        db_table = "console_logline"

    @property
    def in_words(self) -> str:
        """The action as people read it."""
        return self.action.replace("_", " ")
