# SPDX-License-Identifier: Apache-2.0
"""Rewrap everything under the newest key-encryption key, while the exchange serves: a turn of the day at an operator's word.

The values themselves stay as they are: what seals them is still the same data key.
"""

from dataclasses import dataclass

from stillmine.exchange.erasure.day_turn import turn_now
from stillmine.exchange.log.actions import record
from stillmine.exchange.protection.data_keys import keys_in_use, require_keys
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.ledger.entry import EventName


@dataclass(frozen=True)
class Rotated:
    """How many data keys were rewrapped, how many of those do not open, and how many need each key-encryption key now."""

    newest: str
    rewrapped: int
    broken: int
    in_use: dict[str, int]


def rotate(exchange: Context) -> Rotated:
    """Wrap everything under the first line; raises NotConfiguredError before any change where a line in use is missing."""
    require_keys(exchange)
    newest = exchange.keys.ring().newest
    done = turn_now(exchange)
    if done.rewrapped:
        with tx("keys.record_rotation", exchange.clock) as transaction:
            record(exchange, transaction, EventName.KEYS_ROTATED, details={"newest": newest, "rewrapped": str(done.rewrapped)})
    return Rotated(newest, done.rewrapped, done.broken, keys_in_use(exchange))
