# SPDX-License-Identifier: Apache-2.0
"""Everything active now, streamed to a list partner that begins: recorded as a disclosure before the first byte leaves.

It shows the feed at one number. What is withdrawn while it is on its way is left out from then on; what is added comes with the feed after
its cursor. No lock and no transaction is held while it is sent.
"""

from collections.abc import Iterator, Sequence

from django.http import HttpRequest, StreamingHttpResponse

from stillmine.exchange.cases.models import Fingerprint
from stillmine.exchange.cases.values import values_of
from stillmine.exchange.context import Context, context
from stillmine.exchange.feed.actions import record_snapshot
from stillmine.exchange.feed.models import Change
from stillmine.exchange.partners.authentication import bearer_partner
from stillmine.exchange.partners.opaque import PartnerIds, partner_ids
from stillmine.wire.case import FingerprintState
from stillmine.wire.fingerprint import ACCEPTED_KINDS, Kind, value_bytes
from stillmine.wire.snapshot import SNAPSHOT_CONTENT_TYPE, SnapshotBlock, SnapshotHead, SnapshotWriter

BATCH_ENTRIES = 10_000
BLOCK_VALUE_BYTES = 4 * 1024 * 1024


def fetch(request: HttpRequest) -> StreamingHttpResponse:
    """GET /api/v1/feed/snapshot."""
    exchange, partner = context(), bearer_partner(request)
    sequence, count = record_snapshot(exchange, partner)
    ids = partner_ids(exchange.secret, partner.random_id)
    return StreamingHttpResponse(_stream(exchange, ids, sequence, count), content_type=SNAPSHOT_CONTENT_TYPE)


def _stream(exchange: Context, ids: PartnerIds, sequence: int, count: int) -> Iterator[bytes]:
    writer = SnapshotWriter()
    yield writer.head(SnapshotHead(ids.cursor(sequence), count))
    after = 0
    while changes := _active_changes(after, sequence):
        after = changes[-1].sequence
        fingerprints = [change.fingerprint for change in changes]
        for block in _blocks(ids, fingerprints, values_of(exchange, fingerprints)):
            yield writer.block(block)
    yield writer.end()


def _active_changes(after: int, sequence: int) -> list[Change]:
    """Return the next changes up to a number that made a fingerprint active and that no later one supersedes."""
    rows = Change.objects.filter(sequence__gt=after, sequence__lte=sequence, superseded_by=None, state=FingerprintState.ACTIVE)
    rows = rows.filter(fingerprint__kind__in=list(ACCEPTED_KINDS)).select_related("fingerprint")
    unread = ("changed_at", "fingerprint__added_at", "fingerprint__withdrawn_at")
    return list(rows.defer(*unread).order_by("sequence")[:BATCH_ENTRIES])


def _blocks(ids: PartnerIds, fingerprints: Sequence[Fingerprint], values: dict[str, str]) -> Iterator[SnapshotBlock]:
    """Put fingerprints that have a value into blocks of one kind and a bounded size."""
    with_value = [row for row in fingerprints if row.id in values]
    for kind in sorted({row.kind for row in with_value}):
        rows: list[Fingerprint] = []
        size = 0
        for row in with_value:
            if row.kind != kind:
                continue
            if rows and size + len(values[row.id]) > BLOCK_VALUE_BYTES:
                yield _block(ids, Kind(kind), rows, values)
                rows, size = [], 0
            rows.append(row)
            size += len(values[row.id])
        yield _block(ids, Kind(kind), rows, values)


def _block(ids: PartnerIds, kind: Kind, rows: Sequence[Fingerprint], values: dict[str, str]) -> SnapshotBlock:
    entry_ids = bytes.fromhex("".join(ids.entry_ids([row.id for row in rows])))
    qualities = bytes(row.quality or 0 for row in rows)
    return SnapshotBlock(kind, entry_ids, qualities, [value_bytes(kind, values[row.id]) for row in rows])
