# SPDX-License-Identifier: Apache-2.0
"""What regions make of copies that PDQ finds: whether the two judges agree, for all copies of a photograph, kept beside them.

As at an exchange: looked at where the match by PDQ says that the photograph lies, and wherever the regions' own vote found something.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
from copies_kept import STORED, Kept, pixels
from numpy.typing import NDArray
from region_asking import Upload, enrol

from stillmine.fingerprint import query_image
from stillmine.fingerprint.ground.turns import VARIANTS
from stillmine.fingerprint.picture.image import distance_bits
from stillmine.fingerprint.picture.query import BOX_UNITS
from stillmine.fingerprint.picture.regions import hash_places
from stillmine.matching.region_look import Judgement, Look, Verdict, judgement, look, places, to_wire, verdict
from stillmine.matching.region_pdq import implied_map
from stillmine.matching.region_refine import refined
from stillmine.matching.region_values import StoredRegions
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, MINIMUM_ASKED_QUALITY

NAME = "judges.json"


def judge_all(kept: Kept, looks: Sequence[Sequence[Look]]) -> dict[int, Judgement]:
    """Return what regions make of each copy that PDQ finds, by edit; `looks`: what the vote found of this photograph in each copy.

    What is kept of a run in which PDQ and the vote found the same is taken.
    """
    found = [edit for edit, asked in enumerate(kept.asked) if is_near(kept.stored, asked.ours)]
    header = [found, [[list(astuple(each)) for each in looks[edit]] for edit in found]]
    place = kept.folder / NAME
    if place.exists() and (before := json.loads(place.read_text()))["of"] == header:
        return {edit: Judgement(said) for edit, said in zip(found, before["judged"], strict=True)}
    stored = enrol(pixels((kept.folder / STORED).read_bytes()))
    judged = {edit: _judge(kept, stored, edit, looks[edit]) for edit in found}
    place.write_text(json.dumps({"of": header, "judged": list(judged.values())}))
    return judged


def is_near(stored: bytes, asked: NDArray[np.uint8]) -> bool:
    """Return whether any of these hashes (n, 32) matches."""
    return bool(len(asked)) and int(np.bitwise_count(asked ^ np.frombuffer(stored, np.uint8)).sum(axis=1).min()) <= MAXIMUM_DISTANCE_BITS


def _judge(kept: Kept, stored: StoredRegions | None, edit: int, looks: Sequence[Look]) -> Judgement:
    if stored is None:
        return Judgement.ONE_JUDGE
    if any(verdict(each) is not Verdict.CLEAR for each in looks):
        return Judgement.AGREED
    data = kept.copy(edit)
    upload = Upload(pixels(data))
    asked = [variant for variant in query_image(data).variants if variant.quality >= MINIMUM_ASKED_QUALITY]
    nearest = min(asked, key=lambda variant: distance_bits(kept.stored, variant.pdq))
    across, down = upload.width / BOX_UNITS, upload.height / BOX_UNITS
    left, top, right, bottom = nearest.box
    box = (left * across, top * down, right * across, bottom * down)
    implied = implied_map(stored.width, stored.height, VARIANTS.index(nearest.name), box)
    near = refined(stored, upload.regions(is_stretched=False), implied).map
    is_visible, frames = places(stored.frames, near, upload.width, upload.height)
    hashes = hash_places(upload.base, to_wire(frames, upload.width, upload.height))
    return judgement([*looks, look(stored, is_visible, hashes)])
