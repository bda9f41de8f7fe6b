# SPDX-License-Identifier: Apache-2.0
"""Who opens a case with their own copy of a picture takes no match away from the person in it: every case near an upload is told."""

from collections.abc import Callable
from datetime import date

import httpx

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import PartnerStatus
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import START_MINUTE, PartnerClient, Phone, feedback_on, value

COPY = value(1)
"""What is uploaded."""

DAY = START_MINUTE.date()


def bits_off(*places: int, of: str = COPY) -> str:
    number = int(of, 16)
    for place in places:
        number ^= 1 << place
    return f"{number:064x}"


def case_of(exchange_web: httpx.Client, secret: bytes, *values: str) -> Phone:
    phone = Phone(exchange_web, secret)
    rows = [{"kind": "pdq", "value": text, "quality": 90} for text in values]
    for start in range(0, len(rows), 100):
        part = rows[start : start + 100]
        if start == 0:
            phone.open(1, fingerprints=part)
        else:
            assert phone.post("case/fingerprints", {"version": 1, "fingerprints": part}).status_code == 200
    return phone


def statuses(phone: Phone) -> list[PartnerStatus]:
    return [status for row in phone.show().fingerprints for status in row.partners]


def found_on(phone: Phone) -> list[date]:
    return [status.found_on for status in statuses(phone) if status.found_on]


def test_an_ask_is_told_to_the_person_and_to_who_is_nearer(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> None:
    phone.open(1, fingerprints=[{"kind": "pdq", "value": bits_off(*range(12)), "quality": 90}])
    abuser = case_of(phone.web, b"abuser-one", COPY)
    follower()
    assert answers(partner, COPY)[0][0] == "match"
    assert found_on(abuser) == [DAY]
    assert found_on(phone) == [DAY]


def test_three_hundred_nearer_values_in_each_of_several_cases_hide_nobody(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    from stillmine.exchange.rows.asks import AskMatch

    phone.open(1, fingerprints=[{"kind": "pdq", "value": bits_off(*range(20)), "quality": 90}])
    near = [bits_off(place) for place in range(200)] + [bits_off(place, place + 1) for place in range(100)]
    abusers = [case_of(phone.web, b"abuser%04d" % number, *near) for number in range(5)]
    follower()
    for _ in range(2):
        answers(partner, COPY, COPY)
    assert [found_on(abuser) for abuser in abusers] == [[DAY]] * 5
    assert found_on(phone) == [DAY]
    assert sorted(AskMatch.objects.values_list("queries", flat=True)) == [4] * 6


def test_each_case_learns_of_its_own_match_and_not_how_many_others_there_are(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    import json

    phone.open(1, fingerprints=[{"kind": "pdq", "value": bits_off(1, 2, 3), "quality": 90}])
    abuser = case_of(phone.web, b"abuser-one", COPY)
    follower()
    answers(partner, COPY)
    for own in (phone, abuser):
        entries = own.web.get("/api/v1/case/ledger", headers=own.headers).json()["promised"]
        told = [json.loads(entry["text"]) for entry in entries]
        assert [(entry["event"], entry["items"]) for entry in told] == [("matched", 256)]


def test_a_decision_about_what_was_told_reaches_every_case_of_that_upload(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    from stillmine.exchange.fsck.findings import findings

    phone.open(1, fingerprints=[{"kind": "pdq", "value": bits_off(1, 2, 3), "quality": 90}])
    abuser = case_of(phone.web, b"abuser-one", COPY)
    bystander = case_of(phone.web, b"bystander1", value(9))
    follower()
    (_, told), (_, other) = answers(partner, COPY, value(9))
    partner.report(feedback_on(told, 1, "removed"))
    assert [statuses(own)[0].removed_on for own in (phone, abuser, bystander)] == [DAY, DAY, None]
    again = partner.report(feedback_on(told, 1, "removed"), feedback_on(told, 2, "not_removed", "not_intimate"))
    assert (again["accepted"], again["repeated"]) == (1, 1)
    assert [statuses(own)[0].not_removed_reason for own in (phone, abuser, bystander)] == ["not_intimate", "not_intimate", None]
    partner.report(feedback_on(other, 3, "removed"))
    assert statuses(bystander)[0].removed_on == DAY
    assert findings() == []


def test_a_list_partner_reports_all_that_one_upload_matched_and_each_case_hears_once(phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.feedback import Report

    phone.open(1, fingerprints=[{"kind": "pdq", "value": bits_off(*range(20)), "quality": 90}])
    near = [bits_off(place) for place in range(200)] + [bits_off(place, place + 1) for place in range(99)]
    abusers = [case_of(phone.web, b"abuser%04d" % number, *near) for number in range(2)]
    partner.sync()
    by_distance = sorted(partner.entries.values(), key=lambda entry: (int(entry.value or "0", 16) ^ int(COPY, 16)).bit_count())
    first, *others = [entry.id for entry in by_distance]
    partner.report(feedback_on(first, 1) | {"near": others, "upload_token": "ab" * 16})
    assert [found_on(own) for own in (phone, *abusers)] == [[DAY]] * 3
    partner.report(feedback_on(first, 2, "removed") | {"near": others, "upload_token": "ab" * 16})
    assert [[row.removed_on for row in statuses(own) if row.removed_on] for own in (phone, *abusers)] == [[DAY]] * 3
    assert Report.objects.count() == 6
    repeated = partner.report(feedback_on(first, 2, "removed") | {"near": others})
    assert (repeated, Report.objects.count()) == ({"accepted": 0, "repeated": 1, "unknown": []}, 6)


def test_what_a_case_shows_of_partners_is_days(phone: Phone, partner: PartnerClient) -> None:
    phone.open(1)
    partner.sync()
    entry = next(iter(partner.entries))
    partner.report(feedback_on(entry, 1), feedback_on(entry, 2, "removed"))
    shown = phone.web.get("/api/v1/case", headers=phone.headers).json()["fingerprints"][0]["partners"][0]
    assert [shown[name] for name in ("given_on", "found_on", "removed_on")] == [DAY.isoformat()] * 3
    phone.withdraw()
    partner.sync()
    partner.acknowledge()
    receipt = phone.web.get("/api/v1/case/receipt", headers=phone.headers).json()
    (erased,) = receipt["receipt"]["erased"]
    assert erased["partners"][0]["given_on"] == DAY.isoformat()
    assert erased["partners"][0]["confirmed_at"] == "2026-11-22T14:05:00Z"
    assert f"Given to Example Social: {DAY.isoformat()}. Confirmed" in receipt["note"]


def test_a_thousand_uploads_near_one_case_hide_no_other_in_one_request(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    phone.open(1, fingerprints=[{"kind": "pdq", "value": bits_off(*range(20)), "quality": 90}])
    abuser = case_of(phone.web, b"abuser-one", *(bits_off(place) for place in range(256)), *(bits_off(0, place) for place in range(1, 44)))
    follower()
    answers(partner, COPY, *(bits_off(50 + number % 100, 150 + number // 100) for number in range(999)))
    assert found_on(phone) == [DAY]
    assert found_on(abuser)


def test_a_doubt_about_another_upload_does_not_reach_what_once_matched_beside(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient, follower: Callable[[], None]
) -> None:
    from stillmine.exchange.fsck.findings import findings

    phone.open(1, fingerprints=[{"kind": "pdq", "value": bits_off(*range(20)), "quality": 90}])
    abuser = case_of(phone.web, b"abuser-one", COPY)
    follower()
    for asking in (partner, other_partner):
        ((_, told),) = answers(asking, COPY)
        assert answers(asking, bits_off(*range(100, 130))) == [("match", told)], "near his and not near theirs"
        asking.report(feedback_on(told, 1, "not_removed", "not_intimate"))
    assert [own.show().fingerprints[0].state for own in (abuser, phone)] == ["suspended", "active"]
    assert statuses(phone)[0].not_removed_reason == "not_intimate"
    assert findings() == []
