# SPDX-License-Identifier: Apache-2.0
"""The secret that the platform shares, with which webhooks are signed.

There is no default secret. Must never log one, nor take one from a file that others can read.
"""

import base64
import os
from collections.abc import Callable
from pathlib import Path

from stillmine.client.private_file import read_private
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.webhook_signature import SECRET_PREFIX

SECRET_FILE = "webhook.secret"  # noqa: S105 (a file's name)
PREVIOUS = ".previous"
SECRET_BYTES = 32

_LENGTHS = range(24, 65)


def webhook_secrets(home: Path, named: Path | None, random_bytes: Callable[[int], bytes]) -> list[Secret]:
    """Return the secrets that sign, the newest first; the one in the home folder is made at first use. Raises NotConfiguredError."""
    path = home / SECRET_FILE if named is None else named
    if named is None:
        _make(path, random_bytes)
    previous = path.with_name(path.name + PREVIOUS)
    return [_read(one) for one in (path, previous) if one == path or one.exists()]


def _make(path: Path, random_bytes: Callable[[int], bytes]) -> None:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(SECRET_PREFIX + base64.b64encode(random_bytes(SECRET_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Secret:
    said = read_private(path, path.name)
    try:
        secret = base64.b64decode(said.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        secret = b""
    if not said.startswith(SECRET_PREFIX) or len(secret) not in _LENGTHS:
        raise NotConfiguredError(f"{path.name}: whsec_ and base64 of 24 to 64 bytes")
    return Secret(secret)
