# SPDX-License-Identifier: Apache-2.0
"""Every file that can't be fingerprinted gets one error of ours: a code, and a sentence that says what to do and repeats nothing."""

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillmine.fingerprint import DEFAULT_LIMITS, Limits, MediaError, fingerprint_image, fingerprint_pixels
from stillmine.fingerprint.ground.errors import FileUnreadableError
from stillmine.fingerprint.picture import decode
from stillmine.wire.errors import StillmineError
from tests.fingerprint.picture_files import heic_of, save, scene

JPEG = save(scene(), "JPEG", quality=90)
PNG = save(scene(), "PNG")
WEBP = save(scene(), "WEBP")
GIF = save(scene(), "GIF")
BMP = save(scene(), "BMP")
TIFF = save(scene(), "TIFF", compression="tiff_lzw")
AVIF = save(scene(), "AVIF")
HEIC = heic_of(scene())


def png_of_size(width: int, height: int) -> bytes:
    """A PNG header that claims a size, with hardly anything behind it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def webp_of_size(width: int, height: int) -> bytes:
    """A WebP of one small frame that claims a large canvas."""
    canvas = b"VP8X" + struct.pack("<I", 10) + bytes(4) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBP" + canvas + WEBP[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


BAD = {
    "empty": (b"", "empty_file"),
    "one byte": (b"\xff", "not_an_image"),
    "text": (b"Dear exchange, please find attached", "not_an_image"),
    "zeros": (bytes(1000), "not_an_image"),
    "script in an image's place": (b"<svg xmlns='x'><script>alert(1)</script></svg>", "not_an_image"),
    "heic": (b"\0\0\0\x18ftypheic" + bytes(100), "truncated_image"),
    "avif": (b"\0\0\0\x18ftypavif" + bytes(100), "truncated_image"),
    "an unending row of brands": (b"\xff\xff\xff\xffftypnone" + b"none" * 9000 + b"heic", "image_format_unsupported"),
    "a cut brand": (b"\0\0\0\x18ftyphe", "image_format_unsupported"),
    "mp4": (b"\0\0\0\x20ftypisom" + bytes(100), "image_format_unsupported"),
    "webm": (b"\x1aE\xdf\xa3" + bytes(100), "image_format_unsupported"),
    "tiff of no known kind": (b"II*\0" + bytes(100), "image_format_unsupported"),
    "jpeg 2000": (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100), "image_format_unsupported"),
    "photoshop": (b"8BPS" + bytes(100), "image_format_unsupported"),
    "pdf": (b"%PDF-1.7" + bytes(100), "image_format_unsupported"),
    "wav": (b"RIFF\x24\0\0\0WAVEfmt ", "image_format_unsupported"),
    "jpeg's first bytes": (JPEG[:3], "truncated_image"),
    "png's first bytes": (PNG[:8], "truncated_image"),
    "webp's first bytes": (WEBP[:16], "truncated_image"),
    "jpeg without its end": (JPEG[: len(JPEG) // 2], "truncated_image"),
    "png without its end": (PNG[: len(PNG) // 2], "truncated_image"),
    "webp without its end": (WEBP[: len(WEBP) // 2], "truncated_image"),
    "gif without its end": (GIF[: len(GIF) // 2], "truncated_image"),
    "tiff without its end": (TIFF[: len(TIFF) // 2], "truncated_image"),
    "avif without its end": (AVIF[: len(AVIF) // 2], "truncated_image"),
    "heic without its end": (HEIC[: len(HEIC) // 2], "truncated_image"),
    "bmp without its end": (BMP[: len(BMP) // 2], "truncated_image"),
    "png with a broken middle": (PNG[:500] + bytes(64) + PNG[564:], "truncated_image"),
    "png of no width": (png_of_size(0, 100), "truncated_image"),
    "png of four columns": (png_of_size(4, 100), "image_too_small"),
    "one pixel": (png_of_size(1, 1), "image_too_small"),
    "png of 10 gigapixels": (png_of_size(100_000, 100_000), "image_too_large"),
    "png of many pixels": (png_of_size(10_000, 9_000), "image_too_large"),
    "png too wide": (png_of_size(40_000, 100), "image_too_large"),
    "webp of 268 megapixels": (webp_of_size(16383, 16383), "image_too_large"),
}


def test_the_canvas_that_a_webp_claims_is_checked_before_its_reader_takes_memory_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found by fuzzing."""

    def opened(_: bytes) -> None:
        raise AssertionError("too late")

    monkeypatch.setattr(decode, "open_image", opened)
    with pytest.raises(MediaError) as caught:
        fingerprint_image(webp_of_size(16383, 16383))
    assert caught.value.code == "image_too_large"


@pytest.mark.filterwarnings("ignore:Image size")
@pytest.mark.parametrize("name", BAD)
def test_bad_files(name: str) -> None:
    data, code = BAD[name]
    with pytest.raises(MediaError) as caught:
        fingerprint_image(data)
    assert caught.value.code == code
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_file_beyond_the_limit_is_not_even_looked_at() -> None:
    with pytest.raises(MediaError) as caught:
        fingerprint_image(JPEG, Limits(max_file_bytes=len(JPEG) - 1))
    assert caught.value.code == "file_too_large"
    assert fingerprint_image(JPEG, Limits(max_file_bytes=len(JPEG))).quality >= 50


def test_limits_are_checked_for_pixels_too() -> None:
    strict = Limits(max_pixels=100, max_dimension=50, min_dimension=6)
    for width, height, code in [(5, 10, "image_too_small"), (11, 10, "image_too_large"), (51, 6, "image_too_large")]:
        with pytest.raises(MediaError) as caught:
            fingerprint_pixels(bytes(width * height), width, height, 1, strict)
        assert caught.value.code == code


@pytest.mark.parametrize("looser", [{"min_dimension": 4}, {"max_dimension": 32769}, {"max_pixels": 2**28 + 1}])
def test_limits_are_never_looser_than_the_kernels(looser: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"\d"):
        Limits(**looser)


@pytest.mark.parametrize("channels", [0, 2, 5])
def test_other_numbers_of_channels_are_refused(channels: int) -> None:
    with pytest.raises(ValueError, match="channels"):
        fingerprint_pixels(bytes(1000), 10, 10, channels)


def test_errors_are_children_of_the_projects_root_with_codes_of_their_own() -> None:
    children = MediaError.__subclasses__()
    assert FileUnreadableError in children
    assert issubclass(MediaError, StillmineError)
    assert len({child.code for child in children} | {StillmineError.code}) == len(children) + 1


@settings(max_examples=300, deadline=None)
@given(st.sampled_from([JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF, HEIC]), st.data())
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_give_a_fingerprint_or_an_error_of_ours(original: bytes, data: st.DataObject) -> None:
    damaged = bytearray(original)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, min(len(damaged), 1200) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(1, len(damaged)))
    try:
        made = fingerprint_image(bytes(damaged[:end]), DEFAULT_LIMITS)
    except MediaError:
        return
    assert len(made.pdq) == 32


def test_an_animation_that_is_cut_anywhere_gives_a_fingerprint_or_an_error_of_ours() -> None:
    """Found by fuzzing: whether a GIF has a second frame is found out by reading it, and that may fail in any way."""
    moving = save(scene(40, 30), "GIF", save_all=True, append_images=[scene(40, 30).rotate(90)])
    outcomes: set[bool | str] = set()
    for end in range(1, len(moving)):
        try:
            outcomes.add(fingerprint_image(moving[:end]).is_animated)
        except MediaError as error:
            outcomes.add(error.code)
    assert "truncated_image" in outcomes
    assert outcomes <= {"truncated_image", "not_an_image", True, False}
