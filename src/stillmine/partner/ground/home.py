# SPDX-License-Identifier: Apache-2.0
"""The home folder and the files that must stay private: the folder itself, key files, the service's own keys, the lock.

There is no default key. A file or folder that others could read is refused with what to do, because a leaked
partner key hands out the whole list. Modes are asked of opened files, never of names.
"""

import fcntl
import os
import re
import stat
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stillmine.client.private_file import read_private
from stillmine.partner.ground.errors import HomeInUseError
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError

SERVICE_KEY_FILE = "service.key"
UPLOAD_TOKEN_KEY_FILE = "upload-token.key"  # noqa: S105 (a file's name)
MEDIA_URL_KEY_FILE = "media-url.key"
KEY_RANDOM_BYTES = 32
LOCK_FILE = "lock"

_KEY_AFTER_PREFIX = re.compile(rb"[A-Za-z0-9_-]{43}")


def prepare_home(folder: Path) -> Path:
    """Make the home folder (0700), or check that an existing one is private; raises NotConfiguredError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = folder.stat().st_mode
    except OSError as error:
        raise NotConfiguredError(f"--home: can't be made ({error.strerror})") from None
    if stat.S_IMODE(mode) & 0o077:
        raise NotConfiguredError("--home: others can read this folder; use a folder for this alone, or run chmod 700 on it")
    return folder


@contextmanager
def sole_user(home: Path) -> Iterator[None]:
    """Hold the home folder against a second program that would sync it; raises HomeInUseError.

    Two of them would be wrong, not only slow: one would acknowledge a withdrawal while the other's index still matches it.
    The lock goes with the process, so a crash leaves nothing behind.
    """
    descriptor = os.open(home / LOCK_FILE, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HomeInUseError from None
        yield
    finally:
        os.close(descriptor)


def service_key(home: Path, random_bytes: Callable[[int], bytes]) -> Secret:
    """Return the service's own key, made at first use; raises NotConfiguredError if the file is open to others or damaged."""
    return _own_key(home, SERVICE_KEY_FILE, b"sms_", random_bytes)


def upload_token_key(home: Path, random_bytes: Callable[[int], bytes]) -> Secret:
    """Return the key of upload tokens, made at first use; raises as `service_key` does."""
    return _own_key(home, UPLOAD_TOKEN_KEY_FILE, b"smu_", random_bytes)


def media_url_key(home: Path, random_bytes: Callable[[int], bytes]) -> Secret:
    """Return the key of addresses of held uploads, made at first use; raises as `service_key` does."""
    return _own_key(home, MEDIA_URL_KEY_FILE, b"smm_", random_bytes)


def _own_key(home: Path, name: str, prefix: bytes, random_bytes: Callable[[int], bytes]) -> Secret:
    path = home / name
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        key = read_private(path, name)
        if not key.startswith(prefix) or not _KEY_AFTER_PREFIX.fullmatch(key[len(prefix) :]):
            raise NotConfiguredError(f"{name}: damaged; delete it, and a new key is made at the next start") from None
        return Secret(key)
    with os.fdopen(descriptor, "wb") as file:
        key = prefix + urlsafe_b64encode(random_bytes(KEY_RANDOM_BYTES)).rstrip(b"=")
        file.write(key + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return Secret(key)
