# SPDX-License-Identifier: Apache-2.0
"""Cases and their fingerprints as rows. There is no column for a person, a file or an address, and there must be none.

A value is stored sealed only; `values.py` opens it. The database itself holds that a withdrawn fingerprint has no value.
"""

from django.db import models
from django.db.models import Q

from stillmine.wire.case import CaseState, DelayState, FingerprintState

_WITHDRAWN = Q(state=FingerprintState.WITHDRAWN.value)
_ERASED = Q(sealed_value__isnull=True, blind_index__isnull=True, quality__isnull=True, withdrawn_at__isnull=False)
_ASKED = Q(withdrawal_due_at__isnull=False)
_WHOLE = Q(sealed_value__isnull=False, blind_index__isnull=False, quality__isnull=False, withdrawn_at__isnull=True)


class Case(models.Model):
    """`case_id` and `token_hash` come from the case key; the key itself never gets here.

    `delay_ends_at` is when a delay of withdrawals that was switched off ends, null in its other states.
    """

    case_id = models.CharField(max_length=32, unique=True)
    token_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=16, default=CaseState.OPEN.value)
    term_months = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    delay = models.CharField(max_length=8, default=DelayState.OFF.value)
    delay_ends_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cases_case"
        indexes = (
            models.Index(fields=["state", "expires_at"], name="case_state_expires"),
            models.Index(fields=["delay_ends_at"], name="case_delay_ending", condition=Q(delay_ends_at__isnull=False)),
        )
        constraints = (
            models.CheckConstraint(
                name="case_delay_ends_when_ending",
                condition=Q(delay=DelayState.ENDING.value, delay_ends_at__isnull=False)
                | (Q(delay__in=[DelayState.OFF.value, DelayState.ON.value]) & Q(delay_ends_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="case_closed_when_not_open",
                condition=Q(state=CaseState.OPEN.value, closed_at__isnull=True)
                | (Q(state__in=[CaseState.WITHDRAWN.value, CaseState.EXPIRED.value]) & Q(closed_at__isnull=False)),
            ),
        )


class Fingerprint(models.Model):
    """`id` is 16 random bytes in hex; `position` numbers a case's fingerprints from 1 in the order they came.

    `sealed_value` opens with the case's data key, for this row alone. `blind_index` finds the same value again without opening
    any, and `value_bytes` is the value's size; both are erased with it. `file_number` says which fingerprints are of one file.
    `is_synthetic` is what the person says of the file, and erased with the value.
    `erased_at` is `withdrawn_at` unless the case expired: then it is null while the value is kept, in an `ExpiredValue`.
    `ledger_commitment` stands for the fingerprint in the log: made when it is added, kept for ever, null only where that was before there
    was a log.
    `withdrawal_due_at` is when a withdrawal that was asked for takes effect, null again once it has; `withdrawal_asked_at` stays.
    """

    id = models.CharField(max_length=32, primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="fingerprints")
    position = models.PositiveSmallIntegerField()
    is_from_opening = models.BooleanField()
    file_number = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=16, default=FingerprintState.ACTIVE.value)
    sealed_value = models.BinaryField(null=True)
    blind_index = models.CharField(max_length=64, null=True)
    value_bytes = models.PositiveIntegerField(default=0)
    quality = models.PositiveSmallIntegerField(null=True)
    is_synthetic = models.BooleanField(default=False)
    added_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    ledger_commitment = models.BinaryField(null=True)
    withdrawal_asked_at = models.DateTimeField(null=True)
    withdrawal_due_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "cases_fingerprint"
        indexes = (
            models.Index(fields=["kind", "blind_index"], name="fingerprint_blind_index"),
            models.Index(fields=["withdrawal_due_at"], name="fingerprint_withdrawal_due", condition=_ASKED),
        )
        constraints = (
            models.UniqueConstraint(fields=["case", "position"], name="one_place_per_fingerprint"),
            models.UniqueConstraint(fields=["case", "kind", "blind_index"], name="one_value_once_per_case"),
            models.CheckConstraint(name="withdrawn_is_erased", condition=(_WITHDRAWN & _ERASED) | (~_WITHDRAWN & _WHOLE)),
            models.CheckConstraint(
                name="due_is_asked_and_not_withdrawn", condition=~_ASKED | (~_WITHDRAWN & Q(withdrawal_asked_at__isnull=False))
            ),
        )


class ExpiredValue(models.Model):
    """What the end of a case's term took from a fingerprint's row, byte for byte, for 72 hours; see `protection/kept_values.py`.

    It opens with the case's data key and is opened by nothing while it stands here.
    """

    fingerprint = models.OneToOneField(Fingerprint, on_delete=models.PROTECT, primary_key=True, related_name="expired_value")
    state_before = models.CharField(max_length=16)
    sealed_value = models.BinaryField()
    blind_index = models.CharField(max_length=64)
    value_bytes = models.PositiveIntegerField()
    quality = models.PositiveSmallIntegerField()
    is_synthetic = models.BooleanField()

    class Meta:
        db_table = "cases_expiredvalue"
