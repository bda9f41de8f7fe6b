# SPDX-License-Identifier: Apache-2.0
"""When the ledger is published, by whom and with what, and what is promised until then."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.ledger.checkpoint import read_verifier_key
from stillmine.ledger.entry import entry_hash, read_entry
from stillmine.ledger.promise import Promise, open_promise
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, empty_all_tables, publish
from tests.exchange.test_concurrency import at_once
from tests.exchange.test_ledger import case_ledger, checkpoint, told

TICK = datetime(2026, 11, 22, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def head() -> Any:
    from stillmine.exchange.rows.log import LedgerHead

    return LedgerHead.objects.get()


def publish_due(exchange: Context) -> int:
    from stillmine.exchange.log.publishing import publish_due

    return publish_due(exchange)


def promises(phone: Phone) -> list[Promise]:
    ledger = case_ledger(phone)
    return [open_promise(read_verifier_key(ledger.key), one.promise) for one in ledger.promised]


def test_one_publication_for_each_time_also_where_nothing_happened(exchange: Context, clock: Clock) -> None:
    grown = []
    for hours in (0, 1, 2.9, 1, 6, 6, 5):
        clock.forward(hours=hours)
        grown.append(publish_due(exchange))
    assert grown == [64, 0, 0, 64, 64, 64, 0], "14:05, 15:05, 17:59, 18:59, 0:59, 6:59, 11:59"
    assert head().next_at == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_after_a_time_in_which_it_was_off_one_publication_is_made(exchange: Context, clock: Clock) -> None:
    publish_due(exchange)
    clock.off(days=3)
    assert [publish_due(exchange), publish_due(exchange)] == [64, 0]


def test_a_clock_that_was_ahead_and_is_set_back_keeps_nobody_waiting(exchange: Context, clock: Clock) -> None:
    clock.jump(days=400)
    publish_due(exchange)
    clock.jump(days=-400)
    assert [publish_due(exchange), publish_due(exchange)] == [64, 0]
    assert head().next_at == TICK


def test_two_machines_with_clocks_that_differ_do_not_publish_twice(exchange: Context, clock: Clock) -> None:
    publish_due(exchange)
    clock.until(TICK)
    publish_due(exchange)
    behind = replace(exchange, clock=lambda: TICK - timedelta(seconds=2))
    assert publish_due(behind) == 0


def test_a_shorter_period_takes_effect_at_once_and_a_longer_one_breaks_no_promise(exchange: Context, phone: Phone, clock: Clock) -> None:
    publish_due(exchange)
    seconds = replace(exchange, publish_every=timedelta(seconds=5))
    assert [publish_due(seconds), publish_due(seconds)] == [64, 0]
    phone.open(1)
    phone.withdraw()
    (promise,) = promises(phone)
    assert promise.publish_by == head().next_at + HOUR
    clock.forward(seconds=5)
    assert publish_due(exchange) == 64


def test_many_processes_publish_once(exchange: Context) -> None:
    grown = at_once(exchange, *[lambda: publish_due(exchange)] * 8)
    assert sorted(grown) == [0] * 7 + [64]
    assert head().size == 64


def test_a_place_says_nothing_of_what_came_before(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.log import Leaf

    phone.open(1)
    for number in range(2, 33):
        phone.add(number)
        partner.fetch()
    publish(exchange)
    rows = [(leaf.place, leaf.text) for leaf in Leaf.objects.order_by("id") if leaf.place is not None]
    places = [place for place, text in rows if read_entry(text).event != "padding"]
    assert len(places) == 32
    assert sorted(place for place, _ in rows) == list(range(64))
    assert places != sorted(places)
    assert max(places) > 32 > min(places)


def test_padding_is_an_entry_like_the_others(exchange: Context) -> None:
    from stillmine.exchange.rows.log import Leaf

    publish(exchange)
    texts = list(Leaf.objects.values_list("text", flat=True))
    assert {frozenset(json.loads(text)) for text in texts} == {frozenset({"version", "event", "day", "salt"})}
    assert len({entry_hash(text) for text in texts}) == 64


def test_what_was_recorded_is_promised_at_once_and_the_promise_stays_the_same(exchange: Context, phone: Phone, clock: Clock) -> None:
    publish_due(exchange)
    phone.open(1)
    phone.withdraw()
    (first,) = case_ledger(phone).promised
    (promise,) = promises(phone)
    assert (promise.leaf, promise.publish_by) == (entry_hash(first.text), TICK + HOUR)
    assert read_entry(first.text).event == "withdrawn"
    clock.off(days=2)  # nobody published
    (late,) = case_ledger(phone).promised
    assert late == first
    publish_due(exchange)
    after = case_ledger(phone)
    assert after.promised == []
    assert [entry.text for entry in after.entries] == [first.text]
    assert told(phone) == [("withdrawn", None, [phone.show().fingerprints[0].id])]


def test_a_promise_made_before_the_first_publication_or_while_one_is_late_is_of_the_next_time(
    exchange: Context, phone: Phone, clock: Clock
) -> None:
    phone.open(1, 2)
    phone.withdraw(phone.show().fingerprints[0].id)
    assert [one.publish_by for one in promises(phone)] == [TICK + HOUR]
    publish_due(exchange)
    clock.off(days=1)
    phone.withdraw()
    (late,) = promises(phone)
    assert late.publish_by == TICK + timedelta(days=1) + HOUR


def test_an_entry_among_another_persons_is_promised_to_its_own_alone(
    exchange: Context, phone: Phone, other_phone: Phone, partner: PartnerClient
) -> None:
    phone.open(1)
    other_phone.open(2)
    partner.sync()
    for own in (phone, other_phone):
        (one,) = case_ledger(own).promised
        assert [item.fingerprint_id for item in one.items] == [own.show().fingerprints[0].id]


def test_the_thread_publishes_and_goes_on_after_an_error(exchange: Context, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.log import publishing

    stopped, waits = threading.Event(), list[float]()
    real, calls = publishing.publish_due, list[int]()

    def failing_first(own: Context) -> int:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError
        return real(own)

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 2

    monkeypatch.setattr(publishing, "publish_due", failing_first)
    monkeypatch.setattr(stopped, "wait", wait)
    publishing.keep_published(exchange, stopped)
    assert waits == [publishing.RETRY_SECONDS, publishing.LONGEST_WAIT_SECONDS]
    assert head().size == 64


def test_upkeep_publishes_too_whatever_it_thinks_of_the_clock(exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    clock.jump(days=30)
    assert run_upkeep(exchange)["leaves of the ledger published"] == 64


def test_a_log_of_before_is_filled_up(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    """Six entries, published one by one by an earlier version."""
    from stillmine.exchange.log.nodes import joined_hashes
    from stillmine.exchange.log.publishing import grow
    from stillmine.exchange.rows.log import Leaf, LedgerHead
    from stillmine.ledger.tree import CompactRange

    phone.open(1)
    for number in range(2, 7):
        phone.add(number)
        partner.fetch()
    tree = grow(CompactRange(), list(Leaf.objects.order_by("id").values_list("id", "text")))
    LedgerHead.objects.update(size=6, hashes=joined_hashes(tree.hashes))
    before = checkpoint(phone.web)
    assert before.size == 6
    assert publish_due(exchange) == 58
    answer = phone.web.get("/api/v1/ledger/consistency", params={"from": 6, "to": 64})
    assert answer.status_code == 200
    assert checkpoint(phone.web).size == 64


def test_a_backup_keeps_what_waits_and_its_promise(exchange: Context, phone: Phone, clock: Clock, tmp_path: Path) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.load import restore

    publish_due(exchange)
    phone.open(1)
    phone.withdraw()
    before = case_ledger(phone)
    back_up(exchange, tmp_path)
    empty_all_tables()
    assert not restore(exchange, tmp_path).is_log_behind
    assert case_ledger(phone) == before
    clock.until(TICK)
    assert publish_due(exchange) == 64
    assert [entry.text for entry in case_ledger(phone).entries] == [one.text for one in before.promised]


def test_a_restore_says_that_the_log_may_have_been_published_since(
    exchange: Context, phone: Phone, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.commands import backups as commands

    publish_due(exchange)
    back_up(exchange, tmp_path)
    clock.until(TICK)
    publish_due(exchange)
    empty_all_tables()
    monkeypatch.setattr(commands, "prepare", lambda _: exchange)
    commands.restore(tmp_path, None, None)
    assert "The ledger was to be published since this backup was made." in capsys.readouterr().out
