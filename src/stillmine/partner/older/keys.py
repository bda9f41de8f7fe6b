# SPDX-License-Identifier: Apache-2.0
"""One key for each day, sealed under a key that may stand elsewhere: with the day's key everything of that day is gone.

A key is on the disk before anything is sealed under it, and is destroyed before what it sealed is removed.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stillmine.client.private_file import read_private
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError

KEY_BYTES = 32
NONCE_BYTES = 12
OLDER_KEY_FILE = "older.key"
DAY_KEY_FILE = "key"


class Seal:
    """Seals and opens what belongs to one place, under one key."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(key)
        self._random_bytes = random_bytes

    def seal(self, content: bytes, place: bytes) -> bytes:
        """Return nonce ‖ ciphertext ‖ tag, which opens for this place alone."""
        nonce = self._random_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, place)

    def opened(self, sealed: bytes, place: bytes) -> bytes | None:
        """Return what was sealed for this place, None where it is not what was sealed."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            return None


def older_key(home: Path, elsewhere: Path | None, random_bytes: Callable[[int], bytes]) -> Secret:
    """Return the key under which keys of days are sealed, made at first use; raises NotConfiguredError where others can read it."""
    path = home / OLDER_KEY_FILE if elsewhere is None else elsewhere
    if not path.exists():
        try:
            _write_whole(path, random_bytes(KEY_BYTES).hex().encode() + b"\n")
        except OSError as error:
            raise NotConfiguredError(f"{path.name}: can't be made ({error.strerror})") from None
    text = read_private(path, path.name)
    try:
        key = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise NotConfiguredError(f"{path.name}: 64 hex digits; without it what was remembered of uploads can't be opened")
    return Secret(key)


def make_day_key(folder: Path, master: Seal, random_bytes: Callable[[int], bytes]) -> bytes:
    """Make the folder of a day and its key; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = random_bytes(KEY_BYTES)
    _write_whole(folder / DAY_KEY_FILE, master.seal(key, _place(folder)))
    return key


def has_day_key(folder: Path) -> bool:
    """Return whether a day has a key, which is neither destroyed nor half made; raises OSError."""
    path = folder / DAY_KEY_FILE
    return path.exists() and any(path.read_bytes())


def day_key(folder: Path, master: Seal) -> bytes | None:
    """Return the key of a day that has one, None where it does not open; raises OSError."""
    return master.opened((folder / DAY_KEY_FILE).read_bytes(), _place(folder))


def destroy_day(folder: Path) -> None:
    """Overwrite and remove the key of a day, then remove the rest of it; raises OSError."""
    path = folder / DAY_KEY_FILE
    if path.exists():
        with path.open("r+b") as file:
            file.write(bytes(os.fstat(file.fileno()).st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(folder)
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file (0600) whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def _place(folder: Path) -> bytes:
    return f"older|{folder.name}|key".encode()
