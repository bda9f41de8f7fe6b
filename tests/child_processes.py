# SPDX-License-Identifier: Apache-2.0
"""The processes that a process began, on Linux, while threads and processes of its come and go."""

import os
from contextlib import suppress
from pathlib import Path


def child_processes(of: int | None = None) -> dict[int, str]:
    """Return the command line of each process that one (this one, if none is said) began and that still runs, by its number."""
    numbers: set[int] = set()
    for task in Path(f"/proc/{of or os.getpid()}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended while it was looked at
            numbers.update(int(number) for number in (task / "children").read_text().split())
    return {number: line for number in numbers if (line := _command_line(number))}


def _command_line(number: int) -> str:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{number}/cmdline").read_text(errors="replace")
    return ""
