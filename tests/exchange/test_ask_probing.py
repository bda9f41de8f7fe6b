# SPDX-License-Identifier: Apache-2.0
"""A partner that works out a fingerprint by asking is seen, matching goes on, and no query is kept."""

import logging
from collections.abc import Callable
from datetime import timedelta
from random import Random

import httpx
import pytest
from ask_parts import answers
from exchange_parts import Clock, PartnerClient, Phone, value

from stillmine.exchange.context import Context
from stillmine.exchange.partners.scopes import Way


@pytest.fixture
def asking(exchange: Context, web: httpx.Client) -> PartnerClient:
    return PartnerClient.add(exchange, web, "Example Asker", Way.ASK)


def flipped(hexadecimal: str, *bits: int) -> str:
    number = int(hexadecimal, 16)
    for bit in bits:
        number ^= 1 << bit
    return f"{number:064x}"


def alarms() -> list[tuple[str, int]]:
    from stillmine.exchange.ask.models import ProbingAlarm

    return list(ProbingAlarm.objects.values_list("partner__name", "fingerprints"))


def recovered(partner: PartnerClient, copy: str) -> tuple[str, int]:
    """Work out the fingerprint near a copy: to the edge of matching, then each bit alone; returns it and how many queries that took."""

    def matches(*values: str) -> list[bool]:
        nonlocal asked
        asked += len(values)
        return [outcome == "match" for outcome, _ in answers(partner, *values)]

    asked, order = 0, list(range(256))
    Random(5).shuffle(order)
    steps = [flipped(copy, *order[:count]) for count in range(1, 201)]
    first_clear = matches(*steps).index(False)
    edge = flipped(copy, *order[:first_clear])  # matches; one more wrong bit does not
    last = order[first_clear]
    outside = flipped(edge, last)
    is_nearer = matches(*[flipped(outside, bit) for bit in range(256)])
    return flipped(outside, *[bit for bit in range(256) if is_nearer[bit]]), asked


def test_456_queries_work_out_a_fingerprint_and_are_seen(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    phone.open(1)
    follower()
    copy = flipped(value(1), *range(0, 240, 10))
    with caplog.at_level(logging.WARNING):
        assert recovered(asking, copy) == (value(1), 456)
    assert alarms() == [("Example Asker", 1)]
    (line,) = [record.getMessage() for record in caplog.records if "different queries" in record.getMessage()]
    assert "Example Asker" in line
    assert value(1) not in line
    assert answers(asking, flipped(value(1), 3))[0][0] == "match", "an alarm must not end a protection"


def test_fewer_than_the_limit_and_the_same_again_call_nobody(phone: Phone, asking: PartnerClient, follower: Callable[[], None]) -> None:
    phone.open(1)
    follower()
    copies = [flipped(value(1), bit) for bit in range(19)]
    for _ in range(3):
        answers(asking, *copies)
    assert alarms() == []


def test_eight_orientations_of_one_upload_count_once_and_a_token_hides_no_more(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None]
) -> None:
    def ask(token: str, *bits: int) -> None:
        queries = [{"kind": "pdq", "value": flipped(value(1), bit), "upload_token": token} for bit in bits]
        answer = asking.web.post("/api/v1/ask", json={"version": 1, "queries": queries}, headers=asking.headers)
        assert answer.status_code == 200

    phone.open(1)
    follower()
    for upload in range(19):
        ask(f"{upload:032x}", *range(8 * upload, 8 * upload + 8))
    assert alarms() == []
    ask("f" * 32, *range(256))
    assert alarms() == [("Example Asker", 1)]


def test_the_marks_hold_no_query_and_go_with_the_day_and_never_into_a_backup(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], exchange: Context, clock: Clock
) -> None:
    from stillmine.exchange.ask.models import AskVariety
    from stillmine.exchange.ask.probing import forget_old_variety
    from stillmine.exchange.backup.rows import data_models

    phone.open(1)
    follower()
    answers(asking, flipped(value(1), 1))
    seen = bytes(AskVariety.objects.get().seen)
    assert (len(seen), int.from_bytes(seen).bit_count()) == (32, 1)
    assert AskVariety not in data_models()
    clock.forward(days=1)
    assert forget_old_variety(exchange) == 1
    assert AskVariety.objects.count() == 0


def test_no_table_and_no_line_of_the_log_holds_what_was_asked(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    from django.apps import apps

    caplog.set_level(logging.DEBUG)
    phone.open(1)
    follower()
    near, far = flipped(value(1), 3, 77, 200), value(99)
    assert [outcome for outcome, _ in answers(asking, near, far)] == ["match", "clear"]
    kept = [repr(cell) for model in apps.get_models() for row in model.objects.values_list() for cell in row]
    assert len(kept) > 50
    for asked in (near, far):
        for form in (asked, repr(bytes.fromhex(asked))[2:-1]):
            assert not [text for text in (*kept, caplog.text) if form in text]


def test_an_alarm_stands_where_operators_look_for_a_week(
    phone: Phone, asking: PartnerClient, follower: Callable[[], None], exchange: Context, clock: Clock
) -> None:
    from stillmine.exchange.console.partner_rows import partner_rows

    phone.open(1)
    follower()
    assert not partner_rows(exchange.clock())[0].needs_attention
    answers(asking, *[flipped(value(1), bit) for bit in range(64)])
    (row,) = partner_rows(exchange.clock())
    assert (row.needs_attention, row.probed) == (True, 1)
    assert not partner_rows(exchange.clock() + timedelta(days=7))[0].needs_attention
