# SPDX-License-Identifier: Apache-2.0
"""Promises that somebody saved, held against a log: what was to be in it by a time that is over has to be in it.

It needs no entry and no case, and tells nothing of either: a promise names a hash.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stillmine.auditor.errors import Finding, LogWrongError
from stillmine.auditor.state import read_small
from stillmine.ledger.checkpoint import VerifierKey
from stillmine.ledger.errors import PromiseMalformedError, PromiseSignatureError
from stillmine.ledger.promise import Promise, open_promise, split_promises

MAXIMUM_FILE_BYTES = 8 * 1024 * 1024
"""Some 20,000 promises."""


@dataclass(frozen=True)
class SavedPromise:
    """One signed note of a file; `called` names the file in a sentence."""

    called: str
    note: str


def read_promises(path: Path) -> list[SavedPromise]:
    """Return the notes of a file; raises AuditStateError where it can't be read and PromiseMalformedError where it holds something else."""
    text = read_small(path, MAXIMUM_FILE_BYTES)
    if not text.strip():
        raise PromiseMalformedError(f"{path} is empty: save the file again from the case page")
    return [SavedPromise(str(path), note) for note in split_promises(text)]


def opened(key: VerifierKey, saved: Sequence[SavedPromise]) -> list[tuple[SavedPromise, Promise]]:
    """Return each with what it says; raises LogWrongError where this ledger's key did not sign it, or PromiseMalformedError."""
    try:
        return [(one, open_promise(key, one.note)) for one in saved]
    except PromiseSignatureError:
        raise LogWrongError(Finding.SIGNATURE, "a promise is not signed by this ledger's key.") from None


def waiting(promises: Sequence[tuple[SavedPromise, Promise]], leaves: AbstractSet[bytes], asked_at: datetime) -> int:
    """Return how many are neither in the log nor over; raises LogWrongError for the first that is broken.

    `asked_at` is from before the newest checkpoint was asked for, so that nothing could come in between.
    """
    missing = [(one, promise) for one, promise in promises if promise.leaf not in leaves]
    for one, promise in missing:
        if promise.publish_by < asked_at:
            time = f"{promise.publish_by:%Y-%m-%d %H:%M:%S} UTC"
            sentence = f"what {one.called} promises to be in the log by {time} is not in it (leaf {promise.leaf.hex()})."
            raise LogWrongError(Finding.PROMISE, sentence, one.note)
    return len(missing)
