# SPDX-License-Identifier: Apache-2.0
"""Everything active now, streamed to a list partner that begins: recorded as a disclosure before the first byte leaves.

It shows the feed at one shown change. What is withdrawn while it is on its way is left out from then on; what is added comes with the
feed after its cursor. No lock and no transaction is held while it is sent.
"""

from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter

from django.http import HttpRequest, StreamingHttpResponse

from stillmine.exchange.feed.actions import record_snapshot
from stillmine.exchange.partners.authentication import bearer_partner
from stillmine.exchange.partners.opaque import PartnerIds, partner_ids
from stillmine.exchange.protection.drill_secrecy import cases_hidden_from
from stillmine.exchange.protection.given import KINDS
from stillmine.exchange.protection.sequence import ChangedFingerprint, next_batch
from stillmine.exchange.protection.values import values_with_keys
from stillmine.exchange.rows.feed import Shape
from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.transaction.context import Context, context
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import Kind, value_bytes
from stillmine.wire.snapshot import SNAPSHOT_CONTENT_TYPE, SnapshotBlock, SnapshotHead, SnapshotWriter

BLOCK_VALUE_BYTES = 4 * 1024 * 1024


def fetch(request: HttpRequest) -> StreamingHttpResponse:
    """GET /api/v1/feed/snapshot."""
    exchange, partner = context(), bearer_partner(request, Scope.LIST)
    sequence, count = record_snapshot(exchange, partner)
    ids = partner_ids(exchange.secret, partner.random_id)
    hidden = frozenset(cases_hidden_from(partner))
    return StreamingHttpResponse(_stream(exchange, ids, sequence, count, hidden), content_type=SNAPSHOT_CONTENT_TYPE)


def _stream(exchange: Context, ids: PartnerIds, sequence: int, count: int, hidden: Collection[int]) -> Iterator[bytes]:
    writer = SnapshotWriter()
    yield writer.head(SnapshotHead(ids.cursor(sequence), count))
    after = 0
    while after < sequence:
        after, shown = next_batch(after, sequence, FingerprintState.ACTIVE, kinds=KINDS[Shape.SNAPSHOT], only_shown=True)
        rows = [row for row in shown if row.case_id not in hidden]
        for block in _blocks(ids, rows, values_with_keys(exchange, rows)):
            yield writer.block(block)
    yield writer.end()


def _blocks(ids: PartnerIds, fingerprints: Sequence[ChangedFingerprint], values: dict[str, str]) -> Iterator[SnapshotBlock]:
    """Put fingerprints that have a value into blocks of one kind and a bounded size."""
    with_value = [row for row in fingerprints if row.id in values]
    for kind in sorted({row.kind for row in with_value}):
        rows: list[ChangedFingerprint] = []
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


def _block(ids: PartnerIds, kind: Kind, rows: Sequence[ChangedFingerprint], values: dict[str, str]) -> SnapshotBlock:
    # By entry id, which is as good as random: what was added together does not stand together.
    named = sorted(zip(ids.entry_ids([row.id for row in rows]), rows, strict=True), key=itemgetter(0))
    entry_ids = bytes.fromhex("".join(entry_id for entry_id, _ in named))
    qualities = bytes(row.quality or 0 for _, row in named)
    return SnapshotBlock(kind, entry_ids, qualities, [value_bytes(kind, values[row.id]) for _, row in named])
