# SPDX-License-Identifier: Apache-2.0
"""The binary snapshot over HTTP: what is in it, that it is on record, and that snapshot and increments together lose nothing."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillmine.exchange.transaction.context import Context
from stillmine.wire.kinds import Kind, value_text
from stillmine.wire.snapshot import SNAPSHOT_CONTENT_TYPE, SnapshotReader
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, fingerprint, opening, value


def fetch(partner: PartnerClient) -> tuple[SnapshotReader, dict[str, tuple[Kind, str, int]]]:
    """Fetch a snapshot; returns its reader and what was in it, by entry id."""
    response = partner.web.get("/api/v1/feed/snapshot", headers=partner.headers)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == SNAPSHOT_CONTENT_TYPE
    reader = SnapshotReader([response.content])
    found = {}
    for block in reader.blocks():
        for place, (text, quality) in enumerate(zip(block.values, block.qualities, strict=True)):
            found[block.ids[16 * place : 16 * place + 16].hex()] = (block.kind, value_text(block.kind, text), quality)
    return reader, found


def begin(partner: PartnerClient) -> None:
    """Begin as a partner does: the snapshot, then the feed after it."""
    from stillmine.wire.case import FingerprintState
    from stillmine.wire.feed import FeedEntry

    reader, found = fetch(partner)
    partner.entries = {own: FeedEntry(own, kind, FingerprintState.ACTIVE, text, quality) for own, (kind, text, quality) in found.items()}
    partner.cursor = reader.head.cursor


def test_it_holds_what_is_active_of_every_kind_and_the_feed_goes_on_after_it(
    phone: Phone, other_phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    rows = [{"kind": "sha256", "value": "ab" * 32, "quality": 100}, {"kind": "pdq", "value": value(1), "quality": 77}]
    rows += [{"kind": "vpdq", "value": f'["{value(7)},90,0.0"]', "quality": 90}, {"kind": "md5", "value": "cd" * 16, "quality": 100}]
    phone.open(1, fingerprints=rows)
    case = other_phone.open(2, 3)
    other_phone.withdraw(case.fingerprints[0].id)
    reader, found = fetch(partner)
    other_partner.sync()
    partner.sync()
    active = {own: entry for own, entry in partner.entries.items() if entry.value is not None}
    assert found == {own: (entry.kind, entry.value, entry.quality) for own, entry in active.items()}
    assert reader.head.active == 5
    assert reader.head.cursor == partner.cursor
    assert partner.fetch(reader.head.cursor).entries == []
    assert set(fetch(other_partner)[1]) == {own for own, entry in other_partner.entries.items() if entry.value is not None}


def test_an_empty_exchange_gives_an_empty_snapshot_and_records_nothing(partner: PartnerClient, exchange: Context) -> None:
    from stillmine.exchange.rows.feed import Disclosure

    reader, found = fetch(partner)
    assert (reader.head.active, found, Disclosure.objects.count()) == (0, {}, 0)
    assert partner.fetch(reader.head.cursor).entries == []


def test_it_is_on_record_before_a_byte_leaves(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.feed.actions import record_snapshot
    from stillmine.exchange.rows.partners import Partner
    from stillmine.exchange.transaction.context import context

    case = phone.open(1)
    clock.forward(minutes=5)
    record_snapshot(context(), Partner.objects.get(name="Example Social"))
    (status,) = phone.show().fingerprints[0].partners
    assert status.given_on == (case.opened_at + timedelta(minutes=5)).date()
    clock.forward(minutes=5)
    fetch(partner)
    assert phone.show().fingerprints[0].partners == [status]


def test_what_is_withdrawn_while_it_is_sent_is_left_out_from_then_on(
    phone: Phone, partner: PartnerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillmine.exchange.feed import snapshot
    from stillmine.exchange.protection import sequence, values

    monkeypatch.setattr(sequence, "BATCH_CHANGES", 1)
    case = phone.open(1, 2, 3)
    last = partner.fetch().entries[-1].value
    gone = next(row for row in case.fingerprints if row.value == last)
    phone_withdraws = iter([gone.id])
    original = values.values_with_keys

    def values_with_keys(exchange: Context, rows: Sequence[values.SealedWithKey]) -> dict[str, str]:
        for own in phone_withdraws:
            phone.withdraw(own)
            phone.add(9)
        return original(exchange, rows)

    monkeypatch.setattr(snapshot, "values_with_keys", values_with_keys)
    reader, found = fetch(partner)
    assert reader.head.active == 3
    assert sorted(text for _, text, _ in found.values()) == sorted({value(1), value(2), value(3)} - {last})
    begun = {entry.id: entry for entry in partner.fetch(reader.head.cursor).entries}
    assert sorted(entry.state for entry in begun.values()) == ["active", "withdrawn"]


def test_large_values_are_read_a_few_at_a_time(
    phone: Phone, partner: PartnerClient, exchange: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillmine.exchange.ask.following import Follower
    from stillmine.exchange.protection import sequence

    monkeypatch.setattr(sequence, "BATCH_VALUE_BYTES", 150)  # two pictures
    case = phone.open(1, 2, 3, 4, 5)
    second = partner.fetch().entries[1].value
    phone.withdraw(next(row.id for row in case.fingerprints if row.value == second))
    ends = [0]
    while ends[-1] < 11:
        ends.append(sequence.next_batch(ends[-1], 11).end)
    assert ends == [0, 8, 11]  # the first five numbers are of before the tick
    assert len(fetch(partner)[1]) == 4
    own = Follower(exchange)
    own.follow()
    assert len(own.index) == 4


def test_a_partner_that_may_not_is_refused(partner: PartnerClient, exchange: Context) -> None:
    from stillmine.exchange.partners.actions import revoke_partner

    revoke_partner(exchange, "Example Social")
    assert code(partner.web.get("/api/v1/feed/snapshot", headers=partner.headers)) == (403, "partner_key_revoked")


WRITERS = 3
STEPS = st.sampled_from(["open", "add", "withdraw_one", "withdraw", "clock_back", "clock_on"])


class Writer:
    """A person at work in a thread of their own."""

    def __init__(self, phone: Phone, number: int, steps: list[str], clock: Clock) -> None:
        self.phone, self.number, self.steps, self.clock = phone, number, steps, clock
        self.next_value = 1 + 0x1000 * number

    def run(self) -> None:
        from django.db import connection

        try:
            for step in self.steps:
                self.step(step)
        finally:
            connection.close()

    def value(self) -> int:
        self.next_value += 1
        return self.next_value

    def step(self, step: str) -> None:
        if step == "clock_back":
            self.clock.forward(minutes=-90)
        elif step == "clock_on":
            self.clock.forward(minutes=7)
        elif step == "open":
            self.phone = Phone(self.phone.web, self.value().to_bytes(10))
            self.phone.post("case", {**opening(self.value(), self.value())})
        elif step == "add":
            self.phone.post("case/fingerprints", {"version": 1, "fingerprints": [fingerprint(self.value())]})
        elif step == "withdraw":
            self.phone.post("case/withdraw", {"version": 1})
        else:
            shown = self.phone.web.get("/api/v1/case", headers=self.phone.headers)
            rows = shown.json().get("fingerprints", [])
            if rows:
                self.phone.post("case/withdraw", {"version": 1, "fingerprint_id": rows[0]["id"]})


def follow(client: PartnerClient, done: threading.Event, seen: list[str]) -> None:
    """Sync again and again, forgetting nothing that was shown; sometimes as a partner that was restarted from its last kept page."""
    from django.db import connection

    try:
        while not done.is_set():
            page = client.fetch(client.cursor, limit=2)
            assert page.cursor == client.cursor or page.entries or not page.has_more
            seen += [f"{entry.id} {entry.state}" for entry in page.entries]
            client.entries |= {entry.id: entry for entry in page.entries}
            if len(seen) % 5 != 4:  # else: it crashed before it kept the cursor, and fetches the same page again
                client.cursor = page.cursor
    finally:
        connection.close()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(st.lists(STEPS, min_size=3, max_size=8), min_size=WRITERS, max_size=WRITERS), snapshot_first=st.booleans())
def test_nothing_is_lost_or_repeated_under_writers_restarts_and_clock_steps(
    exchange: Context, phone: Phone, clock: Clock, steps: list[list[str]], snapshot_first: bool
) -> None:
    """Whoever follows from the beginning, from a snapshot or in between ends with exactly what is active, each fingerprint once."""
    from stillmine.exchange.protection.values import values_of
    from stillmine.exchange.rows.cases import Case, Fingerprint
    from stillmine.exchange.rows.limits import Attempts
    from stillmine.exchange.rows.partners import Partner

    Attempts.objects.all().delete()  # the limit of cases from one network is another test's
    run = Partner.objects.count()
    client = PartnerClient.add(exchange, phone.web, f"Example {run}")
    done, seen = threading.Event(), list[str]()
    writers = [
        Writer(Phone(phone.web, bytes([run, number] * 5)), 8 * (run % 2) + number, list(own), clock) for number, own in enumerate(steps)
    ]
    if snapshot_first:
        begin(client)
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        following = pool.submit(follow, client, done, seen)
        for work in [pool.submit(writer.run) for writer in writers]:
            work.result()
        done.set()
        following.result()
    client.sync(limit=3)
    late = PartnerClient.add(exchange, phone.web, f"Late {run}")
    begin(late)
    assert late.fetch(late.cursor).entries == []
    active = sorted(values_of(exchange, list(Fingerprint.objects.filter(state="active"))).values())
    assert client.active_values() == active == late.active_values()
    assert Case.objects.filter(state="open").exclude(fingerprints__state="active").count() == 0
