# SPDX-License-Identifier: Apache-2.0
"""The exchange's one secret: a file that nobody else can read, from which every key is derived.

It is made at first start, never printed and never put into the database. Without it the database's partner ids
and cursors can't be read back, so it belongs into the operator's backup, apart from the database.
"""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError

SECRET_FILE = "exchange.secret"  # noqa: S105 (a file's name, not a secret)
SECRET_BYTES = 32

RandomBytes = Callable[[int], bytes]


def load_secret(home: Path) -> Secret | None:
    """Return the secret of the exchange in `home`, None if there is none, making the folder (0700) at first start.

    Raises NotConfiguredError where either is open to other users, or the file holds no whole secret.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    require_private(home, 0o700)
    path = home / SECRET_FILE
    if not path.exists():
        return None
    require_private(path, 0o600)
    try:
        secret = bytes.fromhex(path.read_text("ascii").strip())
    except (ValueError, UnicodeDecodeError):
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise NotConfiguredError(f"{path} is empty or cut off. Restore the file from your backup; partners' ids depend on it")
    return Secret(secret)


def new_secret(random_bytes: RandomBytes) -> Secret:
    """Return a secret that is nowhere yet."""
    return Secret(random_bytes(SECRET_BYTES))


def keep_secret(home: Path, secret: Secret, random_bytes: RandomBytes) -> None:
    """Write a new secret (0600); raises NotConfiguredError where another start was faster.

    Call this only when the database holds nothing: a new secret beside what was made with the old one would hide that it is lost.
    """
    create_private(home / SECRET_FILE, secret.hex() + "\n", random_bytes)
    if load_secret(home) != secret:
        raise NotConfiguredError("another command made its first start here at the same moment. Run this one again")


def derive(secret: Secret, label: str, context: bytes = b"", length: int = 32) -> Secret:
    """Return the key for one purpose: HKDF-SHA256 with `label` and `context` as its info, `length` bytes."""
    key = HKDF(algorithm=SHA256(), length=length, salt=None, info=label.encode() + context)
    return Secret(key.derive(bytes(secret)))


def create_private(path: Path, text: str, random_bytes: RandomBytes) -> None:
    """Make a file for this user alone, unless it is there.

    A whole file is written aside and linked into place, so that two first starts at once agree and none sees half a file.
    """
    aside = path.with_name(f"{path.name}.{random_bytes(8).hex()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(aside, path)
    except FileExistsError:
        return
    finally:
        aside.unlink()


def require_private(path: Path, widest: int) -> None:
    """Raise NotConfiguredError where others may read a file or folder."""
    mode = path.stat().st_mode & 0o777
    if mode & ~widest:
        raise NotConfiguredError(f"{path} can be read by other users of this machine. Run: chmod {widest:o} {path}")
