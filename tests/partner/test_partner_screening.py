# SPDX-License-Identifier: Apache-2.0
"""Screening of real photographs and their altered copies, and of everything that is not a good photograph."""

import io
import os
import struct
import threading
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageOps

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.fingerprinting.worker_messages import JobResult, Picture
from stillmine.partner.listing.look_up import FEW_VALUES, ListWay
from stillmine.partner.screening.recording import MAXIMUM_MATCHES
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import one_source
from stillmine.partner.screening.way import Candidate
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, Kind
from stillmine.wire.screen import DistanceBucket, MatchClass, RegionsChoice, ScreenOutcome, ScreenResult, Variant
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, InThisProcess, NoPlaces, Partner

PROTECTED = ("clothing/coat.jpg", "clothing/trousers.jpg", "exif_orientation/Landscape_1.jpg", "skimage/rocket.jpg", "skimage/chelsea.png")
UNRELATED = ("clothing/jacket.jpg", "clothing/hat.jpg", "clothing/boots.jpg", "clothing/skirt.jpg", "skimage/horse.png")


def saved(image: Image.Image, form: str = "JPEG", **options: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


EDITS: dict[str, tuple[Callable[[Image.Image], bytes], Variant]] = {
    "jpeg 40": (lambda image: saved(image, quality=40), Variant.ORIGINAL),
    "half size": (lambda image: saved(image.resize((image.width // 2, image.height // 2)), quality=85), Variant.ORIGINAL),
    "png": (lambda image: saved(image, "PNG"), Variant.ORIGINAL),
    "webp": (lambda image: saved(image, "WEBP", quality=60), Variant.ORIGINAL),
    "brighter": (lambda image: saved(ImageEnhance.Brightness(image).enhance(1.25)), Variant.ORIGINAL),
    "greyscale": (lambda image: saved(ImageOps.grayscale(image)), Variant.ORIGINAL),
    "mirrored": (lambda image: saved(ImageOps.mirror(image)), Variant.FLIP_HORIZONTAL),
    "upside down": (lambda image: saved(ImageOps.flip(image)), Variant.FLIP_VERTICAL),
    "rotated 180": (lambda image: saved(image.transpose(Image.Transpose.ROTATE_180)), Variant.ROTATE180),
    "rotated 90": (lambda image: saved(image.transpose(Image.Transpose.ROTATE_90)), Variant.ROTATE270),
    "rotated 270": (lambda image: saved(image.transpose(Image.Transpose.ROTATE_270)), Variant.ROTATE90),
    "transposed": (lambda image: saved(image.transpose(Image.Transpose.TRANSPOSE)), Variant.TRANSPOSE),
    "transversed": (lambda image: saved(image.transpose(Image.Transpose.TRANSVERSE)), Variant.TRANSVERSE),
}


@pytest.fixture
def media(root: Path) -> Path:
    return root / "media"


@pytest.fixture
def protecting(partner: Partner, exchange: FakeExchange, media: Path) -> Partner:
    """A partner that has synced the protected photographs."""
    for name in PROTECTED:
        exchange.add(name, fingerprint_image((media / name).read_bytes()).pdq)
    partner.sync.run()
    return partner


def opened(path: Path) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(path)).convert("RGB")


@pytest.mark.parametrize("name", PROTECTED)
def test_same_file_is_exact(protecting: Partner, media: Path, clock: Clock, name: str) -> None:
    result = protecting.screen((media / name).read_bytes())
    assert result.outcome is ScreenOutcome.MATCH
    (match,) = result.matches
    assert (match.match_class, match.distance_bucket, match.variant) == (MatchClass.EXACT, DistanceBucket.SAME, Variant.ORIGINAL)
    assert result.synced_at == clock.now


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("name", PROTECTED)
def test_altered_copy_is_matched_in_the_right_orientation(protecting: Partner, media: Path, name: str, edit: str) -> None:
    alter, variant = EDITS[edit]
    result = protecting.screen(alter(opened(media / name)))
    assert result.outcome is ScreenOutcome.MATCH
    assert [match.variant for match in result.matches] == [variant]
    if variant is not Variant.ORIGINAL:
        assert result.matches[0].match_class is MatchClass.NEAR


@pytest.mark.parametrize("number", range(9))
def test_exif_orientation_is_applied(protecting: Partner, media: Path, number: int) -> None:
    result = protecting.screen((media / f"exif_orientation/Landscape_{number}.jpg").read_bytes())
    assert [match.variant for match in result.matches] == [Variant.ORIGINAL]


@pytest.mark.parametrize("name", UNRELATED)
def test_unrelated_photograph_passes(protecting: Partner, media: Path, name: str) -> None:
    result = protecting.screen((media / name).read_bytes())
    assert (result.outcome, result.matches, result.reason) == (ScreenOutcome.NO_MATCH, [], None)
    assert protecting.store.counts().waiting_feedback == 0
    assert protecting.woken == 0


def test_withdrawn_photograph_passes_after_the_next_sync(protecting: Partner, exchange: FakeExchange, media: Path) -> None:
    data = (media / PROTECTED[0]).read_bytes()
    assert protecting.screen(data).outcome is ScreenOutcome.MATCH
    exchange.withdraw(PROTECTED[0])
    protecting.sync.run()
    assert protecting.screen(data).outcome is ScreenOutcome.NO_MATCH


def test_tombstone_between_search_and_record_wins(protecting: Partner, media: Path) -> None:
    """The index may lag a moment behind the store; what the store has erased is not answered."""
    made = fingerprint_image((media / PROTECTED[0]).read_bytes())
    index_before = protecting.index.near_pictures([Picture(list(made.variants), made.quality, [])])
    protecting.store.start_again()
    protecting.store.apply_page([], "swept", 1)
    assert index_before
    assert len(protecting.index) == len(PROTECTED)
    result = protecting.screen((media / PROTECTED[0]).read_bytes())
    assert result.outcome is ScreenOutcome.NO_MATCH
    assert protecting.store.counts().waiting_feedback == 0


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds nearly nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


BAD: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "empty_file"),
    "text": (lambda _: b"this is no picture, it is a sentence", "not_an_image"),
    "zeros": (lambda _: bytes(100_000), "not_an_image"),
    "truncated": (lambda data: data[: len(data) // 2], "truncated_image"),
    "header only": (lambda data: data[:100], "truncated_image"),
    "huge dimensions": (lambda _: png_header(60_000, 60_000), "image_too_large"),
    "too small": (lambda _: saved(Image.new("RGB", (2, 2)), "PNG"), "image_too_small"),
    "flat": (lambda _: saved(Image.new("RGB", (300, 300), "teal"), "PNG"), "quality_too_low"),
    "another kind": (lambda _: b"8BPS" + bytes(100), "image_format_unsupported"),
    "too many bytes": (lambda data: data + bytes(64 * 1024 * 1024), "file_too_large"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_screened_is_said_with_its_code(protecting: Partner, media: Path, kind: str) -> None:
    spoil, reason = BAD[kind]
    result = protecting.screen(spoil((media / "skimage/rocket.jpg").read_bytes()))
    assert (result.outcome, result.reason, result.matches) == (ScreenOutcome.NOT_SCREENED, reason, [])
    assert result.synced_at is not None


def test_a_picture_whose_last_part_is_missing_is_compared_as_far_as_it_goes(protecting: Partner, media: Path) -> None:
    data = (media / PROTECTED[0]).read_bytes()
    whole = protecting.screen(data[:-2])
    assert (whole.outcome, whole.reason) == (ScreenOutcome.MATCH, None)
    cut = data[: len(data) * 19 // 20]
    with pytest.raises(OSError, match="truncated"):
        Image.open(io.BytesIO(cut)).load()
    assert protecting.screen(cut).outcome is ScreenOutcome.MATCH


def test_a_missing_end_marker_leaves_nothing_out_and_missing_pixels_do(protecting: Partner, media: Path) -> None:
    data = (media / UNRELATED[0]).read_bytes()
    assert protecting.screen(data[:-2]).outcome is ScreenOutcome.NO_MATCH
    result = protecting.screen(data[: len(data) * 19 // 20])
    assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "truncated_image")


def test_wrong_side_bytes_hide_nothing(protecting: Partner, media: Path) -> None:
    with Image.open(media / PROTECTED[0]) as image:
        png = saved(image.convert("RGB"), "PNG")
    wrong = png[:33] + b"\0\0\0\x03tEXta\0b\0\0\0\0" + png[33:]
    assert protecting.screen(wrong).outcome is ScreenOutcome.MATCH


class Fails(NoPlaces):
    """Stands in for the workers and breaks in a way that no one thought of."""

    def fingerprints(self, file: OpenFile, _regions: RegionsChoice = RegionsChoice.OFF) -> JobResult:
        raise RuntimeError(f"could not decode {os.pread(file.fileno(), 100, 0)!r}")


def test_unexpected_failure_is_not_screened_and_its_words_are_not_logged(
    protecting: Partner, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    protecting.screening = Screening(protecting.store, one_source(protecting.way), Fails(), protecting.tokens, clock=clock)
    result = protecting.screen(b"marked bytes")
    assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "internal_error")
    assert "RuntimeError" in caplog.text
    assert "marked" not in caplog.text


def test_a_search_that_takes_too_long_is_answered_and_a_late_match_is_not_recorded(
    protecting: Partner, clock: Clock, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, entered = threading.Event(), []
    search = protecting.index.near_pictures

    def slow(pictures: Sequence[Picture]) -> list[Candidate]:
        entered.append(pictures)
        release.wait()
        return search(pictures)

    monkeypatch.setattr(protecting.index, "near_pictures", slow)
    hasty = ListWay(protecting.store, protecting.index, threads=1, search_seconds=0.05)
    protecting.screening = Screening(protecting.store, one_source(hasty), InThisProcess(), protecting.tokens, clock=clock)
    protected = Fingerprint(Kind.PDQ, fingerprint_image((media / PROTECTED[0]).read_bytes()).pdq.hex(), FULL_QUALITY)
    many = [protected, *(Fingerprint(Kind.PDQ, bytes([number] * 32).hex(), FULL_QUALITY) for number in range(FEW_VALUES))]
    results = [protecting.screening.screen_fingerprints(many) for _ in range(2)]
    release.set()
    hasty._searches.shutdown(wait=True)
    assert [(result.outcome, result.reason) for result in results] == [(ScreenOutcome.NOT_SCREENED, "deadline")] * 2
    assert len(entered) == 1
    assert protecting.store.counts().waiting_feedback == 0


def test_a_picture_is_looked_up_without_waiting_for_searches_that_take_long(protecting: Partner, clock: Clock, media: Path) -> None:
    release = threading.Event()
    one_thread = ListWay(protecting.store, protecting.index, threads=1, search_seconds=600)
    one_thread._searches.submit(release.wait)
    protecting.screening = Screening(protecting.store, one_source(one_thread), InThisProcess(), protecting.tokens, clock=clock)
    assert protecting.screen((media / PROTECTED[0]).read_bytes()).outcome is ScreenOutcome.MATCH
    release.set()


def test_store_that_never_synced_answers_never_synced(partner: Partner, media: Path) -> None:
    result = partner.screen((media / PROTECTED[0]).read_bytes())
    assert (result.outcome, result.reason, result.synced_at) == (ScreenOutcome.NOT_SCREENED, "never_synced", None)


def test_half_of_the_first_sync_can_match_but_never_clear(partner: Partner, exchange: FakeExchange, media: Path) -> None:
    exchange.page_entries = 1
    exchange.add("here", fingerprint_image((media / PROTECTED[0]).read_bytes()).pdq)
    exchange.add("not yet", fingerprint_image((media / PROTECTED[1]).read_bytes()).pdq)
    answers = iter([False])
    partner.must_stop = lambda: next(answers, True)
    partner.sync.run()
    assert partner.screen((media / PROTECTED[0]).read_bytes()).outcome is ScreenOutcome.MATCH
    assert partner.screen((media / PROTECTED[1]).read_bytes()).reason == "never_synced"


def test_synced_empty_list_clears(partner: Partner, media: Path) -> None:
    partner.sync.run()
    assert partner.screen((media / PROTECTED[0]).read_bytes()).outcome is ScreenOutcome.NO_MATCH


def flipped(value: bytes, bits: int) -> bytes:
    """The value with its first `bits` bits changed."""
    return (int.from_bytes(value) ^ (((1 << bits) - 1) << (256 - bits))).to_bytes(32)


def screen_values(partner: Partner, *values: bytes, quality: int = 90) -> ScreenResult:
    return partner.screening.screen_fingerprints([Fingerprint(Kind.PDQ, value.hex(), quality) for value in values])


VALUE = bytes(range(100, 132))


@pytest.mark.parametrize(
    ("bits", "bucket", "match_class"),
    [(0, "0-7", "exact"), (1, "0-7", "near"), (7, "0-7", "near"), (8, "8-15", "near"), (23, "16-23", "near"), (31, "24-31", "near")],
)
def test_distance_becomes_a_bucket(partner: Partner, exchange: FakeExchange, bits: int, bucket: str, match_class: str) -> None:
    exchange.add("f", VALUE)
    partner.sync.run()
    (match,) = screen_values(partner, flipped(VALUE, bits)).matches
    assert (match.distance_bucket, match.match_class) == (bucket, match_class)


def test_distance_of_32_is_no_match(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add("f", VALUE)
    partner.sync.run()
    assert screen_values(partner, flipped(VALUE, 32)).outcome is ScreenOutcome.NO_MATCH


def test_one_match_per_fingerprint_nearest_first_at_most_twenty(partner: Partner, exchange: FakeExchange) -> None:
    for bits in reversed(range(31)):
        exchange.add(f"f{bits}", flipped(VALUE, bits))
    partner.sync.run()
    result = screen_values(partner, VALUE, flipped(VALUE, 1), flipped(VALUE, 2))
    assert len(result.matches) == MAXIMUM_MATCHES
    buckets = [match.distance_bucket for match in result.matches]
    assert buckets == [bucket for bucket in DistanceBucket for _ in range(buckets.count(bucket))]
    assert len({match.match_id for match in result.matches}) == MAXIMUM_MATCHES
    (report,) = partner.store.waiting_feedback(100)
    nearest_first = [exchange.id_of(f"f{bits}") for bits in range(31)]
    assert (report.fingerprint_id, len(report.near)) == (nearest_first[0], 30)
    assert {report.fingerprint_id, *report.near} == set(nearest_first)
    assert partner.woken == 1
