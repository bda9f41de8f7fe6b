# SPDX-License-Identifier: Apache-2.0
"""What an auditor remembers between two audits: the key that it trusts and the newest checkpoint that held.

It is replaced whole and only after an audit that held, so that a log that turned bad can't make itself the new truth.
"""

import os
from pathlib import Path
from typing import Literal

import msgspec

from stillmine.auditor.errors import AuditStateError
from stillmine.ledger.checkpoint import MAXIMUM_NOTE_BYTES
from stillmine.wire.codec import decode, encode
from stillmine.wire.errors import StillmineError


class AuditState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a state file."""

    version: Literal[1]
    key: str
    checkpoint: str


def read_state(path: Path) -> AuditState | None:
    """Return what was remembered, or None where nothing was; raises AuditStateError for a file that is something else."""
    if not path.exists():
        return None
    try:
        return decode(read_small(path).encode(), AuditState, 2 * MAXIMUM_NOTE_BYTES)
    except StillmineError:
        raise AuditStateError(str(path)) from None


def write_state(path: Path, state: AuditState) -> None:
    """Replace what is remembered, whole or not at all; raises AuditStateError where it can't be written."""
    aside = path.with_name(f"{path.name}.new")
    try:
        with aside.open("wb") as file:
            file.write(encode(state) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise AuditStateError(f"{path}: {error.strerror}") from None


def keep_evidence(state: Path, notes: list[str]) -> Path:
    """Keep signed notes that contradict each other beside the state; returns where. They prove it to anybody."""
    path = state.with_name(f"{state.name}.evidence")
    try:
        path.write_text("\n".join(notes), encoding="utf-8")
    except OSError as error:
        raise AuditStateError(f"{path}: {error.strerror}") from None
    return path


def read_small(path: Path, maximum_bytes: int = 2 * MAXIMUM_NOTE_BYTES) -> str:
    """Return a small text file exactly as it is; raises AuditStateError, also for a larger one."""
    try:
        with path.open("rb") as file:
            data = file.read(maximum_bytes + 1)
        if len(data) > maximum_bytes:
            raise AuditStateError(f"{path}: larger than {maximum_bytes} bytes")
        return data.decode()
    except (OSError, UnicodeDecodeError):
        raise AuditStateError(str(path)) from None
