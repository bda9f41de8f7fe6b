# SPDX-License-Identifier: Apache-2.0
"""`stillmine fingerprint` and `stillmine compare`: files on this machine, answers on standard output.

Nothing is sent anywhere. A bad file costs one line on standard error, not the files after it.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from stillmine.fingerprint.errors import FileTooLargeError, FileUnreadableError, MediaError
from stillmine.fingerprint.image import VARIANTS, ImageFingerprint, distance_bits, fingerprint_image
from stillmine.fingerprint.limits import DEFAULT_LIMITS
from stillmine.wire.fingerprint import MAXIMUM_DISTANCE_BITS, MINIMUM_QUALITY

_TURN_WORDS = {
    "original": "as it is",
    "rotate90": "turned a quarter to the left",
    "rotate180": "turned upside down",
    "rotate270": "turned a quarter to the right",
    "flip_horizontal": "mirrored left to right",
    "flip_vertical": "mirrored top to bottom",
    "transpose": "mirrored and turned a quarter to the left",
    "transverse": "mirrored and turned a quarter to the right",
}


def fingerprint_files(
    files: Annotated[list[Path], typer.Argument(help="Pictures: JPEG, PNG, WebP, GIF, BMP.", metavar="FILE...")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Print the fingerprint of each picture. Nothing leaves this machine."""
    has_failed = False
    for file in files:
        try:
            made = _fingerprint_file(file)
        except MediaError as error:
            _complain(file, error)
            has_failed = True
            continue
        typer.echo(_as_json(file, made) if as_json else _as_text(file, made))
    if has_failed:
        raise typer.Exit(1)


def compare_files(
    first: Annotated[Path, typer.Argument(help="A picture, as it would be in a case.", metavar="A")],
    second: Annotated[Path, typer.Argument(help="The picture to ask about; turned and mirrored ways are tried too.", metavar="B")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say how far apart two pictures are, and whether they would match. Nothing leaves this machine."""
    made: list[ImageFingerprint] = []
    for file in (first, second):
        try:
            made.append(_fingerprint_file(file))
        except MediaError as error:
            _complain(file, error)
    if len(made) < 2:
        raise typer.Exit(1)
    typer.echo(_compare_json(*made) if as_json else _compare_text(*made))


def _fingerprint_file(file: Path) -> ImageFingerprint:
    try:
        with file.open("rb") as stream:
            data = stream.read(DEFAULT_LIMITS.max_file_bytes + 1)
    except OSError:
        raise FileUnreadableError from None
    if len(data) > DEFAULT_LIMITS.max_file_bytes:
        raise FileTooLargeError(f"at most {DEFAULT_LIMITS.max_file_bytes} bytes")
    return fingerprint_image(data)


def _complain(file: Path, error: MediaError) -> None:
    typer.echo(f"{file}: {error} [{error.code}]", err=True)


def _as_json(file: Path, made: ImageFingerprint) -> str:
    return json.dumps(
        {"file": str(file), "kind": "pdq", "value": made.text, "quality": made.quality, "width": made.width, "height": made.height},
    )


def _as_text(file: Path, made: ImageFingerprint) -> str:
    warning = f"  too little detail to be matched (below {MINIMUM_QUALITY})" if made.quality < MINIMUM_QUALITY else ""
    return f"{made.text}  quality {made.quality:3d}  {file}{warning}"


def _nearest_variant(stored: ImageFingerprint, asked: ImageFingerprint) -> tuple[int, str]:
    """Distance and name of the variant of the asked picture that is nearest; the earlier one where two are as near."""
    distances = [distance_bits(stored.pdq, value) for value in asked.variants]
    nearest = min(distances)
    return nearest, VARIANTS[distances.index(nearest)]


def _would_match(stored: ImageFingerprint, asked: ImageFingerprint, distance: int) -> bool:
    return distance <= MAXIMUM_DISTANCE_BITS and min(stored.quality, asked.quality) >= MINIMUM_QUALITY


def _compare_json(stored: ImageFingerprint, asked: ImageFingerprint) -> str:
    distance, variant = _nearest_variant(stored, asked)
    return json.dumps(
        {
            "distance_bits": distance,
            "variant": variant,
            "distance_bits_original": distance_bits(stored.pdq, asked.pdq),
            "quality_a": stored.quality,
            "quality_b": asked.quality,
            "would_match": _would_match(stored, asked, distance),
        },
    )


def _compare_text(stored: ImageFingerprint, asked: ImageFingerprint) -> str:
    distance, variant = _nearest_variant(stored, asked)
    lines = [
        f"distance: {distance} of 256 bits, with B {_TURN_WORDS[variant]} ({variant})",
        f"quality:  A {stored.quality}, B {asked.quality}",
    ]
    if variant != "original":
        lines.insert(1, f"          {distance_bits(stored.pdq, asked.pdq)} of 256 bits, with B as it is")
    if min(stored.quality, asked.quality) < MINIMUM_QUALITY:
        lines.append(
            f"They would not be compared: below quality {MINIMUM_QUALITY} there is too little detail to tell copies from other pictures."
        )
    elif _would_match(stored, asked, distance):
        lines.append(f"They would match: {MAXIMUM_DISTANCE_BITS} bits or fewer count as a copy.")
    else:
        lines.append(f"They would not match: only {MAXIMUM_DISTANCE_BITS} bits or fewer count as a copy.")
    return "\n".join(lines)
