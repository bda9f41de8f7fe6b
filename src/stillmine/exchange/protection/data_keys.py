# SPDX-License-Identifier: Apache-2.0
"""Which keys stored values need, and whether they are at hand. Names keys by their ids, and never shows one."""

from stillmine.exchange.keys.seal import SealedValueError
from stillmine.exchange.rows.keys import DataKey, DayKey, FingerprintDataKey, TombstoneDataKey
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError

DATA_KEYS: tuple[type[DataKey], ...] = (FingerprintDataKey, TombstoneDataKey)


def require_keys(exchange: Context) -> None:
    """Raise NotConfiguredError where a key that is in use is not at hand: nothing may start without it."""
    for day_key in DayKey.objects.order_by("sequence").values_list("id", flat=True):
        exchange.day_keys.key(day_key)
    exchange.keys.ring()


def are_keys_at_hand(exchange: Context) -> bool:
    """Return whether this process can use every key that is in use: `require_keys` for what must not stop, but be said."""
    try:
        require_keys(exchange)
    except (NotConfiguredError, SealedValueError):
        return False
    return True


def keys_in_use(exchange: Context) -> dict[str, int]:
    """Return how many data keys need each key-encryption key that wraps a key of the day, none of them included.

    Raises NotConfiguredError where the file of those is not at hand.
    """
    lines = exchange.day_keys.lines()
    counts: dict[str, int] = {}
    for day_key in DayKey.objects.order_by("sequence").values_list("id", flat=True):
        if day_key in lines:
            key_id = lines[day_key].wrapped_by
            counts[key_id] = counts.get(key_id, 0) + sum(model._default_manager.filter(wrapped_by=day_key).count() for model in DATA_KEYS)
    return counts
