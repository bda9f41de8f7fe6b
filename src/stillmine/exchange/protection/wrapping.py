# SPDX-License-Identifier: Apache-2.0
"""Make, wrap and unwrap data keys: under the key of the day in the database, under a key-encryption key in a backup.

Unwrapped data keys live as long as a call and are kept nowhere.
"""

from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connection

from stillmine.exchange.keys.ring import KeyRing
from stillmine.exchange.keys.seal import KEY_BYTES, Cell, Column, RandomBytes, SealedValueError, open_sealed, seal
from stillmine.exchange.rows.keys import DayKey
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError

CASE_KEYS = "case_data_keys"
"""Of before each fingerprint had a data key of its own; migrations know it."""

FINGERPRINT_KEYS = "fingerprint_data_keys"
TOMBSTONE_KEYS = "tombstone_data_keys"


class WrappingKey(NamedTuple):
    """The key of the day under which data keys are wrapped now."""

    id: str
    key: Secret

    def wrap(self, data_key: Secret, table: str, row: object, random_bytes: RandomBytes) -> bytes:
        """Return a data key sealed for this row."""
        return seal(self.key, bytes(data_key), _cell(table, row), random_bytes)


class Unwrapping:
    """Unwraps a batch of data keys, and looks for each key of the day once: a look at the file for each row costs as much as opening it."""

    def __init__(self, exchange: Context, table: str) -> None:
        self._exchange = exchange
        self._column = Column(table, "wrapped_key")
        self._ciphers: dict[str, AESGCM] = {}

    def data_key(self, day_key_id: str, wrapped_key: bytes | memoryview, row: object) -> Secret:
        """Return one; raises NotConfiguredError where a key that it needs is missing, SealedValueError."""
        cipher = self._ciphers.get(day_key_id)
        if cipher is None:
            cipher = self._ciphers[day_key_id] = AESGCM(bytes(self._exchange.day_keys.key(day_key_id)))
        return Secret(self._column.open(cipher, bytes(wrapped_key), str(row)))


def new_data_key(exchange: Context) -> Secret:
    """Return 32 random bytes."""
    return Secret(exchange.random_bytes(KEY_BYTES))


def wrapping_key(exchange: Context, transaction: Transaction) -> WrappingKey:
    """Return the key that wraps in this transaction; raises NotConfiguredError where it is not at hand."""
    transaction.require_open()
    newest = _newest_held()
    if newest is None:
        raise NotConfiguredError("the database has no key of the day. Restore the newest backup into a new one; nothing was changed")
    return WrappingKey(newest, exchange.day_keys.key(newest))


def _newest_held() -> str | None:
    """The newest key of the day, which nobody lets go before this transaction ends. On SQLite no other writes meanwhile anyway."""
    if connection.vendor != "postgresql":
        return DayKey.objects.order_by("-sequence").values_list("id", flat=True).first()
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT id FROM day_keys ORDER BY sequence DESC LIMIT 1 FOR KEY SHARE")
            if row := cursor.fetchone():
                return str(row[0])
            if not DayKey.objects.exists():  # else the row was let go while this waited for it: another is the newest now
                return None


def unwrap(exchange: Context, day_key_id: str, wrapped_key: bytes | memoryview, table: str, row: object) -> Secret:
    """Return a data key of the database; raises NotConfiguredError where a key that it needs is missing, SealedValueError."""
    return Unwrapping(exchange, table).data_key(day_key_id, wrapped_key, row)


def wrap_for_backup(ring: KeyRing, data_key: Secret, table: str, row: object, random_bytes: RandomBytes) -> tuple[str, bytes]:
    """Return the id of the newest key-encryption key, and the data key sealed under it for this row."""
    return ring.newest, seal(ring.keys[ring.newest], bytes(data_key), _cell(table, row), random_bytes)


def unwrap_from_backup(exchange: Context, wrapped_by: str, wrapped_key: bytes, table: str, row: object) -> Secret:
    """Return a data key of a backup; raises NotConfiguredError where its key-encryption key is missing, SealedValueError."""
    return Secret(open_sealed(exchange.keys.key(wrapped_by), wrapped_key, _cell(table, row)))


def no_data_key(table: str, row: object) -> SealedValueError:
    """Say that a row's data key is gone though what it seals is not."""
    return SealedValueError(_cell(table, row), "the data key is not there")


def _cell(table: str, row: object) -> Cell:
    return Cell(table, "wrapped_key", str(row))
