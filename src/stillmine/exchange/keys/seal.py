# SPDX-License-Identifier: Apache-2.0
"""Seal bytes so that they open only with their key and only in the place that they were sealed for.

Pure: bytes in, bytes out. What does not open is said by table and row, never by value. Contract: spec/at-rest.md.
"""

import hmac
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stillmine.exchange.ground.secret import derive
from stillmine.wire.case_key import Secret

KEY_BYTES = 32
NONCE_BYTES = 12
NOT_ITS_KEY = "it does not open with its key"

RandomBytes = Callable[[int], bytes]


class Cell(NamedTuple):
    """Where sealed bytes belong; in any other row, column or table they don't open."""

    table: str
    column: str
    row: str

    def associated_data(self) -> bytes:
        """Return what the seal is bound to. No table or column has `|` in its name, so that no two cells are the same bytes."""
        return f"{self.table}|{self.column}|{self.row}".encode()


class SealedValueError(Exception):
    """Sealed bytes did not open, or the key they need is not there. Not a refusal: what is stored is not what was stored."""

    def __init__(self, cell: Cell, why: str) -> None:
        self.cell = cell
        super().__init__(f"table {cell.table}, row {cell.row}: {why}")


def seal(key: Secret, content: bytes, cell: Cell, random_bytes: RandomBytes) -> bytes:
    """Return nonce ‖ AES-256-GCM(key, content) ‖ tag."""
    nonce = random_bytes(NONCE_BYTES)
    return nonce + AESGCM(bytes(key)).encrypt(nonce, content, cell.associated_data())


def open_sealed(key: Secret, sealed: bytes, cell: Cell) -> bytes:
    """Return what was sealed; raises SealedValueError."""
    try:
        return AESGCM(bytes(key)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], cell.associated_data())
    except (InvalidTag, ValueError):
        raise SealedValueError(cell, NOT_ITS_KEY) from None


class Column:
    """One column, of which many rows are opened: what is the same for all of them is made once."""

    def __init__(self, table: str, column: str) -> None:
        self._table = table
        self._column = column
        self._bound_to = Cell(table, column, "").associated_data()

    def open(self, cipher: AESGCM, sealed: bytes, row: str) -> bytes:
        """Return what was sealed for this row with the key that `cipher` holds; raises SealedValueError."""
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound_to + row.encode())
        except (InvalidTag, ValueError):
            raise SealedValueError(Cell(self._table, self._column, row), NOT_ITS_KEY) from None


def blind_index(secret: Secret, kind: str, value: str) -> str:
    """Return what a value is found again by: 64 hex digits that say nothing without the exchange's secret."""
    return hmac.digest(bytes(_blind_index_key(secret)), kind.encode() + b"\0" + value.encode(), "sha256").hex()


@lru_cache(maxsize=4)
def _blind_index_key(secret: Secret) -> Secret:
    return derive(secret, "stillmine/blind-index-key/v1")
