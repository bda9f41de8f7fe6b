# SPDX-License-Identifier: Apache-2.0
"""Hold the negative bank against what was accepted before it: spec/intake.md.

Goes along the sequence of changes to its end, a transaction for each step, so it can be ended and begun again at any moment.
"""

from collections.abc import Callable, Sequence

from stillmine.exchange.gate.bank import find_in_bank
from stillmine.exchange.protection.actions import suspend
from stillmine.exchange.protection.given import head_sequence
from stillmine.exchange.protection.held import Judged, held
from stillmine.exchange.protection.sequence import ChangedFingerprint, next_batch
from stillmine.exchange.protection.suspensions import banked_in, restored_at
from stillmine.exchange.protection.values import try_values_with_keys
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.wire.case import FingerprintState, SuspensionReason
from stillmine.wire.kinds import Kind


def sweep(exchange: Context, on_step: Callable[[int, int], None] = lambda _done, _of: None) -> tuple[int, int]:
    """Suspend every active fingerprint that is in the bank, or like something in it; returns how many, and how many values did not open.

    `on_step` is told how many changes are done, and of how many. A request that began before the bank changed and ends after this has
    read the last change is missed; the next sweep finds it.
    """
    reached = suspended = failed = 0
    while reached < (head := head_sequence()):
        reached, active = next_batch(reached, head, FingerprintState.ACTIVE)
        banked, unopened = _banked(exchange, active)
        suspended += _suspend_files(exchange, banked)
        failed += unopened
        on_step(reached, head)
    return suspended, failed


def _banked(exchange: Context, active: Sequence[ChangedFingerprint]) -> tuple[set[str], int]:
    values, failed = try_values_with_keys(exchange, active)
    kinds = {row.id: Kind(row.kind) for row in active}
    found = find_in_bank(exchange, [(kinds[fingerprint_id], value) for fingerprint_id, value in values.items()])
    return {fingerprint_id for fingerprint_id, banked in zip(values, found, strict=True) if banked}, len(failed)


def _suspend_files(exchange: Context, found: set[str]) -> int:
    """Suspend these, but for what an operator restored before, and what else there is of their files."""
    if not found:
        return 0
    with tx("intake.sweep", exchange.clock) as transaction:
        banked = found - restored_at(found, SuspensionReason.NEGATIVE_BANK).keys()
        cases = set(Fingerprint.objects.filter(id__in=banked).values_list("case_id", flat=True))
        rows = list(
            Fingerprint.objects.filter(case_id__in=cases)
            .exclude(state=FingerprintState.WITHDRAWN)
            .only("id", "case", "file_number", "kind", "state")
            .order_by("id")
        )
        banked |= banked_in(cases)
        are_held = held(Judged((row.case_id, row.file_number), Kind(row.kind), row.id in banked) for row in rows)
        active = [row.id for row, is_held in zip(rows, are_held, strict=True) if is_held and row.state == FingerprintState.ACTIVE]
        restored = restored_at(active, SuspensionReason.NEGATIVE_BANK)
        never_restored = [fingerprint_id for fingerprint_id in active if fingerprint_id not in restored]
        return len(suspend(exchange, transaction, never_restored, SuspensionReason.NEGATIVE_BANK))
