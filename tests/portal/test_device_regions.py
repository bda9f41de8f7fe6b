# SPDX-License-Identifier: Apache-2.0
"""Regions of pictures on the device: those of the same pixels are the server's byte by byte, those of another decoder's lie near."""

from pathlib import Path

import pytest
from PIL import Image

from stillmine.fingerprint.file import fingerprint_file
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS
from stillmine.wire.regions import RegionsValue, parse_regions
from tests.portal.device_engine import Engine, distance_bits, with_worker_prefix
from tests.portal.made_pictures import checks

ORIENTATION = 0x0112
SAME_PLACE = 2
"""In 1/4096 of width and height: the two decoders see another step of grey here and there."""


def regions_of(file: Path) -> str | None:
    """What the server's code makes of a file."""
    return next((one.value for one in fingerprint_file(file).fingerprints() if one.kind == "regions"), None)


def matched(value: RegionsValue, other: RegionsValue) -> float:
    """Return the share of regions that the other value has too: at the same place, within 31 bits."""

    def is_there(place: bytes, digest: bytes) -> bool:
        return any(
            all(abs(one - two) <= SAME_PLACE for one, two in zip(_at(place), _at(there), strict=True))
            and distance_bits(digest.hex(), known.hex()) <= MAXIMUM_DISTANCE_BITS
            for there, known in zip(other.places, other.hashes, strict=True)
        )

    return sum(map(is_there, value.places, value.hashes)) / len(value.places)


def _at(place: bytes) -> tuple[int, int]:
    return place[0] << 4 | place[1] >> 4, (place[1] & 15) << 8 | place[2]


def test_equal_pixels_give_equal_regions(engine: Engine, root: Path) -> None:
    files = [root / "media/skimage/chelsea.png"]
    for file, made in zip(files, engine.make(*files), strict=True):
        assert (list(made.values), made.notes) == (["pdq", "regions"], [])
        assert made.values["regions"] == regions_of(file), file.name
        assert parse_regions(made.values["regions"]).pdq.hex() == made.values["pdq"]


def test_photographs_that_another_decoder_read_have_nearly_the_same(engine: Engine, root: Path) -> None:
    files = [root / "media/skimage/rocket.jpg", *sorted((root / "media/clothing").glob("*.jpg"))[:5]]
    for file, made in zip(files, engine.make(*files), strict=True):
        own = regions_of(file)
        if own is None:
            assert "regions" not in made.values
            continue
        share = matched(parse_regions(made.values["regions"]), parse_regions(own))
        print(file.name, round(share, 2))
        assert share >= 0.6, file.name


@pytest.mark.parametrize("turn", range(2, 9))
def test_a_turned_file_has_the_regions_of_what_is_shown(engine: Engine, root: Path, tmp_path: Path, turn: int) -> None:
    file = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    Image.open(root / "media/skimage/chelsea.png").save(file, exif=exif)
    [made] = engine.make(file)
    assert made.values["regions"] == regions_of(file)


def test_where_the_page_decodes_they_are_the_same(engine: Engine, root: Path) -> None:
    with_worker_prefix(engine.page, "self.OffscreenCanvas = undefined;")
    file = root / "media/skimage/chelsea.png"
    [made] = engine.make(file)
    assert made.values["regions"] == regions_of(file)


def test_a_picture_with_few_says_so(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "checks.png"
    checks().save(file)
    assert regions_of(file) is None
    [made] = engine.make(file)
    assert (list(made.values), made.notes) == (["pdq"], ["few_regions"])
