# SPDX-License-Identifier: Apache-2.0
"""Every kind of fingerprint: kept whole, grouped by file for the person, handed on in bounded pages, in the older shape where it fits."""

import base64
import json

import pytest

from stillmine.wire.case import MAXIMUM_CASE_MESSAGE_BYTES, MAXIMUM_VALUE_BYTES_PER_CASE, CaseView
from stillmine.wire.feed import MAXIMUM_PAGE_BYTES, MAXIMUM_PAGE_VALUE_BYTES
from stillmine.wire.vpdq import MAXIMUM_VPDQ_FRAMES, VideoFrame, format_vpdq
from tests.exchange.exchange_parts import ADULT, PartnerClient, Phone, code, value

SHAPES = ("/api/v1/feed", "/stopncii/v1/FetchHashes")


def video(number: int, frames: int = 3) -> dict[str, object]:
    text = format_vpdq([VideoFrame(bytes.fromhex(value(number * 10_000 + place)), 80, float(place)) for place in range(frames)])
    return {"kind": "vpdq", "value": text, "quality": 80}


def sound(number: int) -> dict[str, object]:
    text = base64.urlsafe_b64encode(bytes([1, 0, 0, 1, number])).rstrip(b"=").decode()
    return {"kind": "chromaprint", "value": text, "quality": 100}


def digest(kind: str, number: int) -> dict[str, object]:
    return {"kind": kind, "value": f"{number:0{64 if kind == 'sha256' else 32}x}", "quality": 100}


def picture(number: int) -> dict[str, object]:
    return {"kind": "pdq", "value": value(number), "quality": 90}


def of_file(number: int, *fingerprints: dict[str, object]) -> list[dict[str, object]]:
    return [{**fingerprint, "file_number": number} for fingerprint in fingerprints]


EVERY_KIND = [*of_file(1, picture(1), digest("sha256", 1)), *of_file(2, video(1), digest("md5", 2), sound(3))]


def opened(phone: Phone, *fingerprints: dict[str, object]) -> CaseView:
    answer = phone.post("case", {"version": 1, "statement": ADULT, "fingerprints": list(fingerprints)})
    assert answer.status_code == 201, answer.text
    return phone.show()


def added(phone: Phone, *fingerprints: dict[str, object]) -> CaseView:
    answer = phone.post("case/fingerprints", {"version": 1, "fingerprints": list(fingerprints)})
    assert answer.status_code == 200, answer.text
    return phone.show()


def files(case: CaseView) -> list[tuple[str, int]]:
    return [(row.kind.value, row.file_number) for row in case.fingerprints]


def test_every_kind_goes_through_case_and_feed(phone: Phone, partner: PartnerClient) -> None:
    case = opened(phone, *EVERY_KIND)
    expected = [(row["kind"], row["value"], row["quality"]) for row in EVERY_KIND]
    assert [(row.kind, row.value, row.quality) for row in case.fingerprints] == expected
    assert [row.file_number for row in case.fingerprints] == [1, 1, 2, 2, 2]
    assert sorted((entry.kind, entry.value, entry.quality) for entry in partner.fetch().entries) == sorted(expected)


def test_no_shape_tells_a_partner_which_file(phone: Phone, partner: PartnerClient) -> None:
    opened(phone, *EVERY_KIND)
    for path in SHAPES:
        headers = {**partner.headers, **partner.stopncii_headers}
        assert "file" not in phone.web.get(path, params={"startTimestamp": 0}, headers=headers).text


def test_withdrawal_erases_every_kind(phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    opened(phone, *EVERY_KIND)
    partner.sync()
    phone.withdraw()
    rows = Fingerprint.objects.values_list("sealed_value", "blind_index", "value_bytes", "quality")
    assert set(rows) == {(None, None, 0, None)}
    partner.sync()
    assert len(partner.entries) == len(EVERY_KIND)
    assert partner.active_values() == []


def test_the_same_value_in_two_kinds_is_two_fingerprints(phone: Phone) -> None:
    text = value(9)
    case = opened(phone, {"kind": "pdq", "value": text, "quality": 77}, {"kind": "sha256", "value": text, "quality": 100})
    assert len(case.fingerprints) == 2


def test_repeating_an_opening_with_long_values_finds_the_case(phone: Phone) -> None:
    body = {"version": 1, "statement": ADULT, "fingerprints": EVERY_KIND}
    assert [phone.post("case", body).status_code for _ in range(2)] == [201, 200]
    assert code(phone.post("case", {**body, "fingerprints": [video(9)]})) == (409, "case_already_open")


def test_added_files_are_numbered_after_the_highest(phone: Phone) -> None:
    opened(phone, *of_file(1, picture(1)), *of_file(7, picture(2)))
    case = added(phone, *of_file(1, video(1), digest("md5", 1)), *of_file(4, picture(3)))
    assert files(case) == [("pdq", 1), ("pdq", 7), ("vpdq", 8), ("md5", 8), ("pdq", 9)]


def test_a_file_that_is_known_by_one_fingerprint_keeps_its_number(phone: Phone) -> None:
    opened(phone, *of_file(1, picture(1)), *of_file(2, digest("md5", 1)))
    case = added(phone, *of_file(1, digest("md5", 1), video(1)), *of_file(2, sound(1)))
    assert files(case) == [("pdq", 1), ("md5", 2), ("vpdq", 2), ("chromaprint", 3)]


def test_numbers_of_withdrawn_files_are_not_used_again(phone: Phone) -> None:
    case = opened(phone, *of_file(1, picture(1)), *of_file(2, picture(2)))
    phone.withdraw(case.fingerprints[1].id)
    assert files(added(phone, picture(3))) == [("pdq", 1), ("pdq", 2), ("pdq", 3)]


def test_a_case_holds_a_hundred_files(phone: Phone) -> None:
    opened(phone, *(row for number in range(1, 101) for row in of_file(number, picture(number))))
    body = {"version": 1, "fingerprints": [picture(500)]}
    assert code(phone.post("case/fingerprints", body)) == (422, "too_many_fingerprints")
    assert len(added(phone, picture(5), digest("md5", 5)).fingerprints) == 101


def test_two_hours_of_video_fit_and_four_mebibytes_are_the_end(phone: Phone) -> None:
    longest = [video(number, MAXIMUM_VPDQ_FRAMES) for number in range(8)]
    size = len(str(longest[0]["value"]))
    fitting = MAXIMUM_VALUE_BYTES_PER_CASE // size
    opened(phone, longest[0])
    for fingerprint in longest[1:fitting]:
        added(phone, fingerprint)
    case = phone.show()
    assert len(case.fingerprints) == fitting
    assert code(phone.post("case/fingerprints", {"version": 1, "fingerprints": [longest[fitting]]})) == (422, "too_many_fingerprints")
    phone.withdraw(case.fingerprints[0].id)
    assert len(added(phone, longest[fitting]).fingerprints) == fitting + 1


def test_a_body_may_be_as_large_as_said(phone: Phone) -> None:
    body = json.dumps({"version": 1, "statement": ADULT, "fingerprints": [picture(1)]}).encode()
    headers = {**phone.headers, "Content-Type": "application/json"}
    large = body + b" " * (MAXIMUM_CASE_MESSAGE_BYTES - len(body))
    assert phone.web.post("/api/v1/case", content=large, headers=headers).status_code == 201


def test_pages_are_bounded_by_bytes_and_nothing_is_left_out(phone: Phone, partner: PartnerClient) -> None:
    opened(phone, *of_file(1, *(video(number, MAXIMUM_VPDQ_FRAMES) for number in range(5))), *of_file(2, picture(1), picture(2)))
    values: list[str] = []
    page, pages = partner.fetch(), 0
    while True:
        pages += 1
        sizes = [len(entry.value or "") for entry in page.entries]
        assert sum(sizes) <= MAXIMUM_PAGE_VALUE_BYTES
        values += [entry.value for entry in page.entries if entry.value]
        if not page.has_more:
            break
        page = partner.fetch(page.cursor)
    assert pages > 1
    assert sorted(values) == sorted(row.value or "" for row in phone.show().fingerprints)


def test_one_value_of_any_size_makes_a_page(phone: Phone, partner: PartnerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.exchange.feed import pages

    monkeypatch.setattr(pages, "MAXIMUM_PAGE_VALUE_BYTES", 10)
    opened(phone, picture(1), video(2), picture(3))
    partner.sync()
    assert len(partner.entries) == 3
    assert [len(partner.fetch(limit=1000).entries), partner.fetch().has_more] == [1, True]


def test_the_largest_page_stays_below_what_partners_read() -> None:
    """A value's quotes are escaped; entries beside it add at most some 250 bytes each."""
    escaped = len(json.dumps(video(1, MAXIMUM_VPDQ_FRAMES)["value"]))
    assert escaped < 1.05 * 1024 * 1024
    assert MAXIMUM_PAGE_VALUE_BYTES * 1.05 + 1000 * 250 + escaped < MAXIMUM_PAGE_BYTES


def test_the_older_shape_lists_only_what_its_clients_match(phone: Phone, partner: PartnerClient) -> None:
    opened(phone, *EVERY_KIND)
    page = partner.fetch_hashes()
    shown = [(record["signalType"], record["hashValue"]) for record in page["hashRecords"]]
    assert sorted(shown) == [("ImagePDQ", value(1)), ("VideoMD5", digest("md5", 2)["value"])]
    assert (page["count"], page["hasMoreRecords"]) == (2, False)


def test_what_the_older_shape_leaves_out_was_not_given_in_it(phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.feed import PendingTombstone

    opened(phone, *EVERY_KIND)
    partner.fetch_hashes()
    given = {row.kind.value for row in phone.show().fingerprints if row.partners}
    assert given == {"pdq", "md5"}
    phone.withdraw()
    assert set(PendingTombstone.objects.values_list("fingerprint__kind", flat=True)) == given
    shown = {(record["hashValue"], record["hashStatus"]) for record in partner.fetch_hashes()["hashRecords"]}
    assert shown == {(value(1), "Withdrawn"), (digest("md5", 2)["value"], "Withdrawn")}


def test_an_end_of_kinds_that_the_older_shape_leaves_out_is_an_end(phone: Phone, partner: PartnerClient) -> None:
    opened(phone, *of_file(1, picture(1)), *of_file(2, video(1), sound(1), digest("sha256", 1)))
    page = partner.fetch_hashes(pageSize=1)
    assert (page["count"], page["hasMoreRecords"]) == (1, False)
