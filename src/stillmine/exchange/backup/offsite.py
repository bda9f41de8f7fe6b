# SPDX-License-Identifier: Apache-2.0
"""Copies of the files of data for another place, encrypted with age, so that whoever keeps them can read nothing.

Never of the data keys: a place that is out of the house usually keeps what is replaced.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pyrage

from stillmine.exchange.backup.errors import BackupUnusableError
from stillmine.exchange.backup.increments import AGE, DataFile, base_of, data_files, is_increment
from stillmine.exchange.ground.durable import sync_folder
from stillmine.wire.errors import NotConfiguredError

Recipient: TypeAlias = Any
Identity: TypeAlias = Any
"""Both are of `pyrage`, which says no types: of its `x25519` or its `ssh`."""


def recipients_of(texts: Sequence[str]) -> list[Recipient]:
    """Read recipients of age, `age1…` or keys of SSH; raises NotConfiguredError, also where there is none."""
    if not texts:
        raise NotConfiguredError("a copy needs a recipient of age: `age-keygen` makes one (`backup.recipients`, --recipient)")
    return [_recipient(number, text) for number, text in enumerate(texts, 1)]


def copy_data(folder: Path, to: Path, recipients: Sequence[Recipient]) -> list[Path]:
    """Encrypt each file of data of a folder that has no copy yet, and return the copies; raises NotConfiguredError where that fails."""
    there = {copy.path.name for copy in data_files(to, AGE)}
    made = []
    for file in data_files(folder):
        copy = to / f"{file.path.name}{AGE}"
        if copy.name not in there:
            _encrypt(file, copy, recipients)
            made.append(copy)
    return made


@contextmanager
def decrypted(copy: Path, identities: Sequence[Identity], scratch: Path) -> Iterator[Path]:
    """Decrypt a copy, and the whole file that it needs, into a folder of its own for this user alone; raises BackupUnusableError."""
    with TemporaryDirectory(prefix="opened-", dir=scratch) as place:
        opened = _decrypt(copy, identities, Path(place))
        if is_increment(opened):
            _decrypt(copy.with_name(f"{base_of(opened)}{AGE}"), identities, Path(place))
        yield opened


def identities_of(file: Path) -> list[Identity]:
    """Read the identities of a file as `age-keygen` writes it, or a private key of SSH; raises NotConfiguredError."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise NotConfiguredError(f"{file}: {error.strerror}") from None
    try:
        if b"PRIVATE KEY" in content:
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = content.decode("ascii").splitlines()
        found: list[Identity] = [
            pyrage.x25519.Identity.from_str(line.strip()) for line in lines if line.strip() and not line.startswith("#")
        ]
    except (pyrage.IdentityError, UnicodeDecodeError):
        found = []
    if not found:
        raise NotConfiguredError(f"{file}: no identity of age: a file that `age-keygen` wrote, with a line AGE-SECRET-KEY-1…")
    return found


def _recipient(number: int, text: str) -> Recipient:
    try:
        return pyrage.ssh.Recipient.from_str(text) if text.startswith("ssh-") else pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        raise NotConfiguredError(f"recipient {number} is none of age: age1… as `age-keygen` prints it, or a public key of SSH") from None


def _encrypt(file: DataFile, copy: Path, recipients: Sequence[Recipient]) -> None:
    """Write one copy; it appears whole or not at all."""
    aside = copy.with_name(f".{copy.name}.{os.getpid()}")
    try:
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.path.open("rb") as read, os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as written:
            pyrage.encrypt_io(read, written, recipients)
            written.flush()
            os.fsync(written.fileno())
        aside.replace(copy)
        sync_folder(copy.parent)
    except OSError as error:
        raise NotConfiguredError(f"{copy} can't be written: {error.strerror}. The backup itself is made") from None
    except pyrage.EncryptError as error:
        raise NotConfiguredError(f"{copy} can't be encrypted ({error}). The backup itself is made") from None
    finally:
        aside.unlink(missing_ok=True)


def _decrypt(copy: Path, identities: Sequence[Identity], place: Path) -> Path:
    opened = place / copy.name.removesuffix(AGE)
    try:
        with copy.open("rb") as read, os.fdopen(os.open(opened, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            pyrage.decrypt_io(read, written, identities)
    except OSError as error:
        raise BackupUnusableError(f"{copy}: {error.strerror}") from None
    except pyrage.DecryptError:
        raise BackupUnusableError(f"{copy}: it is cut or changed, or for another identity than this one") from None
    return opened
