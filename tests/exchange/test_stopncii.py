# SPDX-License-Identifier: Apache-2.0
"""The list in StopNCII's v1 shape: nothing is skipped, and a withdrawn value goes only to whom it was given."""

from datetime import timedelta
from uuid import UUID

import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import START_MINUTE, Clock, PartnerClient, Phone, code, value

MINUTE = int(START_MINUTE.timestamp())


def records(page: dict[str, object]) -> list[tuple[str, str]]:
    return [(record["hashValue"], record["hashStatus"]) for record in page["hashRecords"]]  # type: ignore[attr-defined]


def test_a_record_has_the_fields_of_that_interface(phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    page = partner.fetch_hashes()
    entry = partner.fetch().entries[0]
    assert page == {
        "count": 1,
        "nextPageToken": None,
        "nextSetTimestamp": MINUTE,
        "hasMoreRecords": False,
        "hashRecords": [
            {
                "lastModtimestamp": MINUTE,
                "signalType": "ImagePDQ",
                "hashValue": value(1),
                "hashStatus": "Active",
                "caseNumbers": {str(UUID(hex=entry.id)): "Active"},
                "CSPFeedbacks": [],
            }
        ],
    }


def test_pages_follow_the_token_and_nothing_is_left_out(phone: Phone, partner: PartnerClient) -> None:
    phone.open(*range(1, 6))
    seen: list[str] = []
    token: dict[str, str | int] = {}
    while True:
        page = partner.fetch_hashes(10, pageSize=2, **token)
        seen += [hash_value for hash_value, _ in records(page)]
        if not page["hasMoreRecords"]:
            break
        token = {"nextPageToken": page["nextPageToken"]}
    assert sorted(seen) == sorted(value(number) for number in range(1, 6))
    assert page["nextPageToken"] is None


def test_the_start_is_inclusive_so_that_a_minute_is_never_cut(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    phone.open(1)
    start = partner.fetch_hashes()["nextSetTimestamp"]
    phone.add(2)
    assert records(partner.fetch_hashes(start)) == [(value(1), "Active"), (value(2), "Active")]
    clock.forward(minutes=1)
    phone.add(3)
    assert records(partner.fetch_hashes(start + 1)) == [(value(3), "Active")]
    assert partner.fetch_hashes(start + 3600)["nextSetTimestamp"] == start + 3600


def test_a_withdrawal_names_the_value_to_whom_it_was_given_and_to_nobody_else(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    phone.open(1)
    partner.fetch_hashes()
    other_partner.fetch()  # natively: this partner knows it by id
    phone.withdraw()
    assert records(partner.fetch_hashes()) == [(value(1), "Withdrawn")]
    late = other_partner.fetch_hashes()
    assert late["count"] == 0
    assert late["hashRecords"] == []


def test_a_kept_value_goes_once_the_partner_asks_from_later(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.rows.feed import PendingTombstone

    phone.open(1)
    partner.fetch_hashes()
    clock.forward(minutes=2)
    phone.withdraw()
    assert records(partner.fetch_hashes(MINUTE + 120)) == [(value(1), "Withdrawn")]
    assert PendingTombstone.objects.count() == 1
    partner.fetch_hashes(MINUTE + 121)
    assert PendingTombstone.objects.count() == 0
    assert records(partner.fetch_hashes()) == []


def test_a_kept_value_goes_after_thirty_days(phone: Phone, partner: PartnerClient, clock: Clock, exchange: Context) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    phone.open(1)
    partner.fetch_hashes()
    phone.withdraw()
    clock.until(START_MINUTE + timedelta(days=30, minutes=-1))
    assert run_upkeep(exchange)["old values deleted"] == 0
    clock.until(START_MINUTE + timedelta(days=30))
    assert run_upkeep(exchange)["old values deleted"] == 1


def test_fetching_confirms_nothing(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    phone.open(1)
    partner.fetch_hashes()
    phone.withdraw()
    partner.fetch_hashes()
    partner.fetch_hashes(MINUTE + 3600)
    (status,) = phone.show().fingerprints[0].partners
    assert (status.given_on, status.withdrawal_confirmed_at) == (START_MINUTE.date(), None)


def test_one_withdrawal_does_not_end_another_cases_protection(phone: Phone, other_phone: Phone, partner: PartnerClient) -> None:
    """This shape knows a fingerprint by its value: two cases with one value are one record to the partner."""
    phone.open(1)
    other_phone.open(1)
    partner.fetch_hashes()
    phone.withdraw()
    page = partner.fetch_hashes()
    assert {status for _, status in records(page)} == {"Active"}
    assert set(page["hashRecords"][-1]["caseNumbers"].values()) == {"Active", "Withdrawn"}
    other_phone.withdraw()
    assert {status for _, status in records(partner.fetch_hashes())} == {"Withdrawn"}


def test_time_goes_on_where_a_whole_page_is_left_out(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    phone.open(1)
    other_partner.sync()
    phone.withdraw()
    clock.forward(minutes=1)
    page = partner.fetch_hashes()
    assert (page["count"], page["nextSetTimestamp"]) == (0, MINUTE)


@pytest.mark.parametrize("query", [{"pageSize": 0}, {"pageSize": 1001}, {"startTimestamp": "soon"}, {"startTimestamp": 10**12}])
def test_numbers_outside_of_the_specification(partner: PartnerClient, query: dict[str, str | int]) -> None:
    answer = partner.web.get("/stopncii/v1/FetchHashes", params=query, headers=partner.stopncii_headers)
    assert code(answer) == (400, "malformed_message")


def test_a_token_of_another_partner(phone: Phone, partner: PartnerClient, other_partner: PartnerClient) -> None:
    phone.open(1, 2)
    token = other_partner.fetch_hashes(pageSize=1)["nextPageToken"]
    answer = partner.web.get("/stopncii/v1/FetchHashes", params={"nextPageToken": token}, headers=partner.stopncii_headers)
    assert code(answer) == (403, "feed_cursor_foreign")
