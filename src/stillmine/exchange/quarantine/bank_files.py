# SPDX-License-Identifier: Apache-2.0
"""Reads what an operator puts into the negative bank: a folder of pictures, videos and sounds, one of them, or a text file of PDQ hashes.

All of it is read before any of it counts. The files are the operator's own and public, so an error may name them; a line is named by
its number, never by its text. What is no media at all is passed over and named; media that can't be read refuse the whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stillmine.exchange.quarantine.errors import BankUnreadableError
from stillmine.fingerprint import MediaError
from stillmine.fingerprint.file import FileFingerprints, fingerprint_file
from stillmine.fingerprint.structure.signatures import START_BYTES, Family, family_of
from stillmine.matching.flat import is_one_sided
from stillmine.wire.errors import FingerprintMalformedError
from stillmine.wire.kinds import MINIMUM_QUALITY, Kind, pdq_bytes, value_bytes, value_text

MAXIMUM_BANK_PICTURES = 5_000_000
_LONGEST_LINE = 200
_UTF16_MARK = b"\xff\xfe"
"""A text of Windows may begin so, as MP3 might; its second sign then has a zero byte."""


@dataclass(frozen=True)
class BankSource:
    """`values` are distinct pictures, 32 bytes each, of `pictures` files or of hashes in a list.

    `others` are values of other kinds in compact form. `left_out` files had too little detail for a picture's fingerprint, so that only
    the very same file is held. `skipped` names what is no media, `incomplete` files of which some kind could not be made, and why.
    """

    values: tuple[bytes, ...]
    pictures: int
    left_out: int = 0
    others: tuple[tuple[Kind, bytes], ...] = ()
    skipped: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()

    def fingerprints(self) -> list[tuple[Kind, str]]:
        """Return all values as cases hold them."""
        return [(Kind.PDQ, value.hex()) for value in self.values] + [(kind, value_text(kind, value)) for kind, value in self.others]


def read_bank(path: Path) -> BankSource:
    """Return what `path` holds; raises BankUnreadableError where any of it can't be used."""
    try:
        if path.is_dir():
            return _read_files([file for file in sorted(path.rglob("*")) if file.is_file() and not file.name.startswith(".")])
        return _read_files([path]) if _is_media(path) else _read_hashes(path)
    except OSError as error:
        raise BankUnreadableError(f"{path.name}: {error.strerror}") from None


def _read_files(files: list[Path]) -> BankSource:
    skipped = [file for file in files if not _is_media(file)]
    media = [file for file in files if file not in set(skipped)]
    if not media:
        raise BankUnreadableError("no picture, video or sound is in this folder")
    values: dict[bytes, None] = {}
    others: dict[tuple[Kind, bytes], None] = {}
    left_out, incomplete = 0, []
    for file in media:
        try:
            made = fingerprint_file(file)
        except MediaError as error:
            raise BankUnreadableError(f"{file.name}: {error.sentence}") from None
        if made.image is not None and made.image.quality < MINIMUM_QUALITY:
            left_out += 1
        elif made.image is not None:
            values |= dict.fromkeys(made.image.variants)
        others |= dict.fromkeys(_others(made))
        incomplete += [f"{file.name}: {code}" for code in made.left_out]
    names = tuple(file.name for file in skipped)
    return BankSource(tuple(values), len(media), left_out, tuple(others), names, tuple(incomplete))


def _others(made: FileFingerprints) -> list[tuple[Kind, bytes]]:
    """Return what there is beside the picture, of enough quality to be compared."""
    rows = [row for row in made.fingerprints() if row.kind is not Kind.PDQ and row.quality >= MINIMUM_QUALITY]
    return [(row.kind, value_bytes(row.kind, row.value)) for row in rows]


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
                raise BankUnreadableError(f"line {number}: longer than {_LONGEST_LINE} characters")
            said = line.strip()
            if said and not said.startswith(b"#"):
                yield number, said


def _is_media(path: Path) -> bool:
    """By its first bytes, never by its name. An empty file was meant to be something, so it is read and refused."""
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    is_text_of_windows = start.startswith(_UTF16_MARK) and start[3:4] == b"\0"
    return not start or (family_of(start) is not Family.UNKNOWN and not is_text_of_windows)
