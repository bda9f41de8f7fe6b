# SPDX-License-Identifier: Apache-2.0
"""The only place that seals and opens the values of cases.

Keys are unwrapped for one call and forgotten with it. A value may leave here only towards a list partner, the index of asks,
the negative bank's sweep, or the person whose case it is of.
"""

from collections.abc import Sequence
from typing import Protocol

from django.db import connection

from stillmine.exchange.keys.seal import Cell, SealedValueError, open_sealed, seal
from stillmine.exchange.protection.wrapping import FINGERPRINT_KEYS, Unwrapping, new_data_key, no_data_key, wrapping_key
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.keys import FingerprintDataKey
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.wire.case_key import Secret

_AT_ONCE = 500


class SealedFingerprint(Protocol):
    """What has to be read of a fingerprint to open its value."""

    @property
    def id(self) -> str: ...
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
    keys, failed = _data_keys(exchange, [row.id for row in sealed])
    unopened = {error.cell.row for error in failed}
    opened: dict[str, str] = {}
    for row in sealed:
        if row.id not in keys:
            continue
        try:
            opened[row.id] = open_sealed(keys[row.id], bytes(row.sealed_value or b""), cell_of(row.id)).decode()
        except SealedValueError as error:
            failed.append(error)
    return opened, failed + _lost([row.id for row in sealed if row.id not in keys and row.id not in unopened])


def sealed(exchange: Context, data_key: Secret, fingerprint_id: str, value: str) -> bytes:
    """Return a value as it is stored."""
    return seal(data_key, value.encode(), cell_of(fingerprint_id), exchange.random_bytes)


def cell_of(fingerprint_id: str) -> Cell:
    """Return what a value's seal is bound to."""
    return Cell("cases_fingerprint", "sealed_value", fingerprint_id)


def new_data_keys(
    exchange: Context, transaction: Transaction, fingerprint_ids: Sequence[str]
) -> tuple[dict[str, Secret], list[FingerprintDataKey]]:
    """Return a new data key for each of these, and the rows to write once the fingerprints are there."""
    today = wrapping_key(exchange, transaction)
    keys = {fingerprint_id: new_data_key(exchange) for fingerprint_id in fingerprint_ids}
    rows = [
        FingerprintDataKey(
            fingerprint_id=fingerprint_id,
            wrapped_by_id=today.id,
            wrapped_key=today.wrap(data_key, FINGERPRINT_KEYS, fingerprint_id, exchange.random_bytes),
        )
        for fingerprint_id, data_key in keys.items()
    ]
    return keys, rows


def _data_keys(exchange: Context, fingerprint_ids: Sequence[str]) -> tuple[dict[str, Secret], list[SealedValueError]]:
    """Unwrap the data keys of these fingerprints, one query for each batch."""
    keys: dict[str, Secret] = {}
    failed = []
    for start in range(0, len(fingerprint_ids), _AT_ONCE):
        unwrapping = Unwrapping(exchange, FINGERPRINT_KEYS)
        for fingerprint_id, wrapped_by, wrapped_key in _wrapped(fingerprint_ids[start : start + _AT_ONCE]):
            try:
                keys[fingerprint_id] = unwrapping.data_key(wrapped_by, wrapped_key, fingerprint_id)
            except SealedValueError as error:
                failed.append(error)
    return keys, failed


def _wrapped(fingerprint_ids: Sequence[str]) -> list[tuple[str, str, bytes | memoryview]]:
    """Return id, key of the day and wrapped key of each row, in plain SQL: a page reads 500, and Django takes thrice as long."""
    marks = ", ".join(["%s"] * len(fingerprint_ids))
    statement = f"SELECT fingerprint_id, wrapped_by, wrapped_key FROM {FINGERPRINT_KEYS} WHERE fingerprint_id IN ({marks})"  # noqa: S608 (names of our own tables)
    with connection.cursor() as cursor:
        cursor.execute(statement, list(fingerprint_ids))
        return list(cursor.fetchall())


def _lost(without_key: Sequence[str]) -> list[SealedValueError]:
    """Say which fingerprints lost their key. One that was withdrawn meanwhile lost value and key together: it does not count."""
    lost: list[str] = []
    for start in range(0, len(without_key), _AT_ONCE):
        some = without_key[start : start + _AT_ONCE]
        lost += Fingerprint.objects.filter(id__in=some, sealed_value__isnull=False, data_key=None).values_list("id", flat=True)
    return [no_data_key(FINGERPRINT_KEYS, fingerprint_id) for fingerprint_id in sorted(lost)]
