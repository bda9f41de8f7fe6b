# SPDX-License-Identifier: Apache-2.0
"""Proofs, and what the log says of one case, or of the portal's files. Nothing here tells of another case.

What is answered is proved by a checkpoint that was given out: no hash leaves that no signature stands for.
"""

from collections.abc import Iterable, Iterator

from django.db.models import Max

from stillmine.exchange.log.items import items_of
from stillmine.exchange.log.key import signing_key
from stillmine.exchange.log.nodes import READ_AT_ONCE, leaf_hashes, read_nodes
from stillmine.exchange.person.log_pages import Named, named_by_pages
from stillmine.exchange.rows import log as rows
from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.log import GivenCheckpoint, Leaf, Mention
from stillmine.exchange.transaction.context import Context
from stillmine.ledger.entry import entry_hash, items_tree
from stillmine.ledger.proofs import consistency_proof, inclusion_path
from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.ledger import (
    MAXIMUM_PORTAL_ENTRIES,
    LedgerConsistency,
    LedgerEntry,
    LedgerItem,
    LedgerLeaves,
    LedgerPromised,
    PortalEntry,
    PortalPromised,
)


def newest_given_size() -> int:
    """Return the size of the newest checkpoint that left; 0 where none has."""
    return GivenCheckpoint.objects.aggregate(size=Max("size"))["size"] or 0


def leaves(start: int, limit: int) -> LedgerLeaves:
    """Return at most `limit` leaf hashes from number `start` on."""
    end = min(start + limit, newest_given_size())
    return LedgerLeaves(version=1, start=start, leaves=_texts(leaf_hashes(start, end)) if start < end else [])


def consistency(from_size: int, to_size: int) -> LedgerConsistency:
    """Return the proof between two sizes; raises MalformedMessageError for sizes out of order or not given out."""
    newest = newest_given_size()
    if not from_size <= to_size <= newest:
        raise MalformedMessageError(f"from, to: in this order, at most {newest}")
    return LedgerConsistency(
        version=1, from_size=from_size, to_size=to_size, proof=_texts(consistency_proof(from_size, to_size, read_nodes))
    )


def entries_of(exchange: Context, case: Case, size: int) -> tuple[list[LedgerEntry], list[LedgerPromised]]:
    """Return what names a fingerprint of this case, in the order of recording: with paths to the tree of `size` leaves, or with promises.

    What a partner was told again of a fingerprint whose state had not changed is left out. What was published since the checkpoint of
    `size` was read is still promised.
    """
    entries, promised = list[LedgerEntry](), list[LedgerPromised]()
    key = signing_key(exchange.secret)
    for leaf, items in _leaves_of(exchange, case):
        if leaf.place is not None and leaf.place < size:
            path = _texts(inclusion_path(leaf.place, size, read_nodes))
            entries.append(LedgerEntry(text=leaf.text, place=leaf.place, path=path, items=items))
        elif leaf.publish_by is not None:
            promised.append(LedgerPromised(text=leaf.text, promise=key.promise(entry_hash(leaf.text), leaf.publish_by), items=items))
    return entries, promised


def portal_entries(exchange: Context, size: int) -> tuple[list[PortalEntry], list[PortalPromised]]:
    """Return the newest entries about the portal's files, as `entries_of` does those of a case. They concern everybody."""
    entries, promised = list[PortalEntry](), list[PortalPromised]()
    key = signing_key(exchange.secret)
    newest = rows.PortalEntry.objects.order_by("-leaf_id").values_list("leaf_id", flat=True)[:MAXIMUM_PORTAL_ENTRIES]
    for leaf in Leaf.objects.filter(id__in=list(newest)).order_by("id"):
        if leaf.place is not None and leaf.place < size:
            entries.append(PortalEntry(text=leaf.text, place=leaf.place, path=_texts(inclusion_path(leaf.place, size, read_nodes))))
        elif leaf.publish_by is not None:
            promised.append(PortalPromised(text=leaf.text, promise=key.promise(entry_hash(leaf.text), leaf.publish_by)))
    return entries, promised


def _leaves_of(exchange: Context, case: Case) -> Iterator[tuple[Leaf, list[LedgerItem]]]:
    rows = Fingerprint.objects.filter(case=case, ledger_commitment__isnull=False).values_list("id", "ledger_commitment")
    commitments = {fingerprint_id: bytes(stored or b"") for fingerprint_id, stored in rows}
    named = _mentioned(commitments) | named_by_pages(commitments)
    numbers = sorted(named)
    for start in range(0, len(numbers), READ_AT_ONCE):
        for leaf in Leaf.objects.filter(id__in=numbers[start : start + READ_AT_ONCE]).order_by("id"):
            yield leaf, _items(exchange, leaf, {fingerprint_id: commitments[fingerprint_id] for fingerprint_id in named[leaf.id]})


def _mentioned(commitments: Iterable[str]) -> Named:
    named = Named()
    for number, fingerprint_id in Mention.objects.filter(fingerprint_id__in=list(commitments)).values_list("leaf_id", "fingerprint_id"):
        named[number].add(fingerprint_id)
    return named


def _items(exchange: Context, leaf: Leaf, commitments: dict[str, bytes]) -> list[LedgerItem]:
    stored = items_of(exchange.secret, leaf)
    places = {kept: place for place, kept in enumerate(stored)}
    tree = items_tree(stored)
    found = {fingerprint_id: places[kept] for fingerprint_id, kept in commitments.items()}
    return [
        LedgerItem(fingerprint_id=fingerprint_id, place=place, path=_texts(inclusion_path(place, tree.size, tree.read)))
        for fingerprint_id, place in sorted(found.items(), key=lambda item: item[1])
    ]


def _texts(hashes: Iterable[bytes]) -> list[str]:
    return [one.hex() for one in hashes]
