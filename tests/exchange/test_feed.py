# SPDX-License-Identifier: Apache-2.0
"""The native feed: pages, tombstones, cursors, what counts as given and as confirmed. When what is shown: test_feed_ticks.py."""

from datetime import timedelta

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import FingerprintState
from tests.exchange.exchange_parts import START_MINUTE, Clock, PartnerClient, Phone, code, tick, value


def test_entries_of_each_tick_come_after_those_of_the_one_before(phone: Phone, other_phone: Phone, partner: PartnerClient) -> None:
    phone.open(3, 1)
    partner.fetch()
    other_phone.open(2)
    page = partner.fetch()
    shown = [(entry.value, entry.quality, entry.state.value) for entry in page.entries]
    assert sorted(shown[:2]) == sorted([(value(3), 90, "active"), (value(1), 90, "active")])
    assert shown[2:] == [(value(2), 90, "active")]
    assert not page.has_more


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
def test_pages_of_any_size_hold_everything_once(phone: Phone, other_phone: Phone, partner: PartnerClient, limit: int) -> None:
    phone.open(*range(1, 8))
    other_phone.open(*range(8, 13))
    seen, cursor, has_more = [], None, True
    while has_more:
        page = partner.fetch(cursor, limit)
        assert len(page.entries) <= limit
        seen += [entry.value or "" for entry in page.entries]
        cursor, has_more = page.cursor, page.has_more
    assert sorted(seen) == sorted(value(number) for number in range(1, 13))
    assert partner.fetch(cursor).entries == []


def test_an_empty_feed_has_a_cursor_that_works_later(phone: Phone, partner: PartnerClient) -> None:
    cursor = partner.fetch().cursor
    phone.open(1)
    assert [entry.value for entry in partner.fetch(cursor).entries] == [value(1)]


def test_a_withdrawal_reaches_who_has_it_as_a_tombstone_without_value(phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    partner.sync()
    phone.withdraw()
    (entry,) = partner.fetch(partner.cursor).entries
    assert entry.id in partner.entries
    assert (entry.state, entry.value, entry.quality) == (FingerprintState.WITHDRAWN, None, None)


def test_who_fetches_late_never_sees_a_withdrawn_value(phone: Phone, other_phone: Phone, partner: PartnerClient, exchange: Context) -> None:
    phone.open(1)
    other_phone.open(2)
    tick(exchange)
    phone.withdraw()
    response = partner.web.get("/api/v1/feed", headers=partner.headers)
    assert value(1) not in response.text
    assert [entry["state"] for entry in response.json()["entries"]] == ["active", "withdrawn"]


def test_a_withdrawal_between_two_pages_moves_to_the_end(phone: Phone, partner: PartnerClient) -> None:
    case = phone.open(1, 2, 3)
    first = partner.fetch(limit=1)
    gone, left = (row for row in case.fingerprints if row.value != first.entries[0].value)
    phone.withdraw(gone.id)
    rest = partner.fetch(first.cursor)
    assert [(entry.value, entry.state.value) for entry in rest.entries] == [(left.value, "active"), (None, "withdrawn")]


def test_ids_differ_between_partners_and_tell_nothing_of_the_case(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    case = phone.open(1, 2)
    ours, theirs = partner.fetch(), other_partner.fetch()
    ids = [entry.id for entry in ours.entries]
    assert len({*ids, *(entry.id for entry in theirs.entries), *(row.id for row in case.fingerprints)}) == 6
    assert [entry.id for entry in partner.fetch().entries] == ids


def test_a_suspended_fingerprint_is_a_tombstone_and_comes_back(phone: Phone, partner: PartnerClient, exchange: Context) -> None:
    from stillmine.exchange.protection.transitions import move_fingerprints
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.transaction.tx import tx

    phone.open(1)
    partner.sync()
    for state, expected in ((FingerprintState.SUSPENDED, None), (FingerprintState.ACTIVE, value(1))):
        with tx("test.move", exchange.clock) as transaction:
            move_fingerprints(exchange, transaction, list(Fingerprint.objects.all()), state)
        (entry,) = partner.fetch(partner.cursor).entries
        assert (entry.state, entry.value) == (state, expected)
        partner.sync()


def test_cursors_that_are_not_ours_or_of_another_partner(phone: Phone, partner: PartnerClient, other_partner: PartnerClient) -> None:
    phone.open(1)
    own, foreign = partner.fetch().cursor, other_partner.fetch().cursor
    wrong = [
        "1",
        "x",
        "1.",
        "1.0123456789abcdef",
        "01.0123456789abcdef",
        "-1.0123456789abcdef",
        "9" * 30 + ".0123456789abcdef",
        "١.0123456789abcdef",
        own + "0",
        own[:-2],
        own.upper(),
        own[:-1] + ("0" if own[-1] != "0" else "1"),
        "0" * 48,
        "١" * 48,
    ]
    for cursor in wrong:
        answers = [
            partner.web.get("/api/v1/feed", params={"cursor": cursor}, headers=partner.headers),
            partner.web.post("/api/v1/feed/acknowledgements", json={"version": 1, "cursor": cursor}, headers=partner.headers),
        ]
        assert [code(answer) for answer in answers] == [(400, "feed_cursor_invalid")] * 2, cursor
    answer = partner.web.get("/api/v1/feed", params={"cursor": foreign}, headers=partner.headers)
    assert code(answer) == (403, "feed_cursor_foreign")


def test_a_cursor_beyond_a_restored_backup_is_told_to_start_again(phone: Phone, partner: PartnerClient, exchange: Context) -> None:
    from stillmine.exchange.partners.opaque import partner_ids
    from stillmine.exchange.rows.partners import Partner

    phone.open(1)
    partner.sync()
    cursor = partner_ids(exchange.secret, Partner.objects.get().random_id).cursor(3)
    assert code(partner.web.get("/api/v1/feed", params={"cursor": cursor}, headers=partner.headers)) == (400, "feed_cursor_invalid")
    body = {"version": 1, "cursor": cursor}
    assert code(partner.web.post("/api/v1/feed/acknowledgements", json=body, headers=partner.headers)) == (400, "feed_cursor_invalid")


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "many", "1.5", "", "٣", "9" * 5000])
def test_limits_outside_of_the_specification(partner: PartnerClient, limit: str) -> None:
    answer = partner.web.get("/api/v1/feed", params={"limit": limit}, headers=partner.headers)
    assert code(answer) == (400, "malformed_message")
    if limit:
        assert limit not in answer.text.replace("1 to 1000", "")


def test_given_is_shown_per_partner_with_the_first_day(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    phone.open(1)
    clock.forward(days=2)
    partner.sync()
    clock.forward(days=5)
    other_partner.sync()
    partner.fetch()
    (row,) = phone.show().fingerprints
    assert [(status.partner, status.given_on) for status in row.partners] == [
        ("Example Forum", START_MINUTE.date() + timedelta(days=7)),
        ("Example Social", START_MINUTE.date() + timedelta(days=2)),
    ]


def test_given_counts_only_where_the_value_was_in_the_page(
    phone: Phone, other_phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    case = phone.open(1, 2)
    (first,) = partner.fetch(limit=1).entries
    phone.withdraw(next(row.id for row in case.fingerprints if row.value == first.value))
    other_partner.sync()
    shown = [[status.partner for status in row.partners] for row in phone.show().fingerprints]
    assert sorted(shown) == [["Example Forum"], ["Example Social"]]
    other_phone.open(3)
    assert other_phone.show().fingerprints[0].partners == []


def test_a_page_fetched_again_is_the_same_disclosure_counted_twice(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.rows.feed import Disclosure

    phone.open(1)
    partner.fetch()
    clock.forward(minutes=9)
    partner.fetch()
    row = Disclosure.objects.get()
    assert (row.pages, row.first_at, row.last_at) == (2, START_MINUTE, START_MINUTE + timedelta(minutes=9))


def test_a_withdrawal_is_confirmed_only_by_an_acknowledgement_that_covers_it(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    def confirmed() -> object:
        return phone.show().fingerprints[0].partners[0].withdrawal_confirmed_at

    phone.open(1)
    partner.sync()
    before = partner.cursor
    partner.acknowledge()
    phone.withdraw()
    partner.sync()
    partner.acknowledge(before)
    assert confirmed() is None
    clock.forward(minutes=4)
    partner.acknowledge()
    assert confirmed() == START_MINUTE + timedelta(minutes=4)
    clock.forward(minutes=4)
    partner.acknowledge()
    partner.acknowledge(before)
    assert confirmed() == START_MINUTE + timedelta(minutes=4)


def test_acknowledgements_of_one_minute_are_one_row(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.rows.feed import Acknowledgement

    phone.open(1)
    for number in (2, 3, 4):
        partner.sync()
        partner.acknowledge()
        phone.add(number)
    assert [row.sequence for row in Acknowledgement.objects.all()] == [6]  # each is added, then shown
    clock.forward(minutes=1)
    partner.sync()
    partner.acknowledge()
    assert [row.sequence for row in Acknowledgement.objects.order_by("id")] == [6, 8]


def test_change_times_never_run_backwards(phone: Phone, other_phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.rows.feed import Change

    phone.open(1)
    clock.forward(hours=-5)
    other_phone.open(2)
    assert {change.changed_at for change in Change.objects.all()} == {START_MINUTE}


def test_a_refused_request_takes_no_number(phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    phone.post("case", {"version": 1})
    phone.post("case/withdraw", {"version": 1, "fingerprint_id": "0" * 32})
    phone.add(2)
    from stillmine.exchange.rows.feed import Change

    assert list(Change.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]
