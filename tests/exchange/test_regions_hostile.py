# SPDX-License-Identifier: Apache-2.0
"""Asks about regions as nobody's service sends them: strange rows, shapes and clocks, tokens under other keys, cases that are gone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.transaction.context import Context
from stillmine.wire.ask_regions import RegionsRow
from stillmine.wire.base64url import base64url_text
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, value
from tests.exchange.region_parts import WHOLE, Picture, Upload, ask_regions, found, look, part, read, rounds
from tests.exchange.test_negative_bank import add, hashes

OWN, STRANGE = Picture(1), Picture(99)
COPY, CROP = Upload([(OWN, WHOLE)]), Upload([(OWN, part(0.1, 0.1, 0.8))])
WHOLE_BOX = [0, 0, 4096, 4096]


@pytest.fixture
def asking(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> PartnerClient:
    phone.open(fingerprints=OWN.both)
    follower()
    return partner


def with_scopes(exchange: Context, partner: PartnerClient, *scopes: Scope) -> PartnerClient:
    """The same partner with another key."""
    from stillmine.exchange.partners.actions import add_key
    from stillmine.exchange.rows.partners import Partner

    return replace(partner, key=add_key(exchange, Partner.objects.get().name, scopes)[1])


def ask_views(partner: PartnerClient, views: Sequence[dict[str, object]], **fields: object) -> httpx.Response:
    body = {"version": 1, "width": 256, "height": 256, "views": list(views), **fields}
    return partner.web.post("/api/v1/ask/regions", json=body, headers=partner.headers)


def nothing_is_kept() -> bool:
    from stillmine.exchange.rows.asks import AskCount, AskMatch, PlacesTold

    return not (AskCount.objects.exists() or AskMatch.objects.exists() or PlacesTold.objects.exists())


def test_a_token_belongs_to_the_partner_and_needs_a_key_that_may_ask(exchange: Context, asking: PartnerClient) -> None:
    from stillmine.exchange.partners.actions import revoke_key

    first = read(ask_regions(asking, CROP))
    newer, narrow = (with_scopes(exchange, asking, *scopes) for scopes in ((Scope.ASK,), (Scope.FEEDBACK,)))
    assert code(look(narrow, CROP, first))[0] == 403
    assert [row.outcome for row in read(look(newer, CROP, first)).answers[8:] if row != RegionsRow()] == ["match"]
    revoke_key(exchange, newer.key.split("_")[1])
    assert code(look(newer, CROP, first)) == (403, "partner_key_revoked")


@pytest.mark.parametrize(
    "matched",
    [
        [{"turn": 8}],
        [{"turn": 9}],
        [{"turn": -1}],
        [{"turn": 1.5}],
        [{"box": [3072, 0, 1024, 4096]}],
        [{"box": [0, 3072, 4096, 1024]}],
        [{"box": [0, 0, 0, 4096]}],
        [{"box": [0, 0, 4096]}],
        [{"box": [0, 0, 4097, 4096]}],
        [{"box": [-1, 0, 4096, 4096]}],
        [{}] * 9,
        [{}, {}],
        [{"id": "zz" * 16}],
        [{"id": ""}],
        [{"more": 1}],
        [None],
    ],
)
def test_strange_rows_of_what_matched_are_refused_and_nothing_is_kept(asking: PartnerClient, matched: Sequence[object]) -> None:
    unlike = len(matched) == 9
    rows = [
        {"id": (f"{number:02x}" if unlike else "ab") * 16, **row} if isinstance(row, dict) else row for number, row in enumerate(matched)
    ]
    assert code(ask_regions(asking, COPY, matched=rows)) == (400, "malformed_message")
    assert nothing_is_kept()


@pytest.mark.parametrize("box", [[0, 0, 1, 1], [4095, 4095, 4096, 4096], [0, 0, 4096, 1], [0, 0, 1, 4096]])
@pytest.mark.parametrize("turn", [0, 3, 7])
def test_a_box_of_next_to_nothing_is_answered_in_one_size(asking: PartnerClient, box: Sequence[int], turn: int) -> None:
    matched = [{"id": answers(asking, value(1))[0][1], "turn": turn, "box": list(box)}]
    last = rounds(asking, Upload([(STRANGE, WHOLE)]), matched=matched)[-1]
    assert last.answers[0].outcome == "match"
    assert last.answers[0].verdict == "one_judge"


@pytest.mark.parametrize(("width", "height"), [(1, 65_535), (65_535, 1), (2, 32_768), (512, 128)])
def test_an_upload_of_a_strange_shape_is_answered(asking: PartnerClient, width: int, height: int) -> None:
    matched = [{"id": answers(asking, value(1))[0][1], "box": WHOLE_BOX}]
    sides = {"width": width, "height": height}
    view = {**sides, "regions": COPY.view()["regions"]}
    assert len(read(ask_views(asking, [view] * 14, **sides, matched=matched)).answers) == 32


def test_regions_that_lie_at_one_place_with_one_hash_are_no_copy(asking: PartnerClient) -> None:
    """Two hundred times the same region of a picture, and every region of it at one place."""
    hash_, place = OWN.hashes[0].tobytes(), OWN.geometry[0].tobytes()
    for rows in (200 * (hash_ + hash_ + place), b"".join(2 * one.tobytes() + place for one in OWN.hashes)):
        view = {"width": 256, "height": 256, "regions": base64url_text(rows)}
        first = read(ask_views(asking, [view]))
        assert set(first.answers) == {RegionsRow()}


def test_a_look_after_the_whole_case_was_withdrawn_tells_and_records_nothing(asking: PartnerClient, phone: Phone) -> None:
    from stillmine.exchange.rows.asks import AskMatch
    from stillmine.exchange.rows.log import Mention

    first = read(ask_regions(asking, CROP))
    phone.withdraw()
    before = Mention.objects.count()
    last = read(look(asking, CROP, first))
    assert set(last.answers) == {RegionsRow()}
    assert (AskMatch.objects.count(), Mention.objects.count()) == (0, before)


def test_a_look_after_the_bank_took_the_picture_tells_nothing(exchange: Context, asking: PartnerClient, tmp_path: Path) -> None:
    from stillmine.exchange.quarantine.sweep import sweep

    first = read(ask_regions(asking, CROP))
    add(exchange, hashes(tmp_path, str(OWN.pdq["value"])))
    sweep(exchange)
    assert set(read(look(asking, CROP, first)).answers) == {RegionsRow()}
    assert found(asking, CROP) == []


def test_a_quota_that_ends_between_two_rounds_refuses_the_second_and_the_first_stays_counted(asking: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.rows.asks import AskCount, PlacesTold
    from stillmine.exchange.rows.partners import Partner

    Partner.objects.update(daily_quota=2)
    first = read(ask_regions(asking, CROP, views=2))
    assert code(look(asking, CROP, first)) == (429, "quota_used_up")
    assert (AskCount.objects.get().queries, PlacesTold.objects.get().pictures) == (2, 1)
    clock.forward(days=1)
    assert code(look(asking, CROP, first)) == (400, "look_expired")


def test_a_clock_that_was_set_back_opens_no_token_for_longer(asking: PartnerClient, clock: Clock) -> None:
    first = read(ask_regions(asking, CROP))
    clock.forward(seconds=-4)
    assert look(asking, CROP, first).status_code == 200
    clock.forward(minutes=-2)
    assert code(look(asking, CROP, first)) == (400, "look_expired")
