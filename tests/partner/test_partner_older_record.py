# SPDX-License-Identifier: Apache-2.0
"""What is remembered of an upload becomes again what was looked up of it, and what a stranger's worker makes is not remembered."""

import io
from pathlib import Path

import msgspec
import pytest
from PIL import Image, ImageOps

from stillmine.partner.fingerprinting.worker_messages import Digest, Picture, Sound
from stillmine.partner.older.block import Block, BlockWriter, Row
from stillmine.partner.older.remembered import remembered
from stillmine.partner.screening.made import Film, LookedUpForm, Made, made_by_platform, made_of_file
from stillmine.wire.kinds import PDQ_BYTES, Kind
from tests.kind_samples import LISTED_SAMPLES
from tests.partner.fake_exchange import FakeExchange
from tests.partner.moving_media import animated_gif, melody, sound_file, video_file
from tests.partner.older_parts import RememberingPartner
from tests.partner.partner_parts import Clock, InThisProcess


@pytest.fixture(scope="module")
def pictures(root: Path) -> list[Image.Image]:
    opened = [Image.open(io.BytesIO(path.read_bytes())) for path in sorted((root / "media/clothing").glob("*.jpg"))[:3]]
    return [image.convert("RGB").resize((320, 240)) for image in opened]


def bordered(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    ImageOps.expand(picture, 60, "white").save(buffer, "PNG")
    return buffer.getvalue()


def made_of(data: bytes, folder: Path) -> Made:
    path = folder / "upload"
    path.write_bytes(data)
    with path.open("rb") as file:
        return made_of_file(InThisProcess().fingerprints(file))


def without_places(form: LookedUpForm) -> LookedUpForm:
    """A picture without where its regions were made: nothing of regions is remembered."""
    return msgspec.structs.replace(form, number=None, box=Picture([], 0, []).box) if isinstance(form, Picture) else form


def through_a_block(*uploads: Made) -> list[Made]:
    writer = BlockWriter()
    for number, made in enumerate(uploads):
        one, hashes = remembered(made, f"post {number}", number)
        writer.add(Row(msgspec.msgpack.encode(one), hashes))
    return [row.remembered().made(row.hashes) for row in Block(writer.content())]


def test_every_form_comes_back_bit_for_bit_in_all_eight_orientations(pictures: list[Image.Image], tmp_path: Path) -> None:
    files = [
        *(bordered(pictures[0]), video_file(pictures, samples=melody(1, 6)), animated_gif(pictures)),
        *(sound_file(melody(2, 12)), b"no media"),
    ]
    uploads = [made_of(data, tmp_path) for data in files]
    assert {len(one.hashes) for made in uploads for one in made.of(Picture)} == {8}
    for made, again in zip(uploads, through_a_block(*uploads), strict=True):
        assert again.upload == made.upload
        assert again.fingerprints == [without_places(form) for form in made.fingerprints]


def test_what_a_platform_sent_comes_back_in_the_orientation_that_it_had() -> None:
    made = made_by_platform(list(LISTED_SAMPLES.values()))
    assert {form.hashes[0] for form in made.of(Picture)} != set()
    (again,) = through_a_block(made)
    assert again == made


def test_what_an_exchange_turns_has_one_hash(pictures: list[Image.Image], tmp_path: Path) -> None:
    made = made_of(bordered(pictures[0]), tmp_path)
    one, hashes = remembered(made, "post 7", 0)
    turned_there = one.made(hashes, is_turned_by_exchange=True)
    assert [form.hashes for form in turned_there.of(Picture)] == [form.hashes[:1] for form in made.of(Picture)]
    assert turned_there.of(Digest) == made.of(Digest) != []
    assert len(hashes) == 4 * PDQ_BYTES * len(made.of(Picture))


def test_a_film_without_frames_comes_back() -> None:
    (again,) = through_a_block(Made(bytes(32), [], [Film([], 2), Digest(Kind.SHA256, bytes(32))]))
    assert again.fingerprints == [Film([], 2), Digest(Kind.SHA256, bytes(32))]


@pytest.mark.parametrize("wrong", [Picture([b"short"] * 8, 90, []), Picture([b"x" * 33], 90, []), Sound([1 << 32])])
def test_what_no_worker_of_ours_makes_changes_no_answer(home: Path, exchange: FakeExchange, clock: Clock, wrong: LookedUpForm) -> None:
    partner = RememberingPartner(home, exchange, clock)
    identity = partner.screening._tokens.identify(bytes(32), None, "post 7")
    partner.older.remember(Made(bytes(32), [], [wrong]), identity)
    assert (partner.health().uploads, partner.health().not_remembered) == (0, 1)
    partner.close()
