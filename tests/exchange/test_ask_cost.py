# SPDX-License-Identifier: Apache-2.0
"""What an ask costs the database: few statements where nothing matches, and no wait for the disk, which a match must have."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stillmine.exchange.transaction.context import Context
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import PartnerClient, Phone, value

KEPT_SETTING = {"sqlite": ("PRAGMA synchronous", 2), "postgresql": ("SHOW synchronous_commit", "on")}
"""How each database says that commits wait for the disk, as the exchange sets it or finds it."""


@pytest.fixture(autouse=True)
def as_a_server_waits(exchange: Context) -> Iterator[None]:
    """The tests' own PostgreSQL does not wait for its disk."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
    yield
    connection.close()


@contextmanager
def statements() -> Iterator[list[str]]:
    said: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield said
    said += [query["sql"] for query in captured.captured_queries]


def setting() -> object:
    with connection.cursor() as cursor:
        cursor.execute(KEPT_SETTING[connection.vendor][0])
        return cursor.fetchone()[0]


def is_hurried(said: list[str]) -> bool:
    return any("synchronous" in statement for statement in said)


STATEMENTS = {"sqlite": ["SELECT", "BEGIN", "INSERT", "COMMIT"], "postgresql": ["SELECT", "INSERT"]}
"""Of a clear ask. On PostgreSQL the last says how the count is kept, and counts, in one statement."""


def test_a_clear_ask_is_few_statements_and_one_says_how_it_is_kept(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    phone.open(1)
    follower()
    answers(partner, value(2))  # the day's first use of a key is written down
    with statements() as said:
        answers(partner, *[value(number) for number in range(2, 12)])
    own = [statement for statement in said if not statement.startswith("PRAGMA")]
    assert [statement.split()[0] for statement in own] == STATEMENTS[connection.vendor], said
    assert is_hurried(said)
    assert setting() == KEPT_SETTING[connection.vendor][1]


def test_a_match_waits_for_the_disk(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> None:
    phone.open(1)
    follower()
    with statements() as said:
        assert answers(partner, value(2), value(1))[1][0] == "match"
    assert not is_hurried(said)
    assert setting() == KEPT_SETTING[connection.vendor][1]


def test_what_was_withdrawn_a_moment_ago_is_looked_up_and_waits(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> None:
    """The index still names it: only the database knows that it is clear."""
    phone.open(1)
    follower()
    phone.withdraw()
    with statements() as said:
        assert answers(partner, value(1))[0][0] == "clear"
    assert any("cases_fingerprint" in statement for statement in said)


def test_a_count_that_fails_leaves_later_transactions_waiting_for_the_disk(exchange: Context) -> None:
    from stillmine.exchange.transaction.tx import tx

    def fail() -> None:
        with tx("test.lost", exchange.clock, may_be_lost=True):
            assert setting() != KEPT_SETTING[connection.vendor][1]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert setting() == KEPT_SETTING[connection.vendor][1]


def test_counts_of_clear_and_matching_asks_add_up_to_the_quota_and_not_over_it(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    from stillmine.exchange.ask.recording import count_queries
    from stillmine.exchange.rows.asks import AskCount
    from stillmine.exchange.rows.partners import Partner
    from stillmine.exchange.transaction.tx import tx
    from stillmine.wire.ask_errors import QuotaUsedUpError

    phone.open(1)
    follower()
    answers(partner, value(2), value(3))
    answers(partner, value(1))
    assert list(AskCount.objects.values_list("queries", "matches")) == [(3, 1)]
    Partner.objects.update(daily_quota=10)
    own = Partner.objects.get()
    for queries, is_taken in ((8, False), (7, True), (1, False)):  # as where another ask was counted after this one had looked
        try:
            with tx("test.count", exchange.clock) as transaction:
                count_queries(transaction, own, queries, 0)
        except QuotaUsedUpError:
            assert not is_taken
        else:
            assert is_taken
    assert list(AskCount.objects.values_list("queries", "matches")) == [(10, 1)]
