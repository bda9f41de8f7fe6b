# SPDX-License-Identifier: Apache-2.0
"""Check the log against itself, against every checkpoint that left, and against what the database says was done.

It reads only, entry by entry, and shows nothing of any. The tree is rebuilt from the entries' texts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from django.db.models import Exists, Max, OuterRef, Q

from stillmine.exchange.fsck.rules import Rule, broken
from stillmine.exchange.log.items import items_of
from stillmine.exchange.log.key import signing_key
from stillmine.exchange.log.nodes import READ_AT_ONCE, joined_hashes, node_id, split_hashes
from stillmine.exchange.log.portal import LIST
from stillmine.exchange.log.publishing import STEP
from stillmine.exchange.protection.drill_secrecy import cases_hidden_from
from stillmine.exchange.protection.given import KINDS
from stillmine.exchange.rows.feed import Change, Disclosure, Shape
from stillmine.exchange.rows.log import GivenCheckpoint, Leaf, LedgerHead, Mention, Node, PortalEntry
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.ledger.entry import Entry, EventName, entry_hash, items_root, read_entry
from stillmine.ledger.errors import LedgerError
from stillmine.ledger.tree import CompactRange, Place
from stillmine.wire.case import FingerprintState

_MISPLACED = Rule(
    "entry of the ledger is not at its place: one before it is missing",
    "entries of the ledger are not at their places: some before them are missing",
)
_HEAD = Rule("head of the ledger does not fit its entries", "heads of the ledger do not fit its entries")
_PASSED_OVER = Rule("entry of the ledger was passed over by a publication", "entries of the ledger were passed over by a publication")
_NO_TIME = Rule(
    "entry of the ledger waits without a time by which it is published",
    "entries of the ledger wait without a time by which they are published",
)
_MALFORMED = Rule("entry of the ledger does not have the form of an entry", "entries of the ledger do not have the form of entries")
_OTHER_ITEMS = Rule(
    "entry of the ledger does not fit the commitments kept for it", "entries of the ledger do not fit the commitments kept for them"
)
_OTHER_HASH = Rule("hash of the ledger is not that of its entries", "hashes of the ledger are not those of its entries")
_OTHER_KEY = Rule(
    "checkpoint that was given out is not signed by this exchange's key",
    "checkpoints that were given out are not signed by this exchange's key",
)
_FORK = Rule("checkpoint that was given out does not fit the ledger", "checkpoints that were given out do not fit the ledger")
_DISCLOSURE = Rule("disclosure has no fitting entry in the ledger", "disclosures have no fitting entry in the ledger")
_MENTION = Rule("mention of a fingerprint is not of an entry that names it", "mentions of fingerprints are not of entries that name them")
_PORTAL = Rule(
    "note of a portal's list is not of an entry that names it",
    "notes of the portal's lists are not of entries that name them",
)
_WITHDRAWAL = Rule("withdrawal has no entry in the ledger", "withdrawals have no entry in the ledger")
_UNPADDED = Rule(
    f"publication of the ledger is not padded to a multiple of {STEP}", f"publications of the ledger are not padded to a multiple of {STEP}"
)
_NODES = Rule(
    "tree of the ledger has more or fewer nodes than its entries need",
    "trees of the ledger have more or fewer nodes than their entries need",
)
_CHANGE = {
    state: Rule(f"change to {state.value} has no entry in the ledger", f"changes to {state.value} have no entry in the ledger")
    for state in (FingerprintState.ACTIVE, FingerprintState.SUSPENDED)
}

_HAS_COMMITMENT = Q(fingerprint__ledger_commitment__isnull=False)


def log_findings(exchange: Context) -> Iterator[str]:
    """Yield one line per broken rule."""
    return broken(Counter([*_tree(exchange), *_waiting(exchange), *_disclosures(), *_mentions(), *_portal(), *_changes()]))


def _tree(exchange: Context) -> Iterator[Rule]:
    tree, completed = CompactRange(), list[tuple[Place, bytes]]()
    checkpoints = GivenCheckpoint.objects.order_by("size").iterator()
    due = next(checkpoints, None)
    for leaf in Leaf.objects.filter(place__isnull=False).order_by("place").iterator(READ_AT_ONCE):
        while due is not None and due.size == tree.size:
            yield from _checkpoint(exchange, due, tree.root())
            due = next(checkpoints, None)
        if leaf.place != tree.size:
            yield _MISPLACED
            return
        yield from _entry(exchange, leaf)
        tree, new = tree.with_leaf(entry_hash(leaf.text))
        completed += new
        if len(completed) >= READ_AT_ONCE:
            yield from _nodes(completed)
            completed = []
    yield from _nodes(completed)
    while due is not None:
        yield from _checkpoint(exchange, due, tree.root() if due.size == tree.size else b"")
        due = next(checkpoints, None)
    heads = [(head.size, bytes(head.hashes)) for head in LedgerHead.objects.all()]
    if LedgerHead.objects.filter(next_at__isnull=False).exists() and (tree.size % STEP or tree.size == 0):
        yield _UNPADDED
    if heads != [(tree.size, joined_hashes(tree.hashes))]:
        yield _HEAD
    if Node.objects.count() != 2 * tree.size - tree.size.bit_count():
        yield _NODES


def _waiting(exchange: Context) -> Iterator[Rule]:
    """A publication takes all that waits, so that nothing waits that was recorded before the newest."""
    newest = Leaf.objects.filter(place__isnull=False).aggregate(newest=Max("id"))["newest"]
    for leaf in Leaf.objects.filter(place=None).order_by("id").iterator(READ_AT_ONCE):
        yield from _entry(exchange, leaf)
        entry = _readable(leaf)
        if newest is not None and leaf.id < newest:
            yield _PASSED_OVER
        if leaf.publish_by is None or (entry is not None and entry.event is EventName.PADDING):
            yield _NO_TIME


def _entry(exchange: Context, leaf: Leaf) -> Iterator[Rule]:
    try:
        entry = read_entry(leaf.text)
    except LedgerError:
        yield _MALFORMED
        return
    named, items = split_hashes(leaf.items), items_of(exchange.secret, leaf)
    expected = (None, None) if not named else (len(items), items_root(items))
    if (entry.items, entry.root) != expected or named != sorted(set(named)):
        yield _OTHER_ITEMS


def _nodes(completed: list[tuple[Place, bytes]]) -> Iterator[Rule]:
    stored = dict(Node.objects.filter(id__in=[node_id(place) for place, _ in completed]).values_list("id", "hash"))
    for place, expected in completed:
        if bytes(stored.get(node_id(place), b"")) != expected:
            yield _OTHER_HASH


def _checkpoint(exchange: Context, given: GivenCheckpoint, root: bytes) -> Iterator[Rule]:
    try:
        opened = signing_key(exchange.secret).verifier.open(given.note)
    except LedgerError:
        yield _OTHER_KEY
        return
    if (opened.size, opened.root) != (given.size, root):
        yield _FORK


def _disclosures() -> Iterator[Rule]:
    """Each page's record has to have entries that name all that the page held."""
    hidden = {partner.pk: set(cases_hidden_from(partner)) for partner in Partner.objects.all()}
    for row in Disclosure.objects.select_related("partner", "disclosed_entry", "retracted_entry").iterator(READ_AT_ONCE):
        # What is asked of the fingerprint is looked at here: as conditions of a join they made SQLite read every fingerprint for each page.
        changes = Change.objects.filter(
            Q(superseded_by=None) | Q(superseded_by__gt=row.head_sequence),
            is_shown=True,
            sequence__gt=row.from_sequence,
            sequence__lte=row.to_sequence,
        ).values_list("state", "fingerprint__kind", "fingerprint__case_id", "fingerprint__ledger_commitment")
        listed, unseen = {kind.value for kind in KINDS[Shape(row.shape)]}, hidden[row.partner_id]
        given, stopped = set[bytes](), set[bytes]()
        for state, kind, case_id, stored in changes.iterator(READ_AT_ONCE):
            if stored is not None and kind in listed and case_id not in unseen:
                (given if state == FingerprintState.ACTIVE else stopped).add(bytes(stored))
        if row.shape in {Shape.STOPNCII, Shape.SNAPSHOT}:
            stopped.clear()  # the one holds none, the other tells those who had the value, for a time
        is_right = _names(row.disclosed_entry, EventName.DISCLOSED, row, given) and _names(
            row.retracted_entry, EventName.RETRACTED, row, stopped
        )
        if not is_right:
            yield _DISCLOSURE


def _names(leaf: Leaf | None, event: EventName, row: Disclosure, commitments: set[bytes]) -> bool:
    if leaf is None:
        return not commitments
    entry = _readable(leaf)
    told = (entry.event, entry.partner, entry.details.get("shape")) if entry else None
    return told == (event, row.partner.name, row.shape) and commitments <= set(split_hashes(leaf.items))


def _mentions() -> Iterator[Rule]:
    last: tuple[int, Entry | None, set[bytes]] = (-1, None, set())
    for row in Mention.objects.select_related("fingerprint").order_by("leaf_id").iterator(READ_AT_ONCE):
        if row.leaf_id != last[0]:
            leaf = Leaf.objects.get(id=row.leaf_id)
            last = (row.leaf_id, _readable(leaf), set(split_hashes(leaf.items)))
        stored = row.fingerprint.ledger_commitment
        is_named = stored is None or bytes(stored) in last[2]
        if last[1] is None or last[1].event != row.event or not is_named:
            yield _MENTION


def _portal() -> Iterator[Rule]:
    for row in PortalEntry.objects.select_related("leaf"):
        entry = _readable(row.leaf)
        if entry is None or (entry.event, dict(entry.details)) != (EventName.PORTAL_CHANGED, {LIST: row.list_hash}):
            yield _PORTAL


def _changes() -> Iterable[Rule]:
    """Every change of state after the adding has an entry; fingerprints of before the ledger are left out."""
    changes, mentions = Change.objects.filter(_HAS_COMMITMENT), Mention.objects.filter(_HAS_COMMITMENT)
    ends = mentions.filter(event__in=[EventName.WITHDRAWN, EventName.EXPIRED])
    withdrawn = changes.filter(state=FingerprintState.WITHDRAWN).exclude(fingerprint_id__in=ends.values("fingerprint_id"))
    yield from [_WITHDRAWAL] * withdrawn.count()
    # Active again where the change before was not: a first one was added, and one after an active one is flagged or no more.
    before = Change.objects.filter(fingerprint_id=OuterRef("fingerprint_id"), superseded_by=OuterRef("sequence"))
    restored = Exists(before.exclude(state=FingerprintState.ACTIVE))
    for state, event, rows in (
        (FingerprintState.SUSPENDED, EventName.SUSPENDED, changes.filter(state=FingerprintState.SUSPENDED)),
        (FingerprintState.ACTIVE, EventName.RESTORED, changes.filter(restored, state=FingerprintState.ACTIVE)),
    ):
        missing = rows.count() - mentions.filter(event=event).count()
        yield from [_CHANGE[state]] * abs(missing)


def _readable(leaf: Leaf) -> Entry | None:
    try:
        return read_entry(leaf.text)
    except LedgerError:
        return None
