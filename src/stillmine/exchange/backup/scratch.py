# SPDX-License-Identifier: Apache-2.0
"""Restore a backup to try it: into a home and a SQLite database of their own, which are destroyed afterwards, by the commands themselves.

Never touches the exchange's own database, whichever it is: the form of a backup is the same for both.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from stillmine.exchange.backup.errors import BackupUnusableError
from stillmine.exchange.ground.secret import SECRET_FILE
from stillmine.exchange.keys.ring import KEYS_COMMAND_VARIABLE
from stillmine.exchange.keys.ring import KEYS_FILE as KEY_ENCRYPTION_FILE
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError

PREFIX = "scratch-"

_MARGIN = 3
"""So many times what the files of a backup take is free before one is restored to try it."""


@contextmanager
def scratch_home(exchange: Context) -> Iterator[Path]:
    """Make a home inside the exchange's, with its secret and its keys, and destroy it at the end; also what a sudden end left of one."""
    for left in exchange.home.glob(f"{PREFIX}*"):
        _destroy(left)
    home = Path(mkdtemp(prefix=PREFIX, dir=exchange.home))
    try:
        for name in (SECRET_FILE, KEY_ENCRYPTION_FILE):
            if (exchange.home / name).exists():
                shutil.copy2(exchange.home / name, home / name)
        yield home
    finally:
        _destroy(home)


def try_restore(exchange: Context, home: Path, folder: Path, data: Path) -> list[str]:
    """Restore a file of data, with the data keys of a folder, into a `scratch_home`; return what `fsck` finds there.

    Raises BackupUnusableError with the reason where it can't be restored, NotConfiguredError where there is no room to.
    """
    size = sum(path.stat().st_size for path in folder.glob("data-*.jsonl")) if folder.is_dir() else 0
    if shutil.disk_usage(home).free < _MARGIN * size:
        raise NotConfiguredError(f"{exchange.home}: to try a backup, {_MARGIN * size / 1e6:.0f} MB have to be free there")
    run = partial(_run, home, exchange.keys.command)
    run("migrate")
    run("restore", str(folder), "--data", str(data))
    found = json.loads(run("fsck", "--json", may_find=True))
    return [str(finding) for finding in found["findings"]]


def _run(home: Path, keys_command: str | None, command: str, *arguments: str, may_find: bool = False) -> str:
    """Run a command of an exchange in a process of its own; raises BackupUnusableError with what it says."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("STILLMINE_")}
    if keys_command is not None:
        environment[KEYS_COMMAND_VARIABLE] = keys_command
    whole = [sys.executable, "-m", "stillmine.exchange", command, *arguments, "--home", str(home)]
    done = subprocess.run(whole, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 (our own program)
    if done.returncode not in ({0, 1} if may_find else {0}):
        said = done.stderr.strip().splitlines() or ["it ended without a word"]
        raise BackupUnusableError(f"tried by `{command}`: {said[-1]}")
    return done.stdout


def _destroy(home: Path) -> None:
    """Overwrite what opens anything there, and remove it all."""
    for path in home.iterdir():
        if path.is_file() and path.suffix in {".keys", ".secret"}:
            with path.open("r+b") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
    shutil.rmtree(home)
