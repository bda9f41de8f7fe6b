# SPDX-License-Identifier: Apache-2.0
"""Reads what an operator puts into the negative bank: a folder of pictures, one picture, or a text file of PDQ hashes.

All of it is read before any of it counts. The files are the operator's own and public, so an error may name them; a line is named by
its number, never by its text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stillmine.exchange.intake.errors import BankUnreadableError
from stillmine.exchange.intake.flat import is_one_sided
from stillmine.fingerprint import DEFAULT_LIMITS, MediaError, fingerprint_image
from stillmine.fingerprint.signatures import START_BYTES, Family, family_of
from stillmine.wire.errors import FingerprintMalformedError
from stillmine.wire.fingerprint import MINIMUM_QUALITY, pdq_bytes

MAXIMUM_BANK_PICTURES = 5_000_000
_LONGEST_LINE = 200


@dataclass(frozen=True)
class BankSource:
    """`values` are distinct, 32 bytes each; `pictures` of them or of their eight orientations; `left_out` had too little detail."""

    values: tuple[bytes, ...]
    pictures: int
    left_out: int = 0


def read_bank(path: Path) -> BankSource:
    """Return what `path` holds; raises BankUnreadableError where any of it can't be used."""
    try:
        if path.is_dir():
            return _read_pictures([file for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith(".")])
        return _read_hashes(path) if _is_text(path) else _read_pictures([path])
    except OSError as error:
        raise BankUnreadableError(f"{path.name}: {error.strerror}") from None


def _read_pictures(files: list[Path]) -> BankSource:
    if not files:
        raise BankUnreadableError("no picture is in this folder")
    values: dict[bytes, None] = {}
    left_out = 0
    for file in files:
        try:
            made = fingerprint_image(_bounded(file))
        except MediaError as error:
            raise BankUnreadableError(f"{file.name}: {error.sentence}") from None
        if made.quality < MINIMUM_QUALITY:
            left_out += 1
        else:
            values |= dict.fromkeys(made.variants)
    if not values:
        raise BankUnreadableError(f"no picture has a quality of {MINIMUM_QUALITY} or more")
    return BankSource(tuple(values), len(files) - left_out, left_out)


def _bounded(file: Path) -> bytes:
    """One byte more than is read is enough for the fingerprint to refuse it."""
    with file.open("rb") as opened:
        return opened.read(DEFAULT_LIMITS.max_file_bytes + 1)


def _read_hashes(path: Path) -> BankSource:
    values: dict[bytes, None] = {}
    for number, line in _lines(path):
        try:
            value = pdq_bytes(line.decode("ascii"))
        except (FingerprintMalformedError, UnicodeDecodeError):
            raise BankUnreadableError(f"line {number}: not 64 lower-case hex digits") from None
        if is_one_sided(value):
            raise BankUnreadableError(f"line {number}: a flat fingerprint, which no case holds")
        values[value] = None
        if len(values) > MAXIMUM_BANK_PICTURES:
            raise BankUnreadableError(f"line {number}: more than {MAXIMUM_BANK_PICTURES} fingerprints")
    if not values:
        raise BankUnreadableError("no fingerprint is in this file")
    return BankSource(tuple(values), len(values))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each line that says something, with its number; a line without end is not read to its end."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST_LINE + 1):
            number += 1
            if len(line) > _LONGEST_LINE:
                raise BankUnreadableError(f"line {number}: longer than {_LONGEST_LINE} signs")
            said = line.strip()
            if said and not said.startswith(b"#"):
                yield number, said


def _is_text(path: Path) -> bool:
    """What begins as no picture, video or sound does is read as text, so that a wrong line is told by its number."""
    with path.open("rb") as file:
        return family_of(file.read(START_BYTES)) is Family.UNKNOWN
