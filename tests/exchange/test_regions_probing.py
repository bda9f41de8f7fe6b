# SPDX-License-Identifier: Apache-2.0
"""Trying hashes at the places of one picture: what an alarm sees of it, what a token gives, and what is kept of asks about regions."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.ask_regions import RegionsRow
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import PartnerClient, Phone, empty_all_tables, value
from tests.exchange.region_parts import WHOLE, Picture, Upload, ask_regions, found, look, read, rounds
from tests.exchange.test_backup import back_up, put_back

Follow = Callable[[], None]

OWN = Picture(1)


@pytest.fixture
def asking(phone: Phone, partner: PartnerClient, follower: Follow) -> PartnerClient:
    phone.open(fingerprints=OWN.both)
    follower()
    return partner


def marks() -> int:
    from stillmine.exchange.rows.asks import AskVariety

    return sum(int.from_bytes(bytes(row.seen)).bit_count() for row in AskVariety.objects.all())


def at_the_edge(partner: PartnerClient) -> Upload:
    """The upload with most places covered that is still found."""
    for uncovered in range(5, 25):
        upload = Upload([(OWN, WHOLE)], covered=frozenset(range(uncovered, 25)))
        if found(partner, upload):
            return upload
    raise AssertionError("nothing was found")


def test_a_plain_copy_tells_nothing_and_is_not_marked(asking: PartnerClient) -> None:
    assert found(asking, Upload([(OWN, WHOLE)]))
    assert marks() == 0


def test_looks_at_the_edge_are_marked_each_once(asking: PartnerClient) -> None:
    edge = at_the_edge(asking)
    before = marks()
    assert before == 1
    first = read(ask_regions(asking, edge))
    sent = [look(asking, edge, first) for _ in range(5)]  # its noise is another each time
    assert {response.status_code for response in sent} == {200}
    assert before < marks() <= before + 5


def test_looks_at_the_edge_of_a_dispute_are_marked_though_nothing_is_found(asking: PartnerClient) -> None:
    """Five of 25 are there: with four of them the regions contradict the match of the `pdq`."""
    matched = [{"id": answers(asking, value(1))[0][1]}]
    doubted, disputed = (Upload([(OWN, WHOLE)], covered=frozenset(range(there, 25))) for there in (5, 4))
    last = rounds(asking, disputed, matched=matched)[-1]
    assert (last.answers[0].verdict, marks()) == ("disputed", 0)
    last = rounds(asking, doubted, matched=matched)[-1]
    assert last.answers[0].verdict == "one_judge"
    assert marks() > 0


def test_a_token_that_is_used_again_says_the_same_and_counts_again(asking: PartnerClient) -> None:
    from stillmine.exchange.rows.asks import AskCount

    copy = Upload([(OWN, WHOLE)])
    first = read(ask_regions(asking, copy))
    rows = [[row for row in read(look(asking, upload, first)).answers if row != RegionsRow()] for upload in (copy, Upload([]), copy)]
    assert [len(one) for one in rows] == [1, 0, 1]
    assert rows[0] == rows[2]
    assert AskCount.objects.get().queries == 4


def test_a_token_shows_nothing_of_what_it_carries(asking: PartnerClient, phone: Phone) -> None:
    copy = Upload([(OWN, WHOLE)])
    tokens = [read(ask_regions(asking, copy)).look for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert len(tokens[0]) == len(tokens[1])


def test_no_table_and_no_line_of_the_log_holds_what_was_asked(asking: PartnerClient, caplog: pytest.LogCaptureFixture) -> None:
    from django.apps import apps

    caplog.set_level(logging.DEBUG)
    near, far = Upload([(OWN, WHOLE)], noise=0), Upload([(Picture(99), WHOLE)], noise=0)
    assert (len(found(asking, near)), found(asking, far)) == (1, [])
    kept = [repr(cell) for model in apps.get_models() for row in model._default_manager.values_list() for cell in row]
    assert len(kept) > 50
    for picture in (OWN, Picture(99)):
        for one in picture.hashes:
            for form in (one.tobytes().hex(), repr(one.tobytes())[2:-1]):
                assert not [text for text in (*kept, caplog.text) if form in text]


def test_a_backup_takes_regions_along_and_they_are_found_again(
    exchange: Context, asking: PartnerClient, follower: Follow, tmp_path: Path
) -> None:
    data = back_up(exchange, tmp_path / "backup")
    assert str(OWN.regions["value"])[60:100] not in data.read_text()
    empty_all_tables()
    assert put_back(exchange, data.parent) == (0, 0)
    follower()
    assert len(found(asking, Upload([(OWN, WHOLE)]))) == 1
