# SPDX-License-Identifier: Apache-2.0
"""Asking about regions: a crop is found in two steps and written down before it is told, and what is told has one size."""

from collections.abc import Callable

import numpy as np
import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.ask_regions import NO_MAP, REGIONS_ANSWER_BYTES, RegionsRow, read_map
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, value
from tests.exchange.region_parts import (
    WHOLE,
    Picture,
    Upload,
    ask_regions,
    found,
    has_look,
    look,
    part,
    read,
    rounds,
    shrunk,
)

Follow = Callable[[], None]

OWN, OTHER, STRANGE = Picture(1), Picture(2), Picture(99)


@pytest.fixture
def asking(exchange: Context, phone: Phone, partner: PartnerClient, follower: Follow) -> PartnerClient:
    """A partner of an exchange in which one person protects one picture."""
    phone.open(fingerprints=OWN.both)
    follower()
    return partner


def days_found(phone: Phone) -> list[list[str]]:
    return [[str(status.found_on) for status in row.partners if status.found_on] for row in phone.show().fingerprints]


def test_a_crop_is_found_and_the_case_shows_it(asking: PartnerClient, phone: Phone, clock: Clock) -> None:
    crop = Upload([(OWN, part(0.1, 0.2, 0.7))])
    first, last = rounds(asking, crop)
    assert has_look(first)
    assert {row.outcome for row in first.answers} == {"clear"}
    rows = [row for row in last.answers if row.outcome != "clear"]
    assert [(row.outcome, row.tags, row.verdict) for row in rows] == [("match", "--------", "-")]
    assert days_found(phone) == [[], [str(clock().date())]]
    stands = read_map(rows[0].map)
    assert np.allclose(stands.affine, (1 / 0.7, 0, -1 / 7, 0, 1 / 0.7, -2 / 7), atol=0.02)
    assert (stands.width, stands.height) == (256, 256)


def test_the_id_is_the_partners_own_of_the_regions(asking: PartnerClient, other_partner: PartnerClient) -> None:
    upload = Upload([(OWN, WHOLE)])
    ids = [found(one, upload)[0].id for one in (asking, asking, other_partner)]
    assert ids[0] == ids[1] != ids[2]
    assert answers(asking, value(1))[0][1] != ids[0]


def test_what_shows_nothing_is_clear_in_one_step(asking: PartnerClient, phone: Phone) -> None:
    (only,) = rounds(asking, Upload([(STRANGE, WHOLE)]))
    assert not has_look(only)
    assert not only.places.strip("A")
    assert set(only.answers) == {RegionsRow()}
    assert days_found(phone) == [[], []]


def test_two_regions_that_agree_are_looked_at_and_are_no_match(asking: PartnerClient, phone: Phone) -> None:
    few = Upload([(OWN, WHOLE)], covered=frozenset(range(4, 25)))
    answered = rounds(asking, few)
    assert (len(answered), set(answered[-1].answers)) == (2, {RegionsRow()})
    assert days_found(phone) == [[], []]


def test_a_half_covered_copy_is_for_a_reviewer(asking: PartnerClient, phone: Phone) -> None:
    covered = Upload([(OWN, WHOLE)], covered=frozenset(range(0, 25, 2)))
    assert [row.outcome for row in found(asking, covered)] == ["part"]
    assert days_found(phone) == [[], []]


def test_a_part_is_shown_as_one_until_a_match_comes(asking: PartnerClient, phone: Phone, clock: Clock) -> None:
    """What the partner reports as found is the same part; its decision is one all the same."""
    first_day, covered = clock().date(), Upload([(OWN, WHOLE)], covered=frozenset(range(0, 25, 2)))
    (part_row,) = found(asking, covered)
    asking.report({"feedback_id": "ab" * 16, "fingerprint_id": part_row.id, "outcome": "found"})
    clock.forward(days=1)
    assert [row.outcome for row in found(asking, covered)] == ["part"]
    (status,) = phone.show().fingerprints[1].partners
    assert (status.part_on, status.found_on) == (first_day, None)
    asking.report({"feedback_id": "cd" * 16, "fingerprint_id": part_row.id, "outcome": "not_removed", "reason": "not_the_same"})
    (status,) = phone.show().fingerprints[1].partners
    assert (status.part_on, status.found_on, status.not_removed_on) == (first_day, None, clock().date())
    assert [row.outcome for row in found(asking, Upload([(OWN, WHOLE)]))] == ["match"]  # on a day that had a part before
    (status,) = phone.show().fingerprints[1].partners
    assert (status.part_on, status.found_on) == (None, clock().date())


def test_parts_are_those_of_the_partner_that_saw_them(asking: PartnerClient, other_partner: PartnerClient, phone: Phone) -> None:
    found(asking, Upload([(OWN, WHOLE)], covered=frozenset(range(0, 25, 2))))
    found(other_partner, Upload([(OWN, WHOLE)]))
    shown = {status.partner: (status.part_on is None, status.found_on is None) for status in phone.show().fingerprints[1].partners}
    assert sorted(shown.values()) == [(False, True), (True, False)]


def test_every_answer_has_one_size(asking: PartnerClient) -> None:
    crop = Upload([(OWN, part(0.1, 0.1, 0.8))])
    first = ask_regions(asking, crop, upload_token="ab" * 16)
    matched = [{"id": answers(asking, value(1))[0][1], "turn": 0, "box": [0, 0, 4096, 4096]}]
    responses = [
        first,
        look(asking, crop, read(first)),
        look(asking, Upload([]), read(first)),
        ask_regions(asking, Upload([(STRANGE, WHOLE)])),
        ask_regions(asking, Upload([])),
        ask_regions(asking, crop, matched=matched),
        ask_regions(asking, crop, matched=[{"id": "ab" * 16}]),
    ]
    assert {(response.status_code, len(response.content)) for response in responses} == {(200, REGIONS_ANSWER_BYTES)}
    assert {response.headers["Content-Type"] for response in responses} == {"application/json"}
    assert len({tuple(sorted(response.headers)) for response in responses}) == 1


def test_a_clear_answer_is_the_same_bytes_whatever_is_stored(asking: PartnerClient, other_phone: Phone, follower: Follow) -> None:
    strange = Upload([(STRANGE, WHOLE)])
    before = ask_regions(asking, strange).content
    other_phone.open(fingerprints=OTHER.both)
    follower()
    assert ask_regions(asking, strange).content == before


def test_each_view_and_each_look_counts(asking: PartnerClient) -> None:
    from stillmine.exchange.rows.asks import AskCount

    crop = Upload([(OWN, part(0.1, 0.1, 0.8))])
    first = read(ask_regions(asking, crop, views=5))
    assert AskCount.objects.values_list("queries", "matches").get() == (5, 0)
    look(asking, crop, first)
    assert AskCount.objects.values_list("queries", "matches").get() == (6, 1)
    look(asking, Upload([]), first)
    assert AskCount.objects.values_list("queries", "matches").get() == (7, 1)


def test_a_used_up_quota_refuses_both_steps_and_counts_nothing(asking: PartnerClient) -> None:
    from stillmine.exchange.rows.asks import AskCount
    from stillmine.exchange.rows.partners import Partner

    crop = Upload([(OWN, part(0.1, 0.1, 0.8))])
    first = read(ask_regions(asking, crop))
    Partner.objects.update(daily_quota=1)
    refused = look(asking, crop, first)
    assert (code(refused), int(refused.headers["Retry-After"]) > 0) == ((429, "quota_used_up"), True)
    assert code(ask_regions(asking, crop)) == (429, "quota_used_up")
    assert AskCount.objects.values_list("queries", "matches").get() == (1, 0)


def test_two_pictures_in_one_collage_are_two_rows(asking: PartnerClient, phone: Phone, other_phone: Phone, follower: Follow) -> None:
    other_phone.open(fingerprints=OTHER.both)
    follower()
    collage = Upload([(OWN, shrunk(0.0, 0.0, 0.48)), (OTHER, shrunk(0.5, 0.5, 0.48))])
    rows = found(asking, collage)
    assert [row.outcome for row in rows] == ["match", "match"]
    assert len({row.id for row in rows}) == 2
    assert (days_found(phone)[1], days_found(other_phone)[1]) != ([], [])


def test_of_two_cases_with_one_picture_one_is_told_and_both_hear(
    asking: PartnerClient, phone: Phone, other_phone: Phone, follower: Follow
) -> None:
    from stillmine.exchange.rows.asks import AskBeside
    from stillmine.exchange.rows.log import Mention

    other_phone.open(fingerprints=OWN.both)
    follower()
    assert len(found(asking, Upload([(OWN, part(0.1, 0.1, 0.8))]))) == 1
    assert days_found(phone)[1] == days_found(other_phone)[1] != []
    assert AskBeside.objects.count() == 1
    assert sorted(Mention.objects.values_list("event", flat=True)) == ["matched", "matched"]


def test_a_match_is_in_the_log_once_a_day(asking: PartnerClient) -> None:
    from stillmine.exchange.rows.log import Mention

    for _ in range(3):
        found(asking, Upload([(OWN, WHOLE)]))
    assert list(Mention.objects.values_list("event", "partner_id")) == [("matched", Mention.objects.values_list("partner_id").get()[0])]


def test_what_was_withdrawn_between_the_steps_is_not_told(asking: PartnerClient, phone: Phone) -> None:
    from stillmine.exchange.rows.asks import AskMatch

    crop = Upload([(OWN, part(0.1, 0.1, 0.8))])
    first = read(ask_regions(asking, crop))
    phone.withdraw(phone.show().fingerprints[1].id)
    last = read(look(asking, crop, first))
    assert (set(last.answers), has_look(last), AskMatch.objects.count()) == ({RegionsRow()}, False, 0)


def test_what_was_withdrawn_before_is_clear_though_the_index_has_it(asking: PartnerClient, phone: Phone) -> None:
    phone.withdraw()
    (only,) = rounds(asking, Upload([(OWN, WHOLE)]))
    assert not only.places.strip("A")


def test_a_token_is_good_for_a_minute_and_for_its_partner(
    asking: PartnerClient, other_partner: PartnerClient, clock: Clock, phone: Phone
) -> None:
    crop = Upload([(OWN, part(0.1, 0.1, 0.8))])
    first = read(ask_regions(asking, crop))
    assert code(look(other_partner, crop, first)) == (400, "look_expired")
    clock.forward(seconds=60)
    assert look(asking, crop, first).status_code == 200
    clock.forward(seconds=2)
    assert code(look(asking, crop, first)) == (400, "look_expired")


@pytest.mark.parametrize("change", ["zeros", "a byte", "cut"])
def test_a_token_that_was_not_made_here_is_refused(asking: PartnerClient, change: str) -> None:
    crop = Upload([(OWN, part(0.1, 0.1, 0.8))])
    first = read(ask_regions(asking, crop))
    other = "B" if first.look[0] == "A" else "A"
    text = {"zeros": "A" * len(first.look), "a byte": other + first.look[1:], "cut": first.look[:-1]}[change]
    body = {"version": 1, "look": text, "hashes": crop.hashes_at(first.places)}
    refused = asking.web.post("/api/v1/ask/regions/look", json=body, headers=asking.headers)
    assert code(refused) == ((400, "malformed_message") if change == "cut" else (400, "look_expired"))


def test_nothing_is_answered_while_the_index_loads(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.asks import AskCount

    phone.open(fingerprints=OWN.both)
    assert code(ask_regions(partner, Upload([(OWN, WHOLE)]))) == (503, "index_loading")
    assert not AskCount.objects.exists()


def test_a_map_says_nothing_of_what_is_clear(asking: PartnerClient) -> None:
    last = rounds(asking, Upload([(OWN, WHOLE)]))[-1]
    assert {row.map for row in last.answers if row.outcome == "clear"} == {NO_MAP}
