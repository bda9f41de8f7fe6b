# SPDX-License-Identifier: Apache-2.0
"""What viewers show whole is fingerprinted, whatever bytes are wrong.

Where pixels are missing, a case stores nothing, and asking compares the rest and says so.
"""

import struct
import zlib
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from stillmine.fingerprint import MediaError, TruncatedImageError, distance_bits, fingerprint_image, query_image
from stillmine.fingerprint.commands import compare_files, fingerprint_files
from stillmine.fingerprint.container.sniff import FileType
from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.structure import png_chunks
from tests.fingerprint.damaged_files import BMP, END_MISSING, GIF, JPEG, PIXELS_MISSING, PNG, SIDE_BYTES_WRONG, WEBP, chunk, png_with
from tests.fingerprint.picture_files import save, scene

app = typer.Typer()
app.command("fingerprint")(fingerprint_files)
app.command("compare")(compare_files)

WHOLE = {"png": PNG, "jpeg": JPEG, "progressive jpeg": JPEG, "gif": GIF, "webp": WEBP, "bmp": BMP}


def whole_of(name: str) -> bytes:
    return WHOLE[max((kind for kind in WHOLE if name.startswith(kind)), key=len)]


@pytest.mark.parametrize("name", SIDE_BYTES_WRONG)
def test_wrong_bytes_that_hold_no_pixels_move_no_bit(name: str) -> None:
    made = fingerprint_image(SIDE_BYTES_WRONG[name])
    assert made.variants == fingerprint_image(whole_of(name)).variants


@pytest.mark.parametrize("name", END_MISSING)
def test_a_missing_end_marker_moves_no_bit(name: str) -> None:
    made = fingerprint_image(END_MISSING[name])
    assert distance_bits(made.pdq, fingerprint_image(whole_of(name)).pdq) <= (2 if name.startswith("progressive") else 0)
    asked = query_image(END_MISSING[name])
    assert asked.fingerprint.pdq == made.pdq
    assert not asked.fingerprint.lacks_pixels


def test_what_was_put_right_is_said() -> None:
    assert fingerprint_image(END_MISSING["jpeg without its end marker"]).is_mended
    assert fingerprint_image(SIDE_BYTES_WRONG["png, checksum of pHYs"]).is_mended
    assert not fingerprint_image(JPEG).is_mended


@pytest.mark.parametrize("name", PIXELS_MISSING)
def test_where_pixels_are_missing_a_case_stores_nothing_and_asking_compares_the_rest(name: str) -> None:
    with pytest.raises(MediaError) as caught:
        fingerprint_image(PIXELS_MISSING[name])
    assert caught.value.code == "truncated_image"
    asked = query_image(PIXELS_MISSING[name])
    assert asked.fingerprint.lacks_pixels
    whole = fingerprint_image(whole_of(name))
    assert min(distance_bits(variant.pdq, whole.pdq) for variant in asked.variants) <= 31


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", None])
def test_a_cut_tiff_is_never_stored(share: float, compression: str | None) -> None:
    whole = save(scene(), "TIFF", compression=compression)
    with pytest.raises(MediaError) as caught:
        fingerprint_image(whole[: int(len(whole) * share)])
    assert caught.value.code in {"truncated_image", "image_format_unsupported"}


def test_no_cut_of_a_jpeg_stores_another_picture() -> None:
    """Cut anywhere in its pixels, a file is refused, or what is missing changes nothing that is shown."""
    small = save(scene(96, 64), "JPEG", quality=80)
    whole = fingerprint_image(small)
    stored = set()
    for end in range(small.index(b"\xff\xda") + 20, len(small)):
        try:
            made = fingerprint_image(small[:end])
        except TruncatedImageError:
            continue
        stored.add(len(small) - end)
        assert distance_bits(made.pdq, whole.pdq) <= 2
    assert {1, 2} <= stored
    assert max(stored) < 64, "colours of the last block may be missing, which the fingerprint does not see"


def test_a_gif_that_is_cut_after_its_first_picture_keeps_that_picture() -> None:
    moving = save(scene(), "GIF", save_all=True, append_images=[scene().rotate(90)])
    still = fingerprint_image(moving)
    made = fingerprint_image(moving[:-2000])
    assert (made.pdq, made.is_animated, made.lacks_pixels) == (still.pdq, True, False)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_wrong_side_bytes_hide_no_further_pictures(form: str, tmp_path: Path) -> None:
    """An animation stays one, so that all of it is looked at."""
    moving = save(scene(), form, save_all=True, append_images=[scene().rotate(90)], duration=1000, lossless=True)
    wrong = moving[:33] + chunk(b"tEXt", b"a\0b", is_wrong=True) + moving[33:]
    file = tmp_path / "moving"
    file.write_bytes(wrong if form == "PNG" else moving[:4] + struct.pack("<I", len(moving)) + moving[8:])
    made = fingerprint_file(file)
    assert made.file_type is FileType.ANIMATED_IMAGE
    assert made.video is not None
    assert len(made.video.frames) == 2


def test_a_large_profile_that_can_be_used_is_used(tmp_path: Path) -> None:
    from tests.fingerprint.test_decode import SRGB, exchange_red_and_blue

    profile = exchange_red_and_blue(SRGB)
    padded = struct.pack(">I", len(profile) + 2_000_000) + profile[4:] + bytes(2_000_000)
    small = save(scene(), "PNG", icc_profile=profile)
    plain = save(scene(), "PNG")
    large = plain[:33] + chunk(b"iCCP", b"p\0\0" + zlib.compress(padded)) + plain[33:]
    assert fingerprint_image(large).pdq == fingerprint_image(small).pdq != fingerprint_image(plain).pdq


def test_transparency_and_turn_survive_mending() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = save(scene().convert("RGBA"), "PNG", exif=exif)
    wrong = turned[:33] + chunk(b"tEXt", b"a\0b", is_wrong=True) + turned[33:]
    assert fingerprint_image(wrong).variants == fingerprint_image(turned).variants


def test_a_side_chunk_with_a_wrong_checksum_does_not_count() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert fingerprint_image(png_with(chunk(b"eXIf", exif.tobytes()[6:], is_wrong=True))).pdq == fingerprint_image(PNG).pdq


def test_of_many_profiles_one_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may unpack to eight megabytes."""
    unpacked: list[bytes] = []
    monkeypatch.setattr(png_chunks, "_unpacked", unpacked.append)
    profiles = [chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes([number]))) for number in range(20)]
    made = fingerprint_image(png_with(*profiles, chunk(b"tEXt", b"a\0b", is_wrong=True)))
    assert made.pdq == fingerprint_image(PNG).pdq
    assert len(unpacked) == 1


def test_an_endless_row_of_chunks_is_not_put_right() -> None:
    with pytest.raises(MediaError) as caught:
        fingerprint_image(png_with(chunk(b"pHYs", b"", is_wrong=True) * 100_001))
    assert caught.value.code == "truncated_image"


def test_a_file_says_on_the_command_line_what_was_put_right(tmp_path: Path) -> None:
    file = tmp_path / "cut.jpg"
    file.write_bytes(END_MISSING["jpeg without its end marker"])
    shown = CliRunner().invoke(app, ["fingerprint", str(file)])
    assert shown.exit_code == 0
    assert "damaged" in shown.stdout
    assert "every pixel is there" in shown.stdout
    assert '"is_mended":true' in CliRunner().invoke(app, ["fingerprint", "--json", str(file)]).stdout


def test_asking_about_a_file_names_the_missing_pixels(tmp_path: Path) -> None:
    file = tmp_path / "cut.jpg"
    file.write_bytes(PIXELS_MISSING["jpeg"])
    made = fingerprint_file(file, is_asking=True)
    assert made.image is not None
    assert made.left_out == ("truncated_image",)
    with pytest.raises(MediaError):
        fingerprint_file(file)
