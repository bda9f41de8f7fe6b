# SPDX-License-Identifier: Apache-2.0
"""The only place that seals and opens the values of cases.

Keys are unwrapped for one call and forgotten with it. A value may leave here only towards a list partner, the index of asks,
the negative bank's sweep, or the person whose case it is of.
"""

from collections.abc import Sequence
from typing import Protocol

from stillmine.exchange.cases.models import Case, Fingerprint
from stillmine.exchange.context import Context
from stillmine.exchange.keys.models import CaseDataKey
from stillmine.exchange.keys.seal import Place, SealedValueError, open_sealed, seal
from stillmine.exchange.keys.wrapping import CASE_KEYS, new_data_key, no_data_key, unwrap, wrap
from stillmine.wire.case_key import Secret

_CASES_AT_ONCE = 500


class SealedFingerprint(Protocol):
    """What has to be read of a fingerprint to open its value."""

    @property
    def id(self) -> str: ...
    @property
    def case_id(self) -> int: ...
    @property
    def sealed_value(self) -> bytes | memoryview | None: ...


def values_of(exchange: Context, fingerprints: Sequence[SealedFingerprint]) -> dict[str, str]:
    """Return the clear value of each fingerprint that has one, by its id.

    One that is withdrawn by now is left out. Raises SealedValueError for a value that does not open or whose data key is gone,
    NotConfiguredError where a key-encryption key is missing.
    """
    opened, failed = try_values_of(exchange, fingerprints)
    if failed:
        raise failed[0]
    return opened


def try_values_of(exchange: Context, fingerprints: Sequence[SealedFingerprint]) -> tuple[dict[str, str], list[SealedValueError]]:
    """Like `values_of`, but go on past what does not open and say it at the end; for checks and for withdrawals."""
    sealed = [row for row in fingerprints if row.sealed_value is not None]
    keys, failed = _data_keys(exchange, {row.case_id for row in sealed})
    opened: dict[str, str] = {}
    without_key = []
    for row in sealed:
        key = keys.get(row.case_id)
        if key is None:
            without_key.append(row)
            continue
        try:
            opened[row.id] = open_sealed(key, bytes(row.sealed_value or b""), place_of(row.id)).decode()
        except SealedValueError as error:
            failed.append(error)
    return opened, failed + _lost(without_key, {error.place.row for error in failed})


def sealed(exchange: Context, data_key: Secret, fingerprint_id: str, value: str) -> bytes:
    """Return a value as it is stored."""
    return seal(data_key, value.encode(), place_of(fingerprint_id), exchange.random_bytes)


def place_of(fingerprint_id: str) -> Place:
    """Return what a value's seal is bound to."""
    return Place("cases_fingerprint", "sealed_value", fingerprint_id)


def _create_data_key(exchange: Context, case: Case) -> Secret:
    """Make the data key of a case that is being opened."""
    data_key = new_data_key(exchange)
    wrapped_by, wrapped_key = wrap(exchange.keys.ring(), data_key, CASE_KEYS, case.pk, exchange.random_bytes)
    CaseDataKey.objects.create(case=case, wrapped_by=wrapped_by, wrapped_key=wrapped_key)
    return data_key


def _data_key_of(exchange: Context, case: Case) -> Secret:
    """Return the data key of an open case; raises SealedValueError where it is gone."""
    row = CaseDataKey.objects.filter(case=case).first()
    if row is None:
        raise no_data_key(CASE_KEYS, case.pk)
    return unwrap(exchange, row.wrapped_by, row.wrapped_key, CASE_KEYS, case.pk)


def _data_keys(exchange: Context, cases: set[int]) -> tuple[dict[int, Secret], list[SealedValueError]]:
    """Unwrap the data keys of these cases, one query for each batch of cases."""
    keys: dict[int, Secret] = {}
    failed = []
    wanted = sorted(cases)
    for start in range(0, len(wanted), _CASES_AT_ONCE):
        rows = CaseDataKey.objects.filter(case__in=wanted[start : start + _CASES_AT_ONCE])
        for case, wrapped_by, wrapped_key in rows.values_list("case_id", "wrapped_by", "wrapped_key"):
            try:
                keys[case] = unwrap(exchange, wrapped_by, wrapped_key, CASE_KEYS, case)
            except SealedValueError as error:
                failed.append(error)
    return keys, failed


def _lost(without_key: Sequence[SealedFingerprint], known: set[str]) -> list[SealedValueError]:
    """Say which cases lost their key. Whoever closed one meanwhile erased value and key together: that is none."""
    ids = [row.id for row in without_key if str(row.case_id) not in known]
    if not ids:
        return []
    still_sealed: set[int] = set()
    for start in range(0, len(ids), _CASES_AT_ONCE):
        rows = Fingerprint.objects.filter(id__in=ids[start : start + _CASES_AT_ONCE], sealed_value__isnull=False, case__data_key=None)
        still_sealed |= set(rows.values_list("case_id", flat=True))
    return [no_data_key(CASE_KEYS, case) for case in sorted(still_sealed)]
