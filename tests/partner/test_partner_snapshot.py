# SPDX-License-Identifier: Apache-2.0
"""A partner begins with a snapshot and goes on with the feed, whatever happens in between."""

from collections.abc import Callable

import pytest

from stillmine.client.errors import ExchangeAnswerError
from stillmine.partner.listing import sync
from stillmine.wire.kinds import Kind
from stillmine.wire.snapshot import FeedSnapshotCutError, FeedSnapshotDamagedError, SnapshotBlock, SnapshotHead, SnapshotWriter
from tests.partner.fake_exchange import SNAPSHOT, FakeExchange
from tests.partner.partner_parts import Partner
from tests.partner.test_partner_sync import FEED, matched, value


@pytest.fixture
def exchange() -> FakeExchange:
    own = FakeExchange()
    own.has_snapshot = True
    for number in range(5):
        own.add(f"f{number}", value(number))
    own.withdraw("f0")
    return own


def test_it_begins_with_the_snapshot_and_goes_on_from_its_cursor(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add_text("sound", Kind.MD5, "ab" * 16)
    report = partner.sync.run()
    assert (report.added, report.erased, report.pages) == (5, 0, 1)
    assert exchange.requests[:2] == [f"GET {SNAPSHOT}", f"GET {FEED}"]
    assert len(partner.index) == 5
    assert exchange.acknowledged == [exchange.cursor()]
    exchange.withdraw("f1")
    assert partner.sync.run().erased == 1
    assert exchange.requests.count(f"GET {SNAPSHOT}") == 1


def test_many_are_put_into_the_index_together(partner: Partner, exchange: FakeExchange) -> None:
    ids = b"".join(number.to_bytes(16) for number in range(3000))
    values = [number.to_bytes(2) * 16 for number in range(3000)]
    writer = SnapshotWriter()
    block = SnapshotBlock(Kind.PDQ, ids, bytes([90]) * 3000, values)
    exchange.snapshot = writer.head(SnapshotHead(exchange.cursor(), 3000)) + writer.block(block) + writer.end()
    assert partner.sync.run().added == 3000
    assert len(partner.index) == partner.store.counts().fingerprints == 3000


@pytest.mark.parametrize(
    ("cut", "error"), [(lambda data: data[:-3], FeedSnapshotCutError), (lambda data: data[:-3] + b"xxx", FeedSnapshotDamagedError)]
)
def test_a_cut_or_damaged_one_is_said_fetched_again_and_what_is_gone_meanwhile_is_swept(
    partner: Partner, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch, cut: Callable[[bytes], bytes], error: type[Exception]
) -> None:
    monkeypatch.setattr(sync, "ROWS_AT_ONCE", 1)
    exchange.snapshot = cut(exchange.whole_snapshot())
    with pytest.raises(error):
        partner.sync.run()
    assert partner.store.place().cursor is None
    assert partner.store.place().synced_at is None
    exchange.withdraw("f1")  # its tombstone is older than the next snapshot's cursor, so only its absence tells
    exchange.snapshot = None
    report = partner.sync.run()
    assert report.erased == 1
    assert matched(partner) == exchange.active()


def test_a_stop_in_the_middle_begins_again_later(
    open_partner: Callable[[], Partner], exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "ROWS_AT_ONCE", 1)
    first = open_partner()
    asked = iter([False, False, True])
    first.must_stop = lambda: next(asked, True)
    first.sync.run()
    assert first.store.place().cursor is None
    second = open_partner()
    second.sync.run()
    assert matched(second) == exchange.active()


def test_a_refused_cursor_begins_with_a_snapshot_and_sweeps(partner: Partner, exchange: FakeExchange) -> None:
    partner.sync.run()
    exchange.start_over()
    exchange.add("g", value(77))
    report = partner.sync.run()
    assert (report.started_again, report.added, report.erased) == (True, 1, 4)
    assert matched(partner) == exchange.active()


@pytest.mark.parametrize(("kind", "stored", "quality"), [(Kind.PDQ, bytes(32), 101), (Kind.VPDQ, b"[]", 90), (Kind.MD5, bytes(16), 7)])
def test_a_block_with_wrong_values_is_refused(partner: Partner, exchange: FakeExchange, kind: Kind, stored: bytes, quality: int) -> None:
    writer = SnapshotWriter()
    block = SnapshotBlock(kind, bytes(16), bytes([quality]), [stored])
    exchange.snapshot = writer.head(SnapshotHead(exchange.cursor(), 1)) + writer.block(block) + writer.end()
    with pytest.raises(ExchangeAnswerError):
        partner.sync.run()
    assert len(partner.index) == 0
    assert partner.store.place().cursor is None


def test_an_exchange_without_snapshots_is_fetched_in_pages(partner: Partner, exchange: FakeExchange) -> None:
    exchange.has_snapshot = False
    assert partner.sync.run().added == 4
    assert matched(partner) == exchange.active()
