# SPDX-License-Identifier: Apache-2.0
"""What a browser makes of files through the portal's engine, and how far that is from what the server's code makes of the same files."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.ground.errors import MediaError
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.kinds import MINIMUM_QUALITY
from stillmine.wire.regions import parse_regions
from tests.other_browsers import Window, until
from tests.portal.device_engine import Made, distance_bits, made_of, seconds_of
from tests.portal.test_device_regions import matched

CHOOSER = "document.querySelector('#chooser')"
PDQ_BITS = 256
ALIKE = ("pdq", "regions", "vpdq", "chromaprint")
"""Kinds that the server makes only of what it could read, as a browser does."""
KINDS = (*ALIKE, "sha256", "md5")

Values = Mapping[str, str]


def server_values(file: Path) -> dict[str, str]:
    """Return what the server's code makes of a file that a case could hold; nothing where it refuses the file."""
    try:
        return {one.kind.value: one.value for one in fingerprint_file(file).fingerprints() if one.quality >= MINIMUM_QUALITY}
    except MediaError:
        return {}


def open_engine(window: Window, address: str) -> None:
    """Open the page of tests/portal/device_page."""
    window.open(f"{address}/index.html")
    until(lambda: window.ask("return 'ready' in document.body.dataset"))


def made_in(window: Window, files: Sequence[Path]) -> list[Made]:
    """Hand files to the engine of an open page."""
    window.ask(f"{CHOOSER}.value = ''; window.outcomes = null")
    window.write(CHOOSER, "\n".join(map(str, files)))
    names = [file.name for file in files]
    chosen = f"JSON.stringify([...{CHOOSER}.files].map((file) => file.name)) === JSON.stringify({json.dumps(names)})"
    until(lambda: window.ask(f"return {chosen}"), "files that are chosen")
    window.ask("makeAll().then((outcomes) => { window.outcomes = JSON.stringify(outcomes); })")
    outcomes = until(lambda: window.ask("return window.outcomes"), f"fingerprints of {names}")
    return [made_of(outcome) for outcome in json.loads(outcomes)]


def apart(kind: str, one: str, other: str) -> float:
    """How far two values of a kind lie apart: bits of `pdq`, bits of the farthest second of `vpdq`, otherwise a share.

    Of `regions` the share that the other value does not have, of `chromaprint` that of differing bits; digests are the same or not.
    """
    if one == other:
        return 0
    if kind == "pdq":
        return distance_bits(one, other)
    if kind == "regions":
        parsed = [parse_regions(value) for value in (one, other)]
        return 1 - matched(*parsed)
    if kind == "vpdq":
        return max(seconds_apart(one, other))
    if kind == "chromaprint":
        return bits_apart(one, other)
    return 1


def seconds_apart(one: str, other: str) -> list[int]:
    """Return the bits between two `vpdq` at each second that either has."""
    some, others = seconds_of(one), seconds_of(other)
    return [
        distance_bits(some[second], others[second]) if second in some and second in others else PDQ_BITS
        for second in sorted(some.keys() | others.keys())
    ]


def bits_apart(one: str, other: str) -> float:
    """Return the share of bits in which two sounds differ; all of them where one is longer than another decoder's delay explains."""
    some, others = (np.array(parse_chromaprint(text), dtype=np.uint32) for text in (one, other))
    count = min(len(some), len(others))
    if max(len(some), len(others)) - count > 1:
        return 1
    return float(np.bitwise_count(some[:count] ^ others[:count]).mean()) / 32


@dataclass(frozen=True)
class Row:
    """One kind in one browser, against the server."""

    kind: str
    both: int
    same: int
    distances: tuple[float, ...]
    only_here: tuple[str, ...]
    only_server: tuple[str, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.distances)

    @property
    def most(self) -> float:
        return max(self.distances)


def rows_of(here: Mapping[str, Values], server: Mapping[str, Values]) -> list[Row]:
    """Compare the values of the same files, kind by kind."""
    return [row for kind in KINDS if (row := _row(kind, here, server)).both or row.only_here or row.only_server]


def _row(kind: str, here: Mapping[str, Values], server: Mapping[str, Values]) -> Row:
    both = [file for file in server if kind in server[file] and kind in here[file]]
    return Row(
        kind,
        len(both),
        sum(here[file][kind] == server[file][kind] for file in both),
        tuple(apart(kind, here[file][kind], server[file][kind]) for file in both),
        tuple(file for file in server if kind in here[file] and kind not in server[file]),
        tuple(file for file in server if kind in ALIKE and kind in server[file] and kind not in here[file]),
    )
