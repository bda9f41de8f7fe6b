# SPDX-License-Identifier: Apache-2.0
"""The only place that seals and opens the values of cases.

Keys are unwrapped for one call and forgotten with it. A value may leave here only towards a list partner, the index of asks,
the negative bank's sweep, or the person whose case it is of.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from stillmine.exchange.keys.seal import Cell, Column, SealedValueError, seal
from stillmine.exchange.protection.wrapping import FINGERPRINT_KEYS, Unwrapping, new_data_key, no_data_key, wrapping_key
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.keys import FingerprintDataKey
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.wire.case_key import Secret

_AT_ONCE = 500
_VALUES = "cases_fingerprint", "sealed_value"

_Sealed = bytes | memoryview


class SealedFingerprint(Protocol):
    """What has to be read of a fingerprint to open its value."""

    @property
    def id(self) -> str: ...
    @property
    def sealed_value(self) -> bytes | memoryview | None: ...


class SealedWithKey(SealedFingerprint, Protocol):
    """A fingerprint that was read together with its data key; both are null where it has none."""

    @property
    def wrapped_by(self) -> str | None: ...
    @property
    def wrapped_key(self) -> bytes | memoryview | None: ...


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
    values = {row.id: row.sealed_value for row in fingerprints if row.sealed_value is not None}
    keys = _wrapped(list(values))
    opened, failed = _opened(exchange, ((row_id, values[row_id], *wrapped) for row_id, wrapped in keys.items()))
    return opened, failed + _lost([row_id for row_id in values if row_id not in keys])


def values_with_keys(exchange: Context, fingerprints: Sequence[SealedWithKey]) -> dict[str, str]:
    """Like `values_of`, of what was read together with its data keys."""
    opened, failed = try_values_with_keys(exchange, fingerprints)
    if failed:
        raise failed[0]
    return opened


def try_values_with_keys(exchange: Context, fingerprints: Sequence[SealedWithKey]) -> tuple[dict[str, str], list[SealedValueError]]:
    """Like `try_values_of`, of what was read together with its data keys, which is how very many are opened."""
    opened, failed = _opened(
        exchange,
        (
            (row.id, row.sealed_value, row.wrapped_by, row.wrapped_key)
            for row in fingerprints
            if row.sealed_value is not None and row.wrapped_by is not None and row.wrapped_key is not None
        ),
    )
    lost = [no_data_key(FINGERPRINT_KEYS, row.id) for row in fingerprints if row.sealed_value is not None and row.wrapped_key is None]
    return opened, failed + lost


def sealed(exchange: Context, data_key: Secret, fingerprint_id: str, value: str) -> bytes:
    """Return a value as it is stored."""
    return seal(data_key, value.encode(), cell_of(fingerprint_id), exchange.random_bytes)


def cell_of(fingerprint_id: str) -> Cell:
    """Return what a value's seal is bound to."""
    return Cell(*_VALUES, fingerprint_id)


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


def _opened(exchange: Context, rows: Iterable[tuple[str, _Sealed, str, _Sealed]]) -> tuple[dict[str, str], list[SealedValueError]]:
    """Open values, given as id, sealed value, key of the day and wrapped data key; no data key is kept longer than its value takes."""
    unwrapping, column = Unwrapping(exchange, FINGERPRINT_KEYS), Column(*_VALUES)
    opened: dict[str, str] = {}
    failed = []
    for row_id, sealed_value, wrapped_by, wrapped_key in rows:
        try:
            data_key = unwrapping.data_key(wrapped_by, wrapped_key, row_id)
            opened[row_id] = column.open(AESGCM(data_key), bytes(sealed_value), row_id).decode()
        except SealedValueError as error:
            failed.append(error)
    return opened, failed


def _wrapped(fingerprint_ids: Sequence[str]) -> dict[str, tuple[str, _Sealed]]:
    """Return key of the day and wrapped data key of each that has one, in plain SQL: Django takes thrice as long."""
    found: dict[str, tuple[str, _Sealed]] = {}
    for start in range(0, len(fingerprint_ids), _AT_ONCE):
        some = fingerprint_ids[start : start + _AT_ONCE]
        marks = ", ".join(["%s"] * len(some))
        statement = f"SELECT fingerprint_id, wrapped_by, wrapped_key FROM {FINGERPRINT_KEYS} WHERE fingerprint_id IN ({marks})"  # noqa: S608 (names of our own tables)
        with connection.cursor() as cursor:
            cursor.execute(statement, some)
            found |= {fingerprint_id: (wrapped_by, wrapped_key) for fingerprint_id, wrapped_by, wrapped_key in cursor.fetchall()}
    return found


def _lost(without_key: Sequence[str]) -> list[SealedValueError]:
    """Say which fingerprints lost their key. One that was withdrawn meanwhile lost value and key together: it does not count."""
    lost: list[str] = []
    for start in range(0, len(without_key), _AT_ONCE):
        some = without_key[start : start + _AT_ONCE]
        lost += Fingerprint.objects.filter(id__in=some, sealed_value__isnull=False, data_key=None).values_list("id", flat=True)
    return [no_data_key(FINGERPRINT_KEYS, fingerprint_id) for fingerprint_id in sorted(lost)]
