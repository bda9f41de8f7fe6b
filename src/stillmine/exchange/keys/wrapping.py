# SPDX-License-Identifier: Apache-2.0
"""Make, wrap and unwrap data keys. Unwrapped keys live as long as a call and are kept nowhere."""

from stillmine.exchange.context import Context
from stillmine.exchange.keys.ring import KeyRing
from stillmine.exchange.keys.seal import KEY_BYTES, Place, RandomBytes, SealedValueError, open_sealed, seal
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError

CASE_KEYS = "case_data_keys"
TOMBSTONE_KEYS = "tombstone_data_keys"


def new_data_key(exchange: Context) -> Secret:
    """Return 32 random bytes."""
    return Secret(exchange.random_bytes(KEY_BYTES))


def wrap(ring: KeyRing, data_key: Secret, table: str, row: object, random_bytes: RandomBytes) -> tuple[str, bytes]:
    """Return the id of the newest key-encryption key, and the data key sealed under it for this row."""
    return ring.newest, seal(ring.keys[ring.newest], bytes(data_key), _place(table, row), random_bytes)


def unwrap(exchange: Context, wrapped_by: str, wrapped_key: bytes | memoryview, table: str, row: object) -> Secret:
    """Return a data key; raises NotConfiguredError where its key-encryption key is missing, SealedValueError where it is another."""
    ring = exchange.keys.ring_with(wrapped_by)
    if wrapped_by not in ring.keys:
        raise missing_key(exchange, wrapped_by)
    return Secret(open_sealed(ring.keys[wrapped_by], bytes(wrapped_key), _place(table, row)))


def missing_key(exchange: Context, wrapped_by: str) -> NotConfiguredError:
    """Say which line is missing."""
    return NotConfiguredError(
        f"{exchange.keys.source} lacks key {wrapped_by}, under which data keys are wrapped. Put its line back from your backup; "
        "nothing was changed"
    )


def no_data_key(table: str, row: object) -> SealedValueError:
    """Say that a row's data key is gone though what it seals is not."""
    return SealedValueError(_place(table, row), "the data key is not there")


def _place(table: str, row: object) -> Place:
    return Place(table, "wrapped_key", str(row))
