# SPDX-License-Identifier: Apache-2.0
"""Whether every stored value opens, and whether every data key has its key-encryption key. Says counts and ids of keys, nothing else."""

from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Q

from stillmine.exchange.fsck.rules import Rule, broken
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

_DOES_NOT_OPEN = Rule(
    "fingerprint does not open, or holds another value than its blind index and size say",
    "fingerprints do not open, or hold other values than their blind indexes and sizes say",
)
_KEPT_DOES_NOT_OPEN = Rule(
    "kept value does not open, or is another than its blind index says",
    "kept values do not open, or are others than their blind indexes say",
)
_NO_DATA_KEY = Rule("fingerprint has no data key", "fingerprints have no data key")
_STILL_A_DATA_KEY = Rule("erased fingerprint still has a data key", "erased fingerprints still have a data key")
_KEPT_WRONGLY = Rule(
    "value is kept of a case that has not expired, or without its data key",
    "values are kept of cases that have not expired, or without their data keys",
)
_NEITHER_OR_BOTH = Rule(
    "withdrawn fingerprint is neither kept nor erased, or both", "withdrawn fingerprints are neither kept nor erased, or both"
)


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
    yield from broken(_values(exchange) | _data_keys())


def _values(exchange: Context) -> dict[Rule, int]:
    return {_DOES_NOT_OPEN: _wrong_values(exchange), _KEPT_DOES_NOT_OPEN: _wrong_kept_values(exchange)}


def _data_keys() -> dict[Rule, int]:
    live = Fingerprint.objects.exclude(state=FingerprintState.WITHDRAWN)
    withdrawn = Fingerprint.objects.filter(state=FingerprintState.WITHDRAWN)
    of_erased = FingerprintDataKey.objects.filter(fingerprint__state=FingerprintState.WITHDRAWN, fingerprint__expired_value=None)
    kept_rightly = Q(fingerprint__case__state=CaseState.EXPIRED, fingerprint__data_key__isnull=False)
    neither, both = Q(erased_at=None, expired_value=None), Q(erased_at__isnull=False, expired_value__isnull=False)
    return {
        _NO_DATA_KEY: live.filter(data_key=None).count(),
        _STILL_A_DATA_KEY: of_erased.count(),
        _KEPT_WRONGLY: ExpiredValue.objects.exclude(kept_rightly).count(),
        _NEITHER_OR_BOTH: withdrawn.filter(neither | both).count(),
    }


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


def _batches(rows: Iterable[Fingerprint]) -> Iterator[Sequence[Fingerprint]]:
    batch: list[Fingerprint] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
