# SPDX-License-Identifier: Apache-2.0
"""Wrap every data key anew under the newest key-encryption key, in small transactions, while the exchange serves.

The values themselves stay as they are: what seals them is still the same data key.
"""

from dataclasses import dataclass

from stillmine.exchange.context import Context
from stillmine.exchange.keys.check import DATA_KEYS, keys_in_use, require_keys
from stillmine.exchange.keys.models import DataKey
from stillmine.exchange.keys.ring import KeyRing
from stillmine.exchange.keys.wrapping import unwrap, wrap
from stillmine.exchange.ledger.actions import _record
from stillmine.exchange.tx import tx
from stillmine.ledger.entry import EventName

_AT_ONCE = 500


@dataclass(frozen=True)
class Rotated:
    """How many data keys were wrapped anew, and how many each key-encryption key still wraps."""

    newest: str
    rewrapped: int
    in_use: dict[str, int]


def rotate(exchange: Context) -> Rotated:
    """Wrap everything under the first line; raises NotConfiguredError before any change where a line in use is missing.

    Raises SealedValueError for a data key that does not open; what was wrapped before stays so, and nothing is lost.
    """
    require_keys(exchange)
    ring = exchange.keys.ring()
    rewrapped = sum(_rotate_table(exchange, ring, model) for model in DATA_KEYS)
    if rewrapped:
        with tx("keys.record_rotation", exchange.clock) as now:
            _record(exchange, EventName.KEYS_ROTATED, now, details={"newest": ring.newest, "rewrapped": str(rewrapped)})
    return Rotated(ring.newest, rewrapped, keys_in_use())


def _rotate_table(exchange: Context, ring: KeyRing, model: type[DataKey]) -> int:
    done = 0
    while batch := _rotate_batch(exchange, ring, model):
        done += batch
    return done


def _rotate_batch(exchange: Context, ring: KeyRing, model: type[DataKey]) -> int:
    table = model._meta.db_table
    with tx("keys.rotate", exchange.clock):
        rows = list(model._default_manager.select_for_update().exclude(wrapped_by=ring.newest).order_by("pk")[:_AT_ONCE])
        for row in rows:
            data_key = unwrap(exchange, row.wrapped_by, row.wrapped_key, table, row.pk)
            row.wrapped_by, row.wrapped_key = wrap(ring, data_key, table, row.pk, exchange.random_bytes)
        model._default_manager.bulk_update(rows, ["wrapped_by", "wrapped_key"], batch_size=100)
    return len(rows)
