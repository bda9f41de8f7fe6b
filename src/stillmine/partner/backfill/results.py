# SPDX-License-Identifier: Apache-2.0
"""Write the results of a run: a file that is there whole or not at all, and that its owner alone can read."""

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from stillmine.partner.backfill.journal import ResultLine
from stillmine.wire.errors import NotConfiguredError


def require_writable(path: Path) -> None:
    """Raise NotConfiguredError for a file that could not be written at the end."""
    if path.exists() and not path.is_file():
        raise NotConfiguredError("--out: not a plain file")
    if not path.absolute().parent.is_dir():
        raise NotConfiguredError("--out: no such folder")


def write_results(path: Path, lines: Iterable[ResultLine]) -> None:
    """Write one JSON object a line, and put the file in place at once."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
        for line in lines:
            file.write(msgspec.json.encode(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
