# SPDX-License-Identifier: Apache-2.0
"""What of a case is held when something of it is in the negative bank: spec/intake.md. Pure.

The device says which fingerprints are of one file, and need not say it truly; so a file is held for what is in the bank, never let
through because of what is not.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from stillmine.wire.kinds import KIND_RULES, Kind


class Judged(NamedTuple):
    """One fingerprint of a case; `file` is its case and file number, however the caller writes that."""

    file: Hashable
    kind: Kind
    is_banked: bool


def held(fingerprints: Iterable[Judged]) -> list[bool]:
    """Return for each whether it is held: what is in the bank itself, and what else is of its file.

    A well-known sound holds no pictures: a song in a private video is common, and the video is not the song. Where several pictures have
    one file number the device numbers nothing, and each picture is judged by itself.
    """
    rows = list(fingerprints)
    kinds: dict[Hashable, Counter[Kind]] = {}
    banked: dict[Hashable, set[Kind]] = {}
    for row in rows:
        kinds.setdefault(row.file, Counter())[row.kind] += 1
        if row.is_banked:
            banked.setdefault(row.file, set()).add(row.kind)
    files = {file for file, found in banked.items() if not _are_sounds(found) or not any(KIND_RULES[kind].is_seen for kind in kinds[file])}
    return [
        row.is_banked or (row.file in files and (not KIND_RULES[row.kind].is_picture or kinds[row.file][row.kind] == 1)) for row in rows
    ]


def _are_sounds(kinds: set[Kind]) -> bool:
    return all(KIND_RULES[kind].is_sound for kind in kinds)
