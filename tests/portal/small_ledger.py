# SPDX-License-Identifier: Apache-2.0
"""The small exchange's public log: made with the real `stillmine.ledger`, so that what the portal accepts is what Python makes."""

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime

from stillmine.ledger.checkpoint import SigningKey
from stillmine.ledger.entry import Entry, EventName, commitment, entry_hash, items_tree, ledger_salt, read_entry
from stillmine.ledger.proofs import consistency_proof, inclusion_path
from stillmine.ledger.tree import Tree
from stillmine.wire.case import CaseView, FingerprintState
from stillmine.wire.ledger import CaseLedger, LedgerConsistency, LedgerEntry, LedgerItem, LedgerPromised

DAY = date(2026, 11, 22)


@dataclass
class SmallLedger:
    """One log; each entry is a text and the fingerprints that it names, of which there are strangers' too.

    It publishes at once, unless `publish_by` is set: then entries from `published` on are promised until that time.
    """

    signer: SigningKey = field(default_factory=lambda: SigningKey(bytes(range(32))))
    texts: list[str] = field(default_factory=list)
    named: list[dict[str, bytes]] = field(default_factory=list)
    publish_by: datetime | None = None
    published: int = 0

    def append(self, event: EventName, ids: list[str], salt: bytes, partner: str | None = None) -> None:
        """Write an entry about fingerprints of a case with this ledger salt, among those of strangers."""
        named = {f"stranger {number}": secrets.token_bytes(32) for number in range(3)} if partner else {}
        named |= {own: commitment(salt, own) for own in ids}
        root = items_tree(list(named.values())).root() if named else None
        entry = Entry(event, DAY, secrets.token_bytes(32), partner, len(named) or None, root)
        self.texts.append(entry.text())
        self.named.append(named)

    def of_case(self, token: bytes, view: CaseView) -> CaseLedger:
        """Write what the view shows and the log does not have yet, and tell all that it says of the case."""
        salt = ledger_salt(token)
        for fingerprint in view.fingerprints:
            for status in fingerprint.partners:
                if status.given_on:
                    self._once(EventName.DISCLOSED, fingerprint.id, salt, status.partner)
            if fingerprint.state is FingerprintState.WITHDRAWN:
                self._once(EventName.WITHDRAWN, fingerprint.id, salt, None)
        own = {fingerprint.id for fingerprint in view.fingerprints}
        places = [place for place, named in enumerate(self.named) if own & set(named)]
        tree = self._tree()
        checkpoint = self.signer.sign(tree.size, tree.root())
        entries = [self._entry(place, own, tree) for place in places if place < tree.size]
        promised = [self._promised(place, own, self.publish_by) for place in places if place >= tree.size and self.publish_by]
        return CaseLedger(1, self.signer.verifier.text(), checkpoint, entries, promised)

    def consistency(self, old: int, new: int) -> LedgerConsistency:
        """Prove that the log of one size goes on from that of another."""
        return LedgerConsistency(1, old, new, [one.hex() for one in consistency_proof(old, new, self._tree().read)])

    def _once(self, event: EventName, own: str, salt: bytes, partner: str | None) -> None:
        written = [read_entry(text) for text, named in zip(self.texts, self.named, strict=True) if own in named]
        if not any((entry.event, entry.partner) == (event, partner) for entry in written):
            self.append(event, [own], salt, partner)

    def _tree(self) -> Tree:
        return Tree(text.encode() for text in self.texts[: self.published if self.publish_by else None])

    def _entry(self, place: int, own: set[str], tree: Tree) -> LedgerEntry:
        path = [one.hex() for one in inclusion_path(place, tree.size, tree.read)]
        return LedgerEntry(self.texts[place], place, path, self._items(place, own))

    def _promised(self, place: int, own: set[str], publish_by: datetime) -> LedgerPromised:
        text = self.texts[place]
        return LedgerPromised(text, self.signer.promise(entry_hash(text), publish_by), self._items(place, own))

    def _items(self, place: int, own: set[str]) -> list[LedgerItem]:
        named = self.named[place]
        items = items_tree(list(named.values()))
        return [
            LedgerItem(fingerprint_id, number, [one.hex() for one in inclusion_path(number, items.size, items.read)])
            for number, fingerprint_id in enumerate(named)
            if fingerprint_id in own
        ]
