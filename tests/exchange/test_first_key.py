# SPDX-License-Identifier: Apache-2.0
"""The first key of the day is made once, whatever comes between the tables and it: without it nothing could ever be stored."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stillmine.exchange.keys.day_file import DayFile
from stillmine.exchange.transaction.context import Context
from tests.exchange.served_exchange import Operator


def beside(file: DayFile) -> list[Path]:
    """What stands beside the file of keys of the day and bears its name: what was put aside, and the lock."""
    return list(file.path.parent.glob(f"{file.path.name}.*"))


@pytest.fixture
def without_key(exchange: Context) -> Iterator[Context]:
    """The exchange as a start leaves it that ends after the tables were made; its own key is put back."""
    from stillmine.exchange.rows.keys import DayKey

    file = exchange.day_keys.file
    lines, rows, before = file.read(), list(DayKey.objects.all()), set(beside(file))
    DayKey.objects.all().delete()
    yield exchange
    DayKey.objects.all().delete()
    file.write(lines)
    for path in set(beside(file)) - before:
        path.unlink()
    DayKey.objects.bulk_create(rows)


def test_nothing_is_done_before_it_is_there(operator: Operator) -> None:
    """A first start may end between the tables and the key. What was written meanwhile would keep the key from ever being made."""
    working = operator.environment.copy()
    operator.environment["STILLMINE_EXCHANGE_KEYS_COMMAND"] = "/bin/false"
    assert "keys_missing" in operator.run("migrate", expect=2)
    operator.environment = working
    assert "not up to date" in operator.run("partner", "add", "Example", expect=2)
    operator.run("migrate")
    operator.run("partner", "add", "Example")
    assert "wraps new ones" in operator.run("keys", "list")
    assert json.loads(operator.run("fsck", "--json")) == {"findings": []}


def test_of_two_starts_at_once_one_makes_it(without_key: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.database.first_key import make_first_day_key
    from stillmine.exchange.protection.data_keys import require_keys
    from stillmine.exchange.rows.keys import DayKey

    lock = DayFile.lock

    @contextmanager
    def after_another(file: DayFile, *, waits: bool) -> Iterator[bool]:
        monkeypatch.setattr(DayFile, "lock", lock)
        make_first_day_key(without_key)
        with file.lock(waits=waits) as is_mine:
            yield is_mine

    monkeypatch.setattr(DayFile, "lock", after_another)
    before = set(beside(without_key.day_keys.file))
    make_first_day_key(without_key)
    assert DayKey.objects.count() == 1
    assert len(set(beside(without_key.day_keys.file)) - before) == 1, "only what was there before both was put aside"
    require_keys(without_key)


def test_of_two_starts_at_once_one_notes_that_an_earlier_database_was_taken_over(
    exchange: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from stillmine.exchange.database.earlier import LAST_OF_EACH, take_over

    recorder = MigrationRecorder(connection)
    now = recorder.applied_migrations()
    earlier = dict.fromkeys(LAST_OF_EACH.items())
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _: earlier)  # as both read it, before either wrote
    take_over()
    monkeypatch.undo()
    assert list(recorder.migration_qs.values_list("app", "name")) == list(now)
