# SPDX-License-Identifier: Apache-2.0
"""The operator's key-encryption keys, from a file in the home folder or from the operator's own command.

The first line wraps, any line unwraps. They are never in the database, never printed and never in an error's text.
Processes that serve follow a changed file by themselves, so that a new first line needs no restart.
"""

import logging
import re
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from stillmine.exchange.ground.secret import create_private, require_private
from stillmine.exchange.keys.seal import KEY_BYTES, RandomBytes
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import KeysMissingError, NotConfiguredError

KEYS_FILE = "key-encryption.keys"
KEYS_COMMAND_VARIABLE = "STILLMINE_EXCHANGE_KEYS_COMMAND"

_log = logging.getLogger(__name__)

COMMAND_SECONDS = 60
ASK_COMMAND_AGAIN_AFTER = timedelta(minutes=1)

_LINE = re.compile(r"([0-9a-f]{8}) ([0-9a-f]{64})")


@dataclass(frozen=True)
class KeyRing:
    """All key-encryption keys by their ids, the newest first."""

    keys: Mapping[str, Secret]

    @property
    def newest(self) -> str:
        """The id of the one that wraps."""
        return next(iter(self.keys))


class _Read(NamedTuple):
    """A ring, and what told that it was still good when it was read."""

    state: object
    ring: KeyRing


class _Refused(NamedTuple):
    """When the command gave no keys to a process that had none, and why."""

    at: datetime
    why: str


class KeyEncryptionKeys:
    """Where the ring comes from; it is read when it is first needed, and again when it may have changed."""

    def __init__(self, home: Path, command: str | None, clock: Callable[[], datetime]) -> None:
        self._path = home / KEYS_FILE
        self._command = command
        self._clock = clock
        self._read: _Read | None = None
        self._refused: _Refused | None = None
        self._looked_at: datetime | None = None

    @property
    def is_from_command(self) -> bool:
        """True where an operator's command prints the keys; else they are a file in the home folder."""
        return self.command is not None

    @property
    def command(self) -> str | None:
        """The operator's command, None where the keys are a file in the home folder."""
        return self._command

    @property
    def source(self) -> str:
        """Say where an operator finds the keys."""
        return KEYS_COMMAND_VARIABLE if self._command else str(self._path)

    def create_file(self, random_bytes: RandomBytes) -> None:
        """Make the file with one key, if there is none and no command stands for it.

        Call this only when nothing is wrapped yet: a new key beside wrapped data keys would hide that the old one is lost.
        """
        if self._command is None and not self._path.exists():
            create_private(self._path, f"{random_bytes(4).hex()} {random_bytes(KEY_BYTES).hex()}\n", random_bytes)

    def ring(self) -> KeyRing:
        """Return the keys as they are now; raises KeysMissingError where there are none or they can't be read.

        A process that has read them once goes on with those while a file is being written or a command fails.
        """
        before = self._read
        state = self._state(before)
        if before is not None and before.state == state:
            return before.ring
        if before is None and self._refused and self._is_fresh(self._refused.at):
            raise KeysMissingError(self._refused.why)
        try:
            ring = self._load()
        except KeysMissingError as error:
            if before is None:
                self._refused = _Refused(self._clock(), error.detail)
                raise
            _log.error("going on with the keys read before: %s", error.detail)
            ring = before.ring
        self._read = _Read(state, ring)
        return ring

    def ring_with(self, key_id: str) -> KeyRing:
        """Return a ring that was read again where it seems to lack this key: another process may have wrapped with a newer line.

        A command is run for this once a minute at most, whatever comes of it: anybody's request can need a key that is missing.
        """
        before = self._read
        ring = self.ring()
        if key_id in ring.keys or (self._looked_at and self._is_fresh(self._looked_at)):
            return ring
        self._looked_at = self._clock()
        if self._read is before:  # else they were read just now
            state = self._state(None)
            try:
                ring = self._load()
            finally:
                self._read = _Read(state, ring)
        return ring

    def key(self, key_id: str) -> Secret:
        """Return one key; raises KeysMissingError, which names it, where it is not at hand."""
        keys = self.ring_with(key_id).keys
        if key_id not in keys:
            raise KeysMissingError(
                f"{self.source} lacks key {key_id}, under which data keys are wrapped. Put its line back from your "
                "backup; nothing was changed"
            )
        return keys[key_id]

    def _state(self, before: "_Read | None") -> object:
        """What has to stay the same for the keys to be still those that were read: a file's own marks, or the minute of a command."""
        if self._command:
            asked_at = before.state if before else None
            return asked_at if isinstance(asked_at, datetime) and self._is_fresh(asked_at) else self._clock()
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_ino, found.st_size)

    def _is_fresh(self, asked_at: datetime) -> bool:
        """True where the command was run in this minute; a file is read as often as one likes."""
        return self._command is not None and abs(self._clock() - asked_at) < ASK_COMMAND_AGAIN_AFTER

    def _load(self) -> KeyRing:
        if self._command:
            return parse_keys(_output(self._command), KEYS_COMMAND_VARIABLE)
        if not self._path.exists():
            raise _missing(self._path)
        try:
            require_private(self._path, 0o600)
        except NotConfiguredError as error:
            raise KeysMissingError(error.detail) from None
        try:
            return parse_keys(self._path.read_text("ascii"), str(self._path))
        except UnicodeDecodeError:
            raise _unreadable(str(self._path), 1) from None


def parse_keys(text: str, source: str) -> KeyRing:
    """Return the keys of a text with one `<8 hex: id> <64 hex: key>` a line; raises KeysMissingError, which names the line."""
    keys: dict[str, Secret] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None or found[1] in keys:
            raise _unreadable(source, number)
        keys[found[1]] = Secret(bytes.fromhex(found[2]))
    if not keys:
        raise _unreadable(source, 1)
    return KeyRing(keys)


def _output(command: str) -> str:
    """Run the operator's command, without a shell and without any of its output in an error."""
    try:
        arguments = shlex.split(command)
        done = subprocess.run(  # noqa: S603 (the operator's own command, from the operator's own environment)
            arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False
        )
        text = done.stdout.decode("ascii")
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        raise KeysMissingError(f"{KEYS_COMMAND_VARIABLE}: the command did not give keys ({type(error).__name__})") from None
    if done.returncode:
        raise KeysMissingError(f"{KEYS_COMMAND_VARIABLE}: the command ended with {done.returncode}")
    return text


def _missing(path: Path) -> KeysMissingError:
    return KeysMissingError(f"{path} is not there. Put the file back from your backup; without it no stored fingerprint opens")


def _unreadable(source: str, line: int) -> KeysMissingError:
    return KeysMissingError(f"{source}: line {line} is not `<8 hex: id> <64 hex: key>` with an id of its own. Nothing was changed")
