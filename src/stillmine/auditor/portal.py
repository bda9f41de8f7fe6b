# SPDX-License-Identifier: Apache-2.0
"""Compare what a portal serves with a list of its files, and look for that list in the exchange's log.

Contract: spec/portal-list.md, which also says what this can't show. Nothing that is fetched is kept or run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Protocol

from stillmine.auditor.errors import Finding, LogWrongError
from stillmine.auditor.portal_client import CODINGS, Fetched
from stillmine.ledger.checkpoint import Checkpoint, VerifierKey
from stillmine.ledger.entry import Entry, EventName, entry_hash, read_entry
from stillmine.ledger.errors import EntryMalformedError, LedgerError
from stillmine.ledger.promise import open_promise
from stillmine.ledger.proofs import includes
from stillmine.wire.ledger import LedgerPortal
from stillmine.wire.portal_list import address_of

_LIST = "list"


class Portal(Protocol):
    """What is asked of a portal."""

    def fetch(self, path: str, coding: str = ...) -> Fetched: ...


@dataclass(frozen=True)
class Difference:
    """One file that is not served as listed, in a few words: `changed`, `missing`, `not in the list`."""

    name: str
    how: str


@dataclass(frozen=True)
class Named:
    """Where the log names a list: since which day, and at which place or by when it is promised."""

    day: date
    place: int | None
    publish_by: datetime | None
    is_newest: bool


def differences(portal: Portal, expected: Mapping[str, str], names: Iterable[str]) -> list[Difference]:
    """Fetch each of `names` in every coding and return those that are not what `expected` says."""
    found = list[Difference]()
    for name in names:
        hows = {coding: _difference(portal.fetch(address_of(name), coding), expected[name]) for coding in CODINGS}
        wrong = {coding: how for coding, how in hows.items() if how}
        if not wrong:
            continue
        how = next(iter(wrong.values()))
        is_every = len(wrong) == len(CODINGS) and len(set(wrong.values())) == 1
        found.append(Difference(name, how if is_every else "; ".join(f"{one} as {coding}" for coding, one in wrong.items())))
    return found


def additional(expected: Mapping[str, str], served: Mapping[str, str]) -> list[Difference]:
    """Return what the portal's own list names and the other doesn't. What neither names can't be found from outside."""
    return [Difference(name, "not in the list") for name in served if name not in expected]


def _difference(fetched: Fetched, expected: str) -> str:
    if fetched.body is None:
        return f"missing ({fetched.why})"
    return "" if sha256(fetched.body).hexdigest() == expected else "changed"


def named_in_log(log: LedgerPortal, key: VerifierKey, list_hash: str) -> Named | None:
    """Return where the log names this list, the newest time; None where it doesn't. Raises LogWrongError for a proof that is none."""
    try:
        checkpoint = key.open(log.checkpoint)
    except LedgerError:
        raise LogWrongError(
            Finding.SIGNATURE, "the checkpoint of what the log says of the portal is not signed by this ledger's key."
        ) from None
    found = [_published(one.text, one.place, one.path, checkpoint) for one in log.entries]
    found += [_promised(one.text, one.promise, key) for one in log.promised]
    here = [number for number, (entry, _, _) in enumerate(found) if entry.details.get(_LIST) == list_hash]
    if not here:
        return None
    entry, place, publish_by = found[here[-1]]
    return Named(entry.day, place, publish_by, is_newest=here[-1] == len(found) - 1)


def _published(text: str, place: int, path: list[str], checkpoint: Checkpoint) -> tuple[Entry, int | None, datetime | None]:
    entry = _entry(text)
    if not includes(checkpoint.root, checkpoint.size, place, entry_hash(text), [bytes.fromhex(one) for one in path]):
        raise LogWrongError(Finding.ROOT, "an entry about the portal is not in the tree that was signed.")
    return entry, place, None


def _promised(text: str, note: str, key: VerifierKey) -> tuple[Entry, int | None, datetime | None]:
    try:
        promise = open_promise(key, note)
    except LedgerError:
        raise LogWrongError(Finding.SIGNATURE, "a promise about the portal is not signed by this ledger's key.") from None
    if promise.leaf != entry_hash(text):
        raise LogWrongError(Finding.PROMISE, "a promise about the portal is of another entry.", note)
    return _entry(text), None, promise.publish_by


def _entry(text: str) -> Entry:
    try:
        entry = read_entry(text)
    except EntryMalformedError:
        raise LogWrongError(Finding.ROOT, "an entry about the portal has not the form of an entry.") from None
    if entry.event is not EventName.PORTAL_CHANGED:
        raise LogWrongError(Finding.ROOT, "an entry that is shown as one about the portal is about something else.")
    return entry
