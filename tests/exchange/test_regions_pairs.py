# SPDX-License-Identifier: Apache-2.0
"""What regions say of a match by PDQ, pictures that are common, cases that stand before others, and what goes into a case."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.ask_regions import NO_MAP, RegionsRow
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import PartnerClient, Phone, code, fingerprint, opening, suspend, value
from tests.exchange.region_parts import WHOLE, Picture, Upload, ask_regions, found, has_look, look, part, read, rounds

Follow = Callable[[], None]

OWN, OTHER, STRANGE = Picture(1), Picture(2), Picture(99)
COPY, CROP, FORGED = Upload([(OWN, WHOLE)]), Upload([(OWN, part(0.2, 0.2, 0.6))]), Upload([(STRANGE, WHOLE)])


@pytest.fixture
def asking(phone: Phone, partner: PartnerClient, follower: Follow) -> PartnerClient:
    phone.open(fingerprints=OWN.both)
    follower()
    return partner


def pdq_id(partner: PartnerClient, number: int = 1) -> str:
    """The partner's id of a `pdq`, which it is told of by this."""
    return answers(partner, value(number))[0][1]


def verdicts(partner: PartnerClient, upload: Upload, *ids: str, **where: object) -> list[tuple[str, str]]:
    last = rounds(partner, upload, matched=[{"id": one, **where} for one in ids])[-1]
    return [(row.outcome.value, row.verdict.value) for row in last.answers[: len(ids)]]


def test_a_copy_agrees_with_its_pdq_and_the_row_says_where(asking: PartnerClient) -> None:
    matched = pdq_id(asking)
    last = rounds(asking, COPY, matched=[{"id": matched}])[-1]
    row = last.answers[0]
    assert (row.outcome, row.id, row.verdict, row.map != NO_MAP) == ("match", matched, "agreed", True)
    assert set(last.answers[1:]) == {RegionsRow()}


def test_a_forged_pdq_is_disputed_though_no_region_is_shared(asking: PartnerClient) -> None:
    matched = pdq_id(asking)
    answered = rounds(asking, FORGED, matched=[{"id": matched}])
    row = answered[-1].answers[0]
    assert len(answered) == 2
    assert (row.outcome, row.id, row.verdict, row.map) == ("match", matched, "disputed", NO_MAP)


def test_a_crop_of_which_the_whole_was_compared_is_found_by_the_vote(asking: PartnerClient) -> None:
    assert verdicts(asking, CROP, pdq_id(asking)) == [("match", "agreed")]


def test_a_part_that_was_compared_and_a_turn_are_looked_at_there(asking: PartnerClient) -> None:
    mirrored = Upload([(OWN, np.array([[-0.5, 0, 192], [0, 0.5, 64], [0, 0, 1.0]]))])
    box = [1024, 1024, 3072, 3072]
    assert verdicts(asking, mirrored, pdq_id(asking), turn=4, box=box) == [("match", "agreed")]
    assert verdicts(asking, mirrored, pdq_id(asking), turn=0, box=box) == [("match", "disputed")]


def test_without_regions_one_judge_has_spoken(asking: PartnerClient, other_phone: Phone, follower: Follow) -> None:
    other_phone.open(2)
    follower()
    assert verdicts(asking, COPY, pdq_id(asking, 2)) == [("match", "one_judge")]


def test_regions_of_another_picture_of_the_case_judge_nothing(asking: PartnerClient, phone: Phone, follower: Follow) -> None:
    phone.post("case/fingerprints", {"version": 1, "fingerprints": [fingerprint(3)]})
    follower()
    assert verdicts(asking, COPY, pdq_id(asking, 3), pdq_id(asking)) == [("match", "one_judge"), ("match", "agreed")]


def test_what_was_never_told_or_given_can_not_be_named(asking: PartnerClient, exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.partners.opaque import partner_ids
    from stillmine.exchange.rows.partners import Partner

    ids = partner_ids(exchange.secret, Partner.objects.get().random_id)
    guessed = ids.entry_ids([row.id for row in phone.show().fingerprints])
    (only,) = rounds(asking, FORGED, matched=[{"id": one} for one in [*guessed, "ab" * 16]])
    assert (set(only.answers), has_look(only)) == ({RegionsRow()}, False)


def test_a_list_partner_names_what_it_was_given(asking: PartnerClient) -> None:
    given = asking.fetch().entries[0].id
    assert verdicts(asking, FORGED, given) == [("match", "disputed")]


def test_another_partners_id_names_nothing(asking: PartnerClient, other_partner: PartnerClient) -> None:
    assert verdicts(other_partner, COPY, pdq_id(asking)) == [("clear", "-")]


def test_a_pdq_that_is_withdrawn_between_the_steps_is_clear(asking: PartnerClient, phone: Phone) -> None:
    first = read(ask_regions(asking, FORGED, matched=[{"id": pdq_id(asking)}]))
    phone.withdraw()
    last = read(look(asking, FORGED, first))
    assert (set(last.answers), has_look(last)) == ({RegionsRow()}, False)


def test_suspended_regions_judge_nothing_and_are_not_found(
    exchange: Context, asking: PartnerClient, phone: Phone, follower: Follow
) -> None:
    from stillmine.wire.case import SuspensionReason

    matched = pdq_id(asking)
    suspend(exchange, [phone.show().fingerprints[1].id], SuspensionReason.OPERATOR)
    assert found(asking, CROP) == []
    follower()
    assert (found(asking, CROP), verdicts(asking, FORGED, matched)) == ([], [("match", "one_judge")])


def test_of_another_case_with_the_picture_the_row_hears_beside(
    asking: PartnerClient, phone: Phone, other_phone: Phone, follower: Follow
) -> None:
    matched = pdq_id(asking)
    other_phone.open(fingerprints=[fingerprint(5), {**OWN.regions, "value": renamed(OWN, 5)}])
    follower()
    last = rounds(asking, COPY, matched=[{"id": matched}])[-1]
    assert [row.id for row in last.answers if row.outcome != "clear"] == [matched]
    assert other_phone.show().fingerprints[1].partners[0].found_on is not None
    report: dict[str, object] = {"feedback_id": "cd" * 16, "fingerprint_id": matched, "outcome": "removed"}
    asking.report(report)
    assert other_phone.show().fingerprints[1].partners[0].removed_on is not None


def renamed(picture: Picture, number: int) -> str:
    """A picture's regions beside another `pdq`: a copy that was changed."""
    from stillmine.wire.regions import format_regions, parse_regions

    return format_regions(parse_regions(str(picture.regions["value"]))._replace(pdq=bytes.fromhex(value(number))))


def test_what_is_common_makes_a_match_a_part_and_never_nothing(
    exchange: Context, phone: Phone, other_phone: Phone, partner: PartnerClient, follower: Follow
) -> None:
    """Sixteen unrelated pictures of one case have one region of it each; no upload shows anything else of them."""
    shared = [sharing(OWN, number, (number - 100) % 25) for number in range(100, 100 + 25 * 16)]
    for start in range(0, len(shared), 100):
        strangers = Phone(phone.web, secret=bytes([start // 100]) * 10)
        strangers.open(fingerprints=[row for picture in shared[start : start + 100] for row in picture])
    phone.open(fingerprints=OWN.both)
    follower()
    assert [row.outcome for row in found(partner, COPY)] == ["part"]


def sharing(picture: Picture, number: int, place: int) -> list[dict[str, object]]:
    from stillmine.wire.regions import RegionsValue, format_regions

    own = Picture(number)
    hashes = own.hashes
    hashes[place] = picture.hashes[place]
    rows = np.concatenate([hashes, own.geometry], axis=1).tobytes()
    return [own.pdq, {**own.regions, "value": format_regions(RegionsValue(256, 256, bytes.fromhex(value(number)), rows))}]


@pytest.mark.parametrize("cases", [13])
def test_cases_that_were_opened_with_the_picture_hide_nobody(phone: Phone, partner: PartnerClient, follower: Follow, cases: int) -> None:
    copies = [row for number in (20, 21, 22) for row in (fingerprint(number), {**OWN.regions, "value": renamed(OWN, number)})]
    for number in range(cases):
        Phone(phone.web, secret=bytes([number + 1]) * 10).open(fingerprints=copies)
    phone.open(fingerprints=OWN.both)
    follower()
    assert len(found(partner, CROP)) == 1
    assert phone.show().fingerprints[1].partners[0].found_on is not None


@pytest.mark.parametrize(
    ("fingerprints", "expected"),
    [
        ([OWN.regions], (422, "fingerprint_malformed")),
        ([OTHER.pdq, OWN.regions], (422, "fingerprint_malformed")),
        ([OWN.regions, OWN.pdq], (201, "")),
        ([OWN.pdq, {**OWN.regions, "quality": 99}], (422, "fingerprint_malformed")),
        ([OWN.pdq, {**OWN.regions, "value": renamed(OTHER, 1)}, OWN.regions], (422, "too_many_fingerprints")),
        ([OWN.pdq, OTHER.pdq, OWN.regions, OTHER.regions], (201, "")),
    ],
)
def test_regions_come_with_the_pdq_of_their_picture(
    phone: Phone, fingerprints: Sequence[dict[str, object]], expected: tuple[int, str]
) -> None:
    response = phone.post("case", opening(fingerprints=list(fingerprints)))
    assert (response.status_code, response.json().get("code", "")) == expected


def test_regions_may_come_after_their_pdq_and_not_after_it_is_gone(phone: Phone) -> None:
    phone.open(1, 2)
    assert len(phone.post("case/fingerprints", {"version": 1, "fingerprints": [OWN.regions]}).json()["fingerprints"]) == 3
    phone.withdraw(phone.show().fingerprints[1].id)
    refused = phone.post("case/fingerprints", {"version": 1, "fingerprints": [OTHER.regions]})
    assert code(refused) == (422, "fingerprint_malformed")


def test_a_region_that_no_picture_has_is_flat(phone: Phone) -> None:
    from stillmine.wire.regions import format_regions, parse_regions

    own = parse_regions(str(OWN.regions["value"]))
    flat = format_regions(own._replace(regions=b"\xff" * 31 + b"\0" + own.regions[32:]))
    assert code(phone.post("case", opening(fingerprints=[OWN.pdq, {**OWN.regions, "value": flat}]))) == (422, "fingerprint_flat")


def test_partners_hand_in_no_regions(partner: PartnerClient) -> None:
    body = {"version": 1, "fingerprints": OWN.both}
    assert code(partner.web.post("/api/v1/submissions", json=body, headers=partner.headers)) == (422, "kind_not_accepted")
