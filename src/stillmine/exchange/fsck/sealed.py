# SPDX-License-Identifier: Apache-2.0
"""Whether every stored value opens, and whether every data key has its key-encryption key. Says counts and ids of keys, nothing else."""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q

from stillmine.exchange.keys.seal import SealedValueError, blind_index
from stillmine.exchange.protection.data_keys import keys_in_use
from stillmine.exchange.protection.kept_values import open_kept
from stillmine.exchange.protection.values import try_values_of
from stillmine.exchange.rows.cases import ExpiredValue, Fingerprint
from stillmine.exchange.rows.feed import PendingTombstone
from stillmine.exchange.rows.keys import DayKey, FingerprintDataKey
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState, FingerprintState
from stillmine.wire.errors import NotConfiguredError

_AT_ONCE = 2000


def sealed_findings(exchange: Context) -> Iterator[str]:
    """Open everything; one line per broken rule. No key of the day is destroyed meanwhile."""
    with exchange.day_keys.unchanged():
        yield from _sealed_findings(exchange)


def _sealed_findings(exchange: Context) -> Iterator[str]:
    try:
        in_use, lines = keys_in_use(exchange), exchange.day_keys.lines()
    except NotConfiguredError as error:
        yield error.detail or error.sentence
        return
    gone = [day_key for day_key in DayKey.objects.order_by("sequence").values_list("id", flat=True) if day_key not in lines]
    missing = sorted(key_id for key_id in in_use if key_id not in exchange.keys.ring_with(key_id).keys)
    if gone:
        yield f"data keys are wrapped under keys of the day that are not at hand: {', '.join(gone)}"
    if missing:
        yield f"data keys are wrapped under keys that are not at hand: {', '.join(missing)}"
    if gone or missing:
        return
    live = Fingerprint.objects.exclude(state=FingerprintState.WITHDRAWN)
    yield from _counted(
        {
            "fingerprint(s) do not open, or hold another value than their blind index and size say": _wrong_values(exchange),
            "kept value(s) do not open, or are another than their blind index says": _wrong_kept_values(exchange),
            "fingerprint(s) have no data key": live.filter(data_key=None).count(),
            "erased fingerprint(s) still have a data key": FingerprintDataKey.objects.filter(
                fingerprint__state=FingerprintState.WITHDRAWN, fingerprint__expired_value=None
            ).count(),
            "value(s) are kept of a case that has not expired, or without their data key": ExpiredValue.objects.exclude(
                fingerprint__case__state=CaseState.EXPIRED, fingerprint__data_key__isnull=False
            ).count(),
            "withdrawn fingerprint(s) are neither kept nor erased, or both": Fingerprint.objects.filter(state=FingerprintState.WITHDRAWN)
            .filter(Q(erased_at=None, expired_value=None) | Q(erased_at__isnull=False, expired_value__isnull=False))
            .count(),
        }
    )


def _wrong_values(exchange: Context) -> int:
    wrong = 0
    rows = Fingerprint.objects.filter(sealed_value__isnull=False).order_by("case_id", "id")
    for batch in _batches(rows.iterator(_AT_ONCE)):
        values, _ = try_values_of(exchange, batch)
        gone = Fingerprint.objects.filter(id__in=[row.id for row in batch if row.id not in values], sealed_value=None).count()
        wrong += sum(_is_wrong(exchange, row, values.get(row.id)) for row in batch) - gone
    return wrong


def _is_wrong(exchange: Context, row: Fingerprint, value: str | None) -> bool:
    return value is None or row.blind_index != blind_index(exchange.secret, row.kind, value) or row.value_bytes != len(value)


def _wrong_kept_values(exchange: Context) -> int:
    wrong = 0
    for row in PendingTombstone.objects.select_related("data_key", "fingerprint").iterator(_AT_ONCE):
        try:
            wrong += row.blind_index != blind_index(exchange.secret, row.fingerprint.kind, open_kept(exchange, row))
        except (SealedValueError, NotConfiguredError):
            wrong += 1
    return wrong


def _counted(broken: dict[str, int]) -> Iterator[str]:
    return (f"{count} {rule}" for rule, count in broken.items() if count)


def _batches(rows: Iterable[Fingerprint]) -> Iterator[Sequence[Fingerprint]]:
    batch: list[Fingerprint] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
