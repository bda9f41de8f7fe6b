# SPDX-License-Identifier: Apache-2.0
"""An ask that can't be answered now says when to ask again, counts nothing and tells nothing, whether it would have matched or not."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from stillmine.exchange.transaction.context import Context
from tests.exchange.ask_parts import ask
from tests.exchange.exchange_parts import PartnerClient, Phone, code, value

Trouble = Callable[[Context], AbstractContextManager[None]]


@contextmanager
def index_that_is_gone(exchange: Context) -> Iterator[None]:
    from stillmine.exchange.ask.client import forget_connection

    forget_connection()
    path = exchange.home / "index.sock"
    path.rename(path.with_suffix(".away"))
    yield
    path.with_suffix(".away").rename(path)


@contextmanager
def quota_that_is_used_up(exchange: Context) -> Iterator[None]:
    from stillmine.exchange.partners.actions import set_partner

    set_partner(exchange, "Example Social", daily_quota=1)
    yield
    set_partner(exchange, "Example Social", daily_quota=1_000_000)


@contextmanager
def disk_that_is_full(exchange: Context) -> Iterator[None]:
    from stillmine.exchange.ground.reserve import RESERVE_FILE

    reserve: Path = exchange.home / RESERVE_FILE
    reserve.write_bytes(b"")
    yield
    reserve.unlink()


@contextmanager
def database_that_somebody_holds(exchange: Context) -> Iterator[None]:
    """Another process writes: on SQLite into the file, on PostgreSQL into the count of this partner's day."""
    if connection.vendor == "sqlite":
        holder: Any = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        with closing(holder), connection.cursor() as cursor:
            holder.execute("BEGIN IMMEDIATE")
            cursor.execute("PRAGMA busy_timeout = 50")
            yield
            holder.execute("ROLLBACK")
            connection.close()
        return
    with psycopg.connect(**connection.get_connection_params() | {"context": None, "cursor_factory": psycopg.Cursor}) as holder:
        holder.execute("SELECT queries FROM ask_askcount FOR UPDATE")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        yield
        holder.rollback()
        connection.close()


def written() -> list[int]:
    from stillmine.exchange.rows.asks import AskCount, AskMatch, AskVariety
    from stillmine.exchange.rows.intake import CountedUpload, MatchCount
    from stillmine.exchange.rows.log import Leaf, Mention

    rows = [model.objects.count() for model in (AskMatch, AskVariety, MatchCount, CountedUpload, Leaf, Mention)]
    return [*rows, *AskCount.objects.values_list("queries", flat=True)]


@pytest.mark.parametrize("number", [1, 2], ids=["match", "clear"])
@pytest.mark.parametrize(
    ("trouble", "expected", "most_seconds"),
    [
        (index_that_is_gone, (503, "index_loading"), 30),
        (quota_that_is_used_up, (429, "quota_used_up"), 86_400),
        (disk_that_is_full, (503, "storage_full"), 300),
        (database_that_somebody_holds, (503, "database_busy"), 30),
    ],
)
def test_it_says_when_to_ask_again_and_counts_and_tells_nothing(
    exchange: Context,
    phone: Phone,
    partner: PartnerClient,
    follower: Callable[[], None],
    trouble: Trouble,
    expected: tuple[int, str],
    most_seconds: int,
    number: int,
) -> None:
    phone.open(1)
    follower()
    assert ask(partner, ("pdq", value(3))).status_code == 200  # so that there is a count to change
    with trouble(exchange):
        before = written()
        refused = ask(partner, ("pdq", value(number)))
        assert code(refused) == expected
        assert written() == before
    assert 1 <= int(refused.headers["Retry-After"]) <= most_seconds
    assert set(refused.json()) == {"code", "message", "detail"}
    assert value(number) not in refused.text
    assert "retry-after" not in {name.lower() for name in ask(partner, ("pdq", value(3))).headers}
    assert written()[-1] == before[-1] + 1
    assert phone.show().fingerprints[0].partners == []


def test_what_fails_after_the_search_tells_nothing(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry in the ledger is the last thing that is written: without it the whole ask is undone."""
    from stillmine.wire.storage_errors import StorageFullError

    def fail(*_: object, **__: object) -> None:
        raise StorageFullError

    phone.open(1)
    follower()
    assert ask(partner, ("pdq", value(3))).status_code == 200
    before = written()
    with monkeypatch.context() as patched:
        patched.setattr("stillmine.exchange.ask.actions.record_matches", fail)
        refused = ask(partner, ("pdq", value(1)))
    assert code(refused) == (503, "storage_full")
    assert written() == before
    assert ask(partner, ("pdq", value(1))).json()["answers"][0]["outcome"] == "match"
