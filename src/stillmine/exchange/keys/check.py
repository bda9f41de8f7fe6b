# SPDX-License-Identifier: Apache-2.0
"""Whether every stored value opens, and whether every data key has its key-encryption key. Says counts and ids of keys, nothing else."""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Count, Q

from stillmine.exchange.cases.models import Case, ExpiredValue, Fingerprint
from stillmine.exchange.cases.values import try_values_of
from stillmine.exchange.context import Context
from stillmine.exchange.feed.kept_values import open_kept
from stillmine.exchange.feed.models import PendingTombstone
from stillmine.exchange.keys.models import CaseDataKey, DataKey, TombstoneDataKey
from stillmine.exchange.keys.seal import SealedValueError, blind_index
from stillmine.exchange.keys.wrapping import missing_key
from stillmine.wire.case import CaseState, FingerprintState
from stillmine.wire.errors import NotConfiguredError

_AT_ONCE = 2000

DATA_KEYS: tuple[type[DataKey], ...] = (CaseDataKey, TombstoneDataKey)


def require_keys(exchange: Context) -> None:
    """Raise NotConfiguredError where a key-encryption key that is in use is not at hand: nothing may start without it."""
    for key_id in keys_in_use():
        if key_id not in exchange.keys.ring_with(key_id).keys:
            raise missing_key(exchange, key_id)
    exchange.keys.ring()


def keys_in_use() -> dict[str, int]:
    """Return how many data keys are wrapped under each key-encryption key."""
    counts: dict[str, int] = {}
    for model in DATA_KEYS:
        rows = model._default_manager.order_by("wrapped_by").values_list("wrapped_by").annotate(Count("pk"))
        for key_id, count in rows:
            counts[key_id] = counts.get(key_id, 0) + count
    return counts


def sealed_findings(exchange: Context) -> Iterator[str]:
    """Open everything; one line per broken rule."""
    missing = sorted(key_id for key_id in keys_in_use() if key_id not in exchange.keys.ring_with(key_id).keys)
    if missing:
        yield f"data keys are wrapped under keys that are not at hand: {', '.join(missing)}"
        return
    yield from _counted(
        {
            "fingerprint(s) do not open, or hold another value than their blind index and size say": _wrong_values(exchange),
            "kept value(s) do not open, or are another than their blind index says": _wrong_kept_values(exchange),
            "open case(s) have no data key": Case.objects.filter(state=CaseState.OPEN, data_key=None).count(),
            "closed case(s) still have a data key": CaseDataKey.objects.filter(~Q(case__state=CaseState.OPEN))
            .exclude(case__state=CaseState.EXPIRED, case__in=ExpiredValue.objects.values("fingerprint__case"))
            .count(),
            "value(s) are kept of a case that has not expired, or without its data key": ExpiredValue.objects.exclude(
                fingerprint__case__state=CaseState.EXPIRED, fingerprint__case__data_key__isnull=False
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
