# SPDX-License-Identifier: Apache-2.0
"""The home folder: who may read it, its keys, its store, the room on its disk.

It is only read: a look must not bring a store to another version under a service that runs.
"""

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from stillmine.client.private_file import read_private
from stillmine.partner.doctor.findings import Finding, failed, warned
from stillmine.partner.doctor.machine import free_bytes
from stillmine.partner.ground.errors import StoreUnreadableError
from stillmine.partner.ground.home import SERVICE_KEY_FILE, UPLOAD_TOKEN_KEY_FILE
from stillmine.partner.service.standing import READY_FROM_BYTES
from stillmine.partner.store.damage import know_checks, next_damage
from stillmine.partner.store.schema import BUSY_TIMEOUT_MILLISECONDS, FILE_NAME, VERSION
from stillmine.wire.errors import NotConfiguredError

ROOM_BYTES = 1024**3
"""Two of the largest uploads, which pass through the home folder."""

_KEYS = (SERVICE_KEY_FILE, UPLOAD_TOKEN_KEY_FILE)


def of_home(home: Path) -> Iterator[Finding]:
    """Look at everything that is there; what is not is made by the first start."""
    yield _of_folder(home)
    if home.is_dir():
        yield from (finding for name in _KEYS for finding in _of_key(home, name))
    yield _of_store(home)
    yield _of_disk(home)


def _of_folder(home: Path) -> Finding:
    if not home.exists():
        return Finding("home", f"{home} is not there yet: the first start makes it")
    if not home.is_dir():
        return failed("home", f"{home} is no folder. Name another with --home")
    if stat.S_IMODE(home.stat().st_mode) & 0o077:
        return failed("home", f"others can read {home}. Use a folder for this alone, or run chmod 700 on it")
    return Finding("home", f"{home} is private")


def _of_key(home: Path, name: str) -> Iterator[Finding]:
    if not (home / name).exists():
        return
    try:
        read_private(home / name, name)
    except NotConfiguredError as error:
        yield failed("keys", str(error), error.code)


def _of_store(home: Path) -> Finding:
    path = home / FILE_NAME
    if not path.exists():
        return Finding("store", "not there yet: the first start makes it")
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_MILLISECONDS / 1000)
        try:
            return _of_opened(db)
        finally:
            db.close()
    except sqlite3.Error as error:
        words = f"it can't be read ({error}). Stop the service and move {FILE_NAME} away; what was not sent yet is in it alone"
        return failed("store", words, StoreUnreadableError.code)


def _of_opened(db: sqlite3.Connection) -> Finding:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        return failed("store", f"it is of a newer version ({version}) than this program knows ({VERSION}). Update stillmine")
    (said,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        words = f"the file is damaged. Stop the service and move {FILE_NAME} away; what was not sent yet is in it alone"
        return failed("store", words, StoreUnreadableError.code)
    if version < VERSION:
        return Finding("store", f"whole, of an older version ({version}): the next start brings it to {VERSION}")
    if _has_damaged_rows(db):
        return warned("store", "rows of the list were damaged by the disk: the service fetches it again within the hour. Look at the disk")
    (active,) = db.execute("SELECT count(*) FROM fingerprints WHERE state = 'active'").fetchone()
    (matches,) = db.execute("SELECT count(*) FROM matches WHERE decision IS NULL").fetchone()
    return Finding("store", f"whole; fingerprints in the list: {active:,}; matches that wait for a decision: {matches:,}")


def _has_damaged_rows(db: sqlite3.Connection) -> bool:
    know_checks(db)
    found: tuple[bytes | None, bool] = (b"", False)
    while found[0] is not None and not found[1]:
        found = next_damage(db, found[0])
    return found[1]


def _of_disk(home: Path) -> Finding:
    free = free_bytes(home.absolute())
    words = f"{free / 1024**3:.1f} GB free where the home folder is"
    if free < READY_FROM_BYTES:
        return failed("disk", f"{words}: no match can be kept. Free some")
    if free < ROOM_BYTES:
        return warned("disk", f"{words}: large uploads pass through it. Keep 1 GB free")
    return Finding("disk", words)
