# SPDX-License-Identifier: Apache-2.0
"""Regions are made and places are hashed behind the walls of a worker, within their time; what a worker says of either is not trusted."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from stillmine.client.regions import RegionsFound
from stillmine.fingerprint.picture.regions import base_of, find_regions, frames_of, hash_places
from stillmine.partner.asking.clear_memory import ClearMemory
from stillmine.partner.asking.regions import RegionsAsking
from stillmine.partner.fingerprinting import file_fingerprints
from stillmine.partner.fingerprinting.file_fingerprints import fingerprints_of
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.fingerprinting.picture_regions import NumberedBase, regions_of
from stillmine.partner.fingerprinting.sandbox import NEEDED
from stillmine.partner.fingerprinting.upload import OpenFile, Upload
from stillmine.partner.fingerprinting.worker_messages import (
    Job,
    JobResult,
    Media,
    PictureRegions,
    PlaceHashes,
    PlacesWanted,
    View,
)
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import one_source
from stillmine.wire.ask_regions import FRAMES_A_ROUND, RegionsAsk
from stillmine.wire.errors import StillmineError
from stillmine.wire.screen import RegionsChoice, ScreenOutcome
from tests.partner.every_format import every_format
from tests.partner.partner_parts import Clock, InThisProcess, Partner

LONG_ENOUGH = dict.fromkeys(Media, 120.0)
STUBBORN = (sys.executable, "-I", str(Path(__file__).parent / "stubborn_worker.py"))


@pytest.fixture
def photograph(root: Path) -> bytes:
    return (root / "media/skimage/rocket.jpg").read_bytes()


@pytest.fixture
def shut_in() -> Iterator[Fingerprinter]:
    """Real workers, behind their walls."""
    opened = Fingerprinter(1, deadline_seconds=LONG_ENOUGH)
    opened.start()
    assert NEEDED.isdisjoint(opened.check_sandbox())
    yield opened
    opened.close()


def test_behind_the_walls_every_format_gives_what_it_gives_before_them(root: Path, shut_in: Fingerprinter) -> None:
    photographs = [Image.open(io.BytesIO(path.read_bytes())) for path in sorted((root / "media/clothing").glob("*.jpg"))[:4]]
    for name, data in every_format(photographs):
        job = Job(takes_long=True, seconds=600, cpu_seconds=600, regions=RegionsChoice.SMALL)
        *_, expected = fingerprints_of(io.BytesIO(data), job)
        with Upload(Path("/")) as upload:
            upload.write(data)
            made = shut_in.fingerprints(upload, RegionsChoice.SMALL)
            assert made == expected, name
            for regions in made.of(PictureRegions):
                wanted = PlacesWanted(regions.number, np.array([[4096, 4096, 1500, 0, 0, 1500]], "<i2").tobytes())
                (places,) = shut_in.hash_places(upload, wanted, 60).of(PlaceHashes)
                assert len(places.hashes) == 32, name
                assert any(places.hashes), name
        has_picture = expected.media in (Media.IMAGE, Media.MOTION_PHOTO, Media.ANIMATION)
        assert bool(made.of(PictureRegions)) is has_picture, name


def test_places_of_regions_have_their_hashes(root: Path, shut_in: Fingerprinter) -> None:
    photograph = (root / "media/skimage/chelsea.png").read_bytes()
    with Image.open(io.BytesIO(photograph)) as image:
        base = base_of(np.asarray(image.convert("RGB")))
    frames = frames_of(find_regions(base).geometry, base)
    with Upload(Path("/")) as upload:
        upload.write(photograph)
        (places,) = shut_in.hash_places(upload, PlacesWanted(0, frames.astype("<i2").tobytes()), 60).of(PlaceHashes)
    assert places.hashes == hash_places(base, frames).tobytes()


@pytest.mark.parametrize(("choice", "views"), [(RegionsChoice.OFF, None), (RegionsChoice.SMALL, 2), (RegionsChoice.ALL, 8)])
def test_as_many_views_are_made_as_are_wanted(photograph: bytes, choice: RegionsChoice, views: int | None) -> None:
    *_, made = fingerprints_of(io.BytesIO(photograph), Job(False, 600, 600, regions=choice))
    assert [len(regions.views) for regions in made.of(PictureRegions)] == ([] if views is None else [views])
    assert not made.left_out


def test_without_time_there_is_the_first_view(photograph: bytes) -> None:
    with Image.open(io.BytesIO(photograph)) as image:
        base = NumberedBase(0, base_of(np.asarray(image.convert("RGB"))))
    left = [True, True, True]
    (none,) = regions_of([base], RegionsChoice.ALL, lambda: False)
    (some,) = regions_of([base], RegionsChoice.ALL, lambda: bool(left and left.pop()))
    assert [(len(regions.views), regions.is_cut) for regions in (none, some)] == [(1, True), (4, True)]


def test_what_needs_no_regions_is_known_before_them(photograph: bytes) -> None:
    *_, before, made = fingerprints_of(io.BytesIO(photograph), Job(False, 600, 600, regions=RegionsChoice.SMALL))
    assert (before.is_final, made.is_final) == (False, True)
    assert before.pictures == made.pictures != []
    assert not before.of(PictureRegions)


def test_of_many_pictures_the_first_have_regions(photograph: bytes) -> None:
    pages = [Image.open(io.BytesIO(photograph)).convert("RGB").rotate(turn, expand=True) for turn in (0, 90, 180, 270, 0, 90)]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    *_, made = fingerprints_of(io.BytesIO(out.getvalue()), Job(False, 600, 600, regions=RegionsChoice.SMALL))
    assert [regions.number for regions in made.of(PictureRegions)] == [0, 1, 2, 3]
    assert {picture.number for picture in made.pictures} == {0, 1, 2, 3, None}
    # the third page is the first upside down, and its places are its own
    place = np.array([[2000, 2000, 1000, 0, 0, 1000]], "<i2").tobytes()
    first, third = (hashed(out.getvalue(), PlacesWanted(number, place)) for number in (0, 2))
    assert first != third


def hashed(data: bytes, wanted: PlacesWanted) -> JobResult:
    *_, made = fingerprints_of(io.BytesIO(data), Job(False, 600, 600, places=wanted))
    return made


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff"])
def test_what_can_not_be_read_again_says_why(data: bytes) -> None:
    made = hashed(data, PlacesWanted(0, bytes(12)))
    assert made.left_out
    assert not made.of(PlaceHashes)


def test_a_picture_that_the_file_has_not_is_said(photograph: bytes) -> None:
    assert hashed(photograph, PlacesWanted(3, bytes(12))).left_out


@pytest.mark.parametrize("size", [(1, 4000), (4000, 1), (8, 8), (1, 1), (30_000, 2)])
def test_odd_shapes_have_few_or_no_regions(size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.effect_noise(size, 80).save(out, "PNG")
    *_, made = fingerprints_of(io.BytesIO(out.getvalue()), Job(False, 600, 600, regions=RegionsChoice.ALL))
    for regions in made.of(PictureRegions):
        assert len(regions.views) <= 14


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: View(256, 256, b"r" * 68),
        lambda: View(256, 256, b"r" * 69 * 201),
        lambda: View(2, 2, b""),
        lambda: PictureRegions(4, 256, 256, []),
        lambda: PictureRegions(0, 256, 256, [View(256, 256, b"")] * 15),
        lambda: PictureRegions(0, 1, 1, []),
        lambda: PlaceHashes(b"h" * 31),
        lambda: PlaceHashes(b"h" * 32 * (FRAMES_A_ROUND + 1)),
        lambda: PlacesWanted(0, b"f" * 11),
        lambda: PlacesWanted(0, b"f" * 12 * (FRAMES_A_ROUND + 1)),
    ],
)
def test_a_message_of_another_form_is_none(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong()


def lied(result: dict[str, object]) -> bytes:
    """What the stubborn worker sends instead of an answer."""
    body = msgspec.msgpack.encode(result)
    return b"lie " + len(body).to_bytes(4) + body


@pytest.mark.parametrize(
    "fingerprint",
    [["places", b"h" * 31], ["regions", 9, 256, 256, []], ["regions", 0, 256, 256, [[256, 256, b"r"]]], ["regions", 0, 256, 256, [["x"]]]],
)
def test_a_worker_that_lies_is_ended(fingerprint: list[object]) -> None:
    fingerprinter = Fingerprinter(1, STUBBORN, LONG_ENOUGH)
    fingerprinter.start()
    try:
        with Upload(Path("/")) as upload:
            upload.write(lied({"media": "image", "is_final": True, "fingerprints": [fingerprint]}))
            before = fingerprinter.process_ids
            assert fingerprinter.hash_places(upload, PlacesWanted(0, bytes(12)), 60).left_out == ["decoder_stopped"]
        assert fingerprinter.process_ids != before
    finally:
        fingerprinter.close()


class Places(InThisProcess):
    """Hashes places in some way of its own."""

    def __init__(self, answer: Callable[[], JobResult]) -> None:
        self._answer = answer

    def hash_places(self, _file: OpenFile, _wanted: PlacesWanted, _seconds: float) -> JobResult:
        return self._answer()


class OneRound:
    """An exchange that wants one place hashed."""

    def ask_regions(self, _ask: RegionsAsk, hashes_at: Callable[[bytes], bytes], _seconds: float | None = None) -> RegionsFound:
        hashes_at(bytes(12))
        return RegionsFound([], [])

    def close(self) -> None: ...


def screened(partner: Partner, places: Callable[[], JobResult], clock: Clock, data: bytes) -> tuple[ScreenOutcome, list[str]]:
    """Screen an upload whose places are hashed so, by a partner that asks."""
    partner.sync.run()
    asking = RegionsAsking(OneRound(), RegionsChoice.SMALL, ClearMemory(b"k" * 32), clock, monotonic=clock.seconds)
    screening = Screening(partner.store, one_source(partner.way, asking), Places(places), partner.tokens, clock=clock)
    with Upload(partner.home) as upload:
        upload.write(data)
        result = screening.screen_upload(upload)
    return result.outcome, result.left_out


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (JobResult(Media.IMAGE, True), "decoder_stopped"),
        (JobResult(Media.IMAGE, True, [PlaceHashes(b"")]), "decoder_stopped"),
        (JobResult(Media.IMAGE, True, [PlaceHashes(bytes(32))] * 2), "decoder_stopped"),
        (JobResult(Media.IMAGE, True, left_out=["deadline"]), "deadline"),
        (JobResult(Media.IMAGE, True, left_out=["words of a stranger"]), "decoder_stopped"),
    ],
)
def test_hashes_that_are_not_there_are_never_clear(
    partner: Partner, clock: Clock, photograph: bytes, answer: JobResult, reason: str
) -> None:
    assert screened(partner, lambda: answer, clock, photograph) == (ScreenOutcome.NOT_SCREENED, [reason])


def test_a_deadline_inside_the_rounds_is_said(partner: Partner, clock: Clock, photograph: bytes) -> None:
    def slow() -> JobResult:
        clock.move(6)
        raise StillmineError

    assert screened(partner, slow, clock, photograph) == (ScreenOutcome.NOT_SCREENED, ["deadline"])


def test_what_there_was_no_time_for_is_said(partner: Partner, clock: Clock, photograph: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(bases: Iterable[NumberedBase], choice: RegionsChoice, _is_time_left: Callable[[], bool]) -> Iterator[PictureRegions]:
        return regions_of(bases, choice, lambda: False)

    monkeypatch.setattr(file_fingerprints, "regions_of", cut)
    right = JobResult(Media.IMAGE, True, [PlaceHashes(bytes(32))])
    assert screened(partner, lambda: right, clock, photograph) == (ScreenOutcome.NOT_SCREENED, ["deadline"])


def test_all_is_well_where_hashes_are_there(partner: Partner, clock: Clock, photograph: bytes) -> None:
    right = JobResult(Media.IMAGE, True, [PlaceHashes(bytes(32))])
    assert screened(partner, lambda: right, clock, photograph) == (ScreenOutcome.NO_MATCH, [])
