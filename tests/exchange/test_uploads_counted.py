# SPDX-License-Identifier: Apache-2.0
"""A count ends nobody's protection: what is counted as an upload, when an operator is called, and that matching goes on."""

import logging
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.ask import BINARY_CONTENT_TYPE, AskQuery, decode_answer, encode_ask
from stillmine.wire.kinds import Kind
from tests.exchange.ask_parts import answers, ask
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, feedback_on, value


def token(number: int) -> str:
    return f"{number:032x}"


def ask_about(partner: PartnerClient, *tokens: str | None, number: int = 1) -> list[str]:
    """Ask once for each token about one value, and return the tags that were answered."""
    queries = [{"kind": "pdq", "value": value(number)} | ({"upload_token": one} if one else {}) for one in tokens]
    response = partner.web.post("/api/v1/ask", json={"version": 1, "queries": queries}, headers=partner.headers)
    assert response.status_code == 200, response.text
    return [row["tags"] for row in response.json()["answers"]]


def counted() -> list[tuple[int, int]]:
    """Of each count: the distinct uploads, and all that was said."""
    from stillmine.exchange.rows.intake import MatchCount

    return list(MatchCount.objects.order_by("id").values_list("uploads", "reports"))


def flagged() -> list[str]:
    from stillmine.exchange.quarantine.queries import flagged as waiting

    return [one for group in waiting() for one in group.fingerprint_ids]


def test_a_thousand_uploads_by_one_partner_leave_the_picture_protected(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient, follower: Callable[[], None]
) -> None:
    phone.open(1)
    follower()
    other_partner.sync()
    ask(partner, *[("pdq", value(1))] * 500)
    ask_about(partner, *[token(number) for number in range(500)])
    partner.sync()
    entry = next(iter(partner.entries))
    partner.report(*(feedback_on(entry, number) for number in range(1000)))
    assert phone.show().fingerprints[0].state == "active"
    assert answers(partner, value(1))[0][0] == "match"
    other_partner.sync()
    assert other_partner.active_values() == [value(1)]


def test_the_same_upload_counts_once_a_day(phone: Phone, partner: PartnerClient, follower: Callable[[], None], clock: Clock) -> None:
    phone.open(1)
    follower()
    for _ in range(3):
        ask_about(partner, token(1), token(1), token(2))
    assert counted() == [(2, 9)]
    partner.sync()
    entry = next(iter(partner.entries))
    report = feedback_on(entry, 1) | {"upload_token": token(2)}
    partner.report(report, feedback_on(entry, 2) | {"upload_token": token(3)}, feedback_on(entry, 3))
    assert counted() == [(4, 12)]
    clock.forward(days=1)
    ask_about(partner, token(1))
    assert counted() == [(4, 12), (1, 1)]


def test_one_partner_counts_for_half_and_two_flag_while_matching_goes_on(
    phone: Phone,
    partner: PartnerClient,
    other_partner: PartnerClient,
    follower: Callable[[], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    fingerprint_id = phone.open(1, 0x0FFF).fingerprints[0].id
    follower()
    other_partner.sync()
    ask_about(partner, *[token(number) for number in range(100)])
    assert counted() == [(25, 100)]
    assert ask_about(other_partner, *[token(number) for number in range(24)])[0] == "--------"
    assert flagged() == []
    with caplog.at_level(logging.WARNING):
        assert ask_about(other_partner, token(24)) == ["--------"], "told from the next ask on"
    assert flagged() == [fingerprint_id]
    assert "operator" in caplog.text
    assert fingerprint_id not in caplog.text
    assert ask_about(other_partner, token(25)) == ["-f------"]
    assert ask_about(other_partner, None, number=0x0FFF) == ["--------"]
    assert [row.state.value for row in phone.show().fingerprints] == ["active", "active"]
    page = other_partner.fetch(other_partner.cursor)
    assert [(entry.value, entry.is_flagged) for entry in page.entries] == [(value(1), True)]
    assert flagged() == [fingerprint_id], "once, however often it is found"


def test_tags_and_tokens_in_binary(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient, follower: Callable[[], None]
) -> None:
    phone.open(1)
    follower()

    def binary(client: PartnerClient, *queries: AskQuery) -> httpx.Response:
        headers = {**client.headers, "Content-Type": BINARY_CONTENT_TYPE}
        return client.web.post("/api/v1/ask", content=encode_ask(queries), headers=headers)

    for client in (partner, other_partner):
        binary(client, *[AskQuery(Kind.PDQ, value(1), token(number % 25)) for number in range(50)])
    assert counted() == [(25, 50), (25, 50)]
    answer = binary(partner, AskQuery(Kind.PDQ, value(1), token(1)), AskQuery(Kind.PDQ, value(1)), AskQuery(Kind.PDQ, "f" * 64))
    assert [tags for _, _, tags in decode_answer(answer.content, 3)] == [2, 2, 0]
    assert len(answer.content) == 4 + 3 * 18
    cut = encode_ask([AskQuery(Kind.PDQ, value(1), token(1))])
    for body in (cut[:12], cut[:-1], cut[:9]):
        refused = partner.web.post("/api/v1/ask", content=body, headers={**partner.headers, "Content-Type": BINARY_CONTENT_TYPE})
        assert refused.status_code == 400


def test_tokens_are_gone_the_next_day(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None], clock: Clock
) -> None:
    from stillmine.exchange.rows.intake import CountedUpload
    from stillmine.exchange.running.upkeep import run_upkeep

    phone.open(1)
    follower()
    ask_about(partner, token(1), token(2))
    run_upkeep(exchange)
    assert CountedUpload.objects.count() == 2
    clock.forward(days=1)
    run_upkeep(exchange)
    assert CountedUpload.objects.count() == 0
    assert counted() == [(2, 2)]


def test_an_operator_leaves_it_matched_or_suspends_it(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.quarantine.actions import leave_flagged, suspend_flagged
    from stillmine.wire.errors import ConflictError, FingerprintNotFoundError

    fingerprint_id = phone.open(1).fingerprints[0].id
    partner.sync()
    other_partner.sync()

    def found(first: int) -> None:
        for client in (partner, other_partner):
            client.report(*(feedback_on(next(iter(client.entries)), number) for number in range(first, first + 25)))

    found(0)
    assert flagged() == [fingerprint_id]
    assert leave_flagged(exchange, fingerprint_id) == [fingerprint_id]
    assert flagged() == []
    partner.sync()
    assert [entry.is_flagged for entry in partner.entries.values()] == [False]
    clock.forward(days=6)
    found(100)
    assert flagged() == [], "left in peace for a week"
    clock.forward(days=1)
    found(200)
    assert flagged() == [fingerprint_id]
    assert suspend_flagged(exchange, fingerprint_id) == [fingerprint_id]
    assert (flagged(), phone.show().fingerprints[0].suspended_for) == ([], "operator")
    for decide in (leave_flagged, suspend_flagged):
        with pytest.raises(FingerprintNotFoundError):
            decide(exchange, "0" * 32)
        with pytest.raises(ConflictError):
            decide(exchange, fingerprint_id)
    assert findings() == []


def test_a_setting_of_nothing_counts_nothing_and_flags_nothing(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.quarantine.weighing import note_matches
    from stillmine.exchange.rows.partners import Partner
    from stillmine.exchange.transaction.tx import tx

    fingerprint_id = phone.open(1).fingerprints[0].id
    never = replace(exchange, intake=replace(exchange.intake, found_a_day=0))
    with tx("test.ask", exchange.clock) as transaction:
        note_matches(never, transaction, {fingerprint_id: [None, token(1)]}, Partner.objects.get())
    assert (counted(), flagged()) == ([(0, 2)], [])


def test_what_was_uploaded_before_is_told_to_the_person_and_counts_for_nothing(phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    partner.sync()
    entry = next(iter(partner.entries))
    partner.report(*(feedback_on(entry, number) | {"is_older": True} for number in range(100)))
    assert counted() == []
    assert flagged() == []
    (shown,) = phone.show().fingerprints[0].partners
    assert shown.found_on is not None
    partner.report(feedback_on(entry, 100))
    assert counted() == [(1, 1)], "a report of today counts as ever"
