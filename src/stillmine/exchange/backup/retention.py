# SPDX-License-Identifier: Apache-2.0
"""Which files of data may go: what is older than the operator keeps, but never what is needed to restore.

Data keys are not spoken of here: there is one file of them, which each backup replaces.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from stillmine.exchange.backup.increments import DataFile, data_files

ALWAYS_KEPT = 3
"""The newest stay, whatever their age: also by a clock that is far ahead."""


def remove_old(folder: Path, keep: timedelta, now: datetime, ending: str = "") -> list[Path]:
    """Remove the files of data of a folder that are older than `keep`, and return them; raises OSError."""
    gone = old_files(data_files(folder, ending), now - keep)
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def old_files(files: Sequence[DataFile], before: datetime) -> list[Path]:
    """Return which of a folder's files, oldest first, may go: an increment needs the newest whole file before it."""
    kept: set[Path] = set()
    whole: Path | None = None
    for number, file in enumerate(files):
        whole = whole if file.is_increment else file.path
        if file.made_at >= before or number >= len(files) - ALWAYS_KEPT:
            kept |= {file.path} | ({whole} if whole is not None else set())
    return [file.path for file in files if file.path not in kept]
