# SPDX-License-Identifier: Apache-2.0
"""What bench/attack_regions.py measures on 44 photographs, on a few: red when an attack succeeds that did not."""

from collections import Counter
from functools import cache

import attack_regions
import pytest
import region_attacks
from attack_regions import EVASIONS, FARTHER, Known
from inversion import from_pdq, from_regions
from inversion_figures import likeness
from PIL import Image
from region_upload import Upload

from stillmine.matching.region_look import Judgement, Verdict

pytestmark = [pytest.mark.long, pytest.mark.any_database]

COUNT = 16


@cache
def photographs() -> list[Known]:
    """Those of this repository, whatever else is at hand: what is found of them is known."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(attack_regions, "PHOTOGRAPHS", attack_regions.ROOT / "tests" / "media" / "photos")
        return attack_regions.photographs(COUNT)


def evaded(name: str) -> list[tuple[bool, Verdict]]:
    """Of each photograph, attacked: whether PDQ finds it, and what regions say."""
    came = []
    for pixels, known in photographs():
        upload = Upload(EVASIONS[name](pixels, known))
        came.append((upload.is_pdq_match(known.pdq), upload.verdict(known.stored)))
    return came


def test_pictures_that_evade_pdq_are_found_by_regions() -> None:
    came = evaded("PDQ turned by 40 bits")
    assert sum(is_pdq_match for is_pdq_match, _ in came) <= 1, "the attack no longer works: nothing is shown"
    assert [verdict for _, verdict in came].count(Verdict.MATCH) >= COUNT - 1


@pytest.mark.parametrize(("count", "least_matches"), [(6, 12), (12, 8)])
def test_pictures_with_their_strongest_regions_blurred_are_found(count: int, least_matches: int) -> None:
    """13 and 9 of 16 as a `match`, when this was written, and the others as a `part`."""
    verdicts = [verdict for _, verdict in evaded(f"{count} strongest regions blurred")]
    assert Verdict.CLEAR not in verdicts
    assert verdicts.count(Verdict.MATCH) >= least_matches


def test_pictures_with_a_third_of_each_regions_bits_turned_match() -> None:
    verdicts = [verdict for _, verdict in evaded("30 % of the bits of each region turned")]
    assert verdicts.count(Verdict.MATCH) >= COUNT - 1


def test_forged_matches_by_pdq_are_disputed() -> None:
    known = photographs()
    judged = Counter[Judgement]()
    for number, (pixels, _) in enumerate(known):
        target = known[(number + FARTHER) % len(known)][1]
        upload = Upload(region_attacks.forge_pdq(pixels, target.pdq))
        assert upload.is_pdq_match(target.pdq), "the attack no longer works: nothing is shown"
        assert upload.verdict(target.stored) is Verdict.CLEAR
        judged[upload.judgement(target.stored)] += 1
    assert judged == {Judgement.DISPUTED: len(known)}


def test_a_copy_that_both_judges_know_is_agreed() -> None:
    assert {Upload(pixels).judgement(known.stored) for pixels, known in photographs()[:6]} == {Judgement.AGREED}


def test_typed_regions_match_nothing() -> None:
    said = "".join(attack_regions.typed(photographs()[:6]))
    assert said.startswith("typed regions: 36 of 36 uploads clear")


def test_regions_draw_more_of_a_picture_than_its_pdq_does() -> None:
    """What the decision about regions rests on: should this turn round, decide again."""
    for pixels, known in photographs()[:4]:
        luma = Image.fromarray(pixels).convert("F")
        by_pdq = likeness(from_pdq(known.pdq, known.stored.width, known.stored.height), luma)
        by_regions = likeness(from_regions(known.value), luma)
        assert by_regions[-1] > by_pdq[-1]
        assert by_regions[-1] > 0.5
