# SPDX-License-Identifier: Apache-2.0
"""Withdrawn values kept for partners that know fingerprints by value only: sealed here, and opened here to tell that partner.

Such a value outlives its case's data key. Each has a data key of its own, which goes with it.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from stillmine.exchange.keys.seal import Cell, open_sealed, seal
from stillmine.exchange.protection.values import try_values_of
from stillmine.exchange.protection.wrapping import TOMBSTONE_KEYS, new_data_key, no_data_key, unwrap, wrapping_key
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.feed import PendingTombstone
from stillmine.exchange.rows.keys import TombstoneDataKey
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction

_log = logging.getLogger(__name__)


def pending_values(exchange: Context, partner: Partner, fingerprint_ids: Sequence[str]) -> dict[str, str]:
    """Return the withdrawn values that this partner still has to be told, by fingerprint. Raises SealedValueError."""
    rows = PendingTombstone.objects.filter(partner=partner, fingerprint_id__in=fingerprint_ids)
    return {row.fingerprint_id: open_kept(exchange, row) for row in rows.select_related("data_key")}


def open_kept(exchange: Context, row: PendingTombstone) -> str:
    """Return one kept value; raises SealedValueError."""
    key: TombstoneDataKey | None = getattr(row, "data_key", None)
    if key is None:
        raise no_data_key(TOMBSTONE_KEYS, row.pk)
    data_key = unwrap(exchange, key.wrapped_by_id, key.wrapped_key, TOMBSTONE_KEYS, row.pk)
    return open_sealed(data_key, bytes(row.sealed_value), cell_of(row.fingerprint_id, row.partner_id)).decode()


def cell_of(fingerprint_id: str, partner_id: int) -> Cell:
    """Return what a kept value's seal is bound to: fingerprint and partner together name the row before the database numbers it."""
    return Cell("feed_pendingtombstone", "sealed_value", f"{fingerprint_id}/{partner_id}")


def withdrawable_values(exchange: Context, fingerprints: Iterable[Fingerprint]) -> dict[str, str]:
    """Return the values of fingerprints that are about to be withdrawn or suspended, by id.

    A value that does not open any more is left out and said in the log: it must not keep anyone from withdrawing it.
    """
    values, failed = try_values_of(exchange, list(fingerprints))
    for error in failed:
        _log.error("%s", error)
    return values


def keep_values(
    exchange: Context,
    transaction: Transaction,
    knowing: Iterable[tuple[str, int]],
    values: Mapping[str, tuple[str, str]],
    changed_at: datetime,
) -> None:
    """Keep values, given with their blind indexes, for partners: (fingerprint id, partner id). What is kept already stays."""
    kept_pairs = set(PendingTombstone.objects.filter(fingerprint_id__in=values).values_list("fingerprint_id", "partner_id"))
    missing = sorted(pair for pair in knowing if pair not in kept_pairs and pair[0] in values)
    if not missing:
        return
    data_keys = [new_data_key(exchange) for _ in missing]
    rows = PendingTombstone.objects.bulk_create(
        PendingTombstone(
            partner_id=partner_id,
            fingerprint_id=fingerprint_id,
            sealed_value=seal(data_key, values[fingerprint_id][0].encode(), cell_of(fingerprint_id, partner_id), exchange.random_bytes),
            blind_index=values[fingerprint_id][1],
            changed_at=changed_at,
        )
        for (fingerprint_id, partner_id), data_key in zip(missing, data_keys, strict=True)
    )
    today = wrapping_key(exchange, transaction)
    TombstoneDataKey.objects.bulk_create(
        TombstoneDataKey(
            tombstone_id=row.pk,
            wrapped_by_id=today.id,
            wrapped_key=today.wrap(data_key, TOMBSTONE_KEYS, row.pk, exchange.random_bytes),
        )
        for row, data_key in zip(rows, data_keys, strict=True)
    )
