# SPDX-License-Identifier: Apache-2.0
"""Promises: this entry will be in the published log by this time, signed with the log's key.

A promise has its own first line and four lines, a checkpoint three, so neither can pass for the other though one key signs both.
Reading is exact: what is not byte for byte such a text is refused.
"""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

from stillmine.ledger.errors import PromiseMalformedError, PromiseSignatureError
from stillmine.ledger.signed_note import Note, NoteKey, is_key_name, read_note, strict_base64
from stillmine.ledger.tree import HASH_BYTES

TITLE = "Stillmine ledger promise"
NOTE_LINES = 6
"""Four of text, an empty one, one signature."""

MAXIMUM_PROMISE_BYTES = 1024

_TIME_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Promise:
    """The leaf with this hash will be published in the log `origin` by `publish_by`, UTC in whole seconds."""

    origin: str
    leaf: bytes
    publish_by: datetime

    def body(self) -> str:
        """Return what is signed."""
        time = self.publish_by.astimezone(UTC).strftime(_TIME_FORM)
        return f"{TITLE}\n{self.origin}\n{base64.b64encode(self.leaf).decode()}\n{time}\n"


def open_promise(key: NoteKey, note: str) -> Promise:
    """Return the promise in a signed note; raises PromiseMalformedError or PromiseSignatureError."""
    is_small = len(note.encode(errors="replace")) <= MAXIMUM_PROMISE_BYTES
    read = read_note(note, maximum_signatures=1) if is_small else None
    if read is None:
        raise PromiseMalformedError
    promise = _promise_in(read)
    if promise.origin != key.name or not key.is_signed(read):
        raise PromiseSignatureError
    return promise


def split_promises(text: str) -> list[str]:
    """Return the notes of a file that holds one or more, one after another; raises PromiseMalformedError where it can't be divided."""
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) % NOTE_LINES:
        raise PromiseMalformedError
    return ["".join(f"{line}\n" for line in lines[start : start + NOTE_LINES]) for start in range(0, len(lines), NOTE_LINES)]


def _promise_in(note: Note) -> Promise:
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) != NOTE_LINES - 2 or lines[0] != TITLE:
        raise PromiseMalformedError
    _, origin, encoded, time = lines
    leaf, publish_by = strict_base64(encoded), _time_in(time)
    if not is_key_name(origin) or leaf is None or len(leaf) != HASH_BYTES or publish_by is None:
        raise PromiseMalformedError
    return Promise(origin, leaf, publish_by)


def _time_in(text: str) -> datetime | None:
    try:
        time = datetime.strptime(text, _TIME_FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
    return time if time.strftime(_TIME_FORM) == text else None
