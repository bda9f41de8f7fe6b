# SPDX-License-Identifier: Apache-2.0
"""The turn of the day: a new key of the day, every living data key rewrapped under it, and the old key destroyed.

What was erased is not rewrapped, so with the old key goes every copy of it in logs, replicas and copies of the database. No key may be
destroyed while anything is wrapped under it, wherever a process dies: first the database lets its row go, which it refuses while a data
key names it, and the key goes at the next look, a minute later, when nobody reads any more what was there before.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass

from django.db import IntegrityError, connection
from django.db.models import Max, ProtectedError

from stillmine.exchange.clock.actions import is_doubted
from stillmine.exchange.keys.seal import SealedValueError
from stillmine.exchange.protection.data_keys import DATA_KEYS, are_keys_at_hand
from stillmine.exchange.protection.wrapping import Unwrapping, wrapping_key
from stillmine.exchange.rows.keys import DataKey, DayKey
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx

_AT_ONCE = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Turned:
    """Whether a new key of the day was made, how many data keys were rewrapped, and how many of them do not open."""

    is_new_day: bool = False
    rewrapped: int = 0
    broken: int = 0


def keep_day_keys(exchange: Context) -> int:
    """Do what is due, every minute; returns how many data keys were rewrapped. Leaves it to whoever is at it, or reads for long."""
    with exchange.day_keys.file.lock(waits=False) as is_ours:
        return _turn(exchange, is_forced=False).rewrapped if is_ours else 0


def turn_now(exchange: Context) -> Turned:
    """Do it whatever the day is, where the newest key of the day is not wrapped under the newest key-encryption key."""
    with exchange.day_keys.file.lock(waits=True):
        newest = DayKey.objects.order_by("-sequence").values_list("id", flat=True)[0]
        is_outdated = exchange.day_keys.lines()[newest].wrapped_by != exchange.keys.ring().newest
        return _turn(exchange, is_forced=is_outdated)


def _turn(exchange: Context, *, is_forced: bool) -> Turned:
    _destroy(exchange)
    is_new_day = is_forced or _is_due(exchange)
    if is_new_day:
        _begin_day(exchange)
    rewrapped = broken = 0
    for model in DATA_KEYS:
        while batch := _rewrap_batch(exchange, model):
            rewrapped, broken = rewrapped + batch[0], broken + batch[1]
    _let_go(exchange)
    return Turned(is_new_day, rewrapped, broken)


def _is_due(exchange: Context) -> bool:
    """A new day, by a clock that is believed; or a key that was made by one that was ahead, whose date would say too much of receipts."""
    newest, now = DayKey.objects.order_by("-sequence").first(), exchange.clock()
    if newest is None:
        return False
    return newest.made_at > now or (newest.made_at.date() != now.date() and not is_doubted())


def _begin_day(exchange: Context) -> None:
    """The file first: what the database names is at hand. A line that it does not name yet is not used by anybody."""
    key_id, line = exchange.day_keys.new_line(exchange.random_bytes)
    exchange.day_keys.file.write({**exchange.day_keys.lines(), key_id: line})
    with tx("keys.begin_day", exchange.clock) as transaction:
        _add_day_key(transaction, key_id)


def begin_day_anew(exchange: Context, transaction: Transaction) -> None:
    """Of a database that holds nothing: a key of the day that opens, where its own is wrapped under a key-encryption key of before."""
    if are_keys_at_hand(exchange):
        return
    with exchange.day_keys.file.lock(waits=True):
        key_id, line = exchange.day_keys.new_line(exchange.random_bytes)
        exchange.day_keys.file.write({key_id: line})
        DayKey.objects.all().delete()
        _add_day_key(transaction, key_id)


def _rewrap_batch(exchange: Context, model: type[DataKey]) -> tuple[int, int] | None:
    """Rewrap some; returns how many, and how many of them do not open, which stay as they are. None where nothing is left."""
    table, column = model._meta.db_table, model._meta.pk.attname
    broken = 0
    with tx("keys.rotate", exchange.clock) as transaction:
        key = wrapping_key(exchange, transaction)
        older = list(DayKey.objects.exclude(id=key.id).values_list("id", flat=True))
        waiting = model._default_manager.select_for_update(skip_locked=True)  # this waits for nobody who withdraws
        rows = list(waiting.filter(wrapped_by__in=older).order_by("pk")[:_AT_ONCE]) if older else []
        changes = []
        unwrapping = Unwrapping(exchange, table)
        for row in rows:
            try:
                data_key = unwrapping.data_key(row.wrapped_by_id, row.wrapped_key, row.pk)
                wrapped = key.wrap(data_key, table, row.pk, exchange.random_bytes)
            except SealedValueError as error:  # its key is the right one and was not destroyed: no key will ever open it
                _log.error("%s", error)
                wrapped, broken = bytes(row.wrapped_key), broken + 1
            changes.append((key.id, wrapped, row.pk, row.wrapped_by_id))
        if changes:  # what was erased meanwhile is not there any more, and not brought back
            quote = connection.ops.quote_name
            statement = f"UPDATE {quote(table)} SET wrapped_by = %s, wrapped_key = %s WHERE {quote(column)} = %s AND wrapped_by = %s"  # noqa: S608 (names of our own tables)
            with connection.cursor() as cursor:
                cursor.executemany(statement, changes)
    return (len(rows), broken) if rows else None


def _let_go(exchange: Context) -> None:
    """Delete the rows of keys under which nothing is wrapped; where somebody wraps at this moment, that key stays for another minute."""
    for row in DayKey.objects.order_by("-sequence")[1:]:
        with suppress(ProtectedError, IntegrityError), tx("keys.let_go", exchange.clock):  # the second is PostgreSQL's word, at the end
            row.delete()


def _destroy(exchange: Context) -> None:
    """Destroy the keys that the database does not name, and what a sudden end has left of the file."""
    lines = exchange.day_keys.lines()
    named = set(DayKey.objects.values_list("id", flat=True))
    kept = {key_id: line for key_id, line in lines.items() if key_id in named}
    exchange.day_keys.file.clear()
    if kept and kept.keys() != lines.keys():
        exchange.day_keys.file.write(kept)


def _add_day_key(transaction: Transaction, key_id: str) -> None:
    sequence = (DayKey.objects.aggregate(highest=Max("sequence"))["highest"] or 0) + 1
    DayKey.objects.create(id=key_id, sequence=sequence, made_at=transaction.now)
