# SPDX-License-Identifier: Apache-2.0
"""Hold the negative bank against what was accepted before it: spec/intake.md.

Goes along the sequence of changes to its end, a transaction for each step, so it can be ended and begun again at any moment.
"""

from collections.abc import Callable, Sequence

from stillmine.exchange.cases.actions import _suspend
from stillmine.exchange.cases.models import Fingerprint
from stillmine.exchange.cases.values import try_values_of
from stillmine.exchange.context import Context
from stillmine.exchange.feed.queries import head_sequence
from stillmine.exchange.feed.sequence import ChangedFingerprint, batch_end, newest_changed
from stillmine.exchange.intake.bank import load_bank, near_bank
from stillmine.exchange.intake.suspensions import restored_at
from stillmine.exchange.tx import tx
from stillmine.wire.case import FingerprintState, SuspensionReason
from stillmine.wire.fingerprint import Kind, pdq_bytes


def sweep(exchange: Context, on_step: Callable[[int, int], None] = lambda _done, _of: None) -> tuple[int, int]:
    """Suspend every active fingerprint that is near the bank; returns how many, and how many values did not open.

    `on_step` is told how many changes are done, and of how many. A request that began before the bank changed and ends after this has
    read the last change is missed; the next sweep finds it.
    """
    load_bank()
    reached = suspended = failed = 0
    while reached < (head := head_sequence()):
        end = batch_end(reached, head)
        pictures = [row for row in newest_changed(reached, end, FingerprintState.ACTIVE) if row.kind == Kind.PDQ]
        near, unopened = _near(exchange, pictures)
        suspended += _suspend_files(exchange, near)
        failed += unopened
        reached = end
        on_step(reached, head)
    return suspended, failed


def _near(exchange: Context, pictures: Sequence[ChangedFingerprint]) -> tuple[list[str], int]:
    values, failed = try_values_of(exchange, pictures)
    found = near_bank([pdq_bytes(value) for value in values.values()])
    return [fingerprint_id for fingerprint_id, near in zip(values, found, strict=True) if near], len(failed)


def _suspend_files(exchange: Context, near: Sequence[str]) -> int:
    """Suspend these pictures, but for what an operator restored before, and what else there is of their files."""
    if not near:
        return 0
    with tx("intake.sweep", exchange.clock) as now:
        restored = restored_at(near, SuspensionReason.NEGATIVE_BANK)
        pictures = Fingerprint.objects.filter(id__in=set(near) - restored.keys(), state=FingerprintState.ACTIVE)
        files = {row.id: (row.case_id, row.file_number) for row in pictures}
        held_files = set(files.values())
        of_cases = Fingerprint.objects.filter(case_id__in={case_id for case_id, _ in files.values()}, state=FingerprintState.ACTIVE)
        others = [row.id for row in of_cases.exclude(kind=Kind.PDQ) if (row.case_id, row.file_number) in held_files]
        return len(_suspend(exchange, [*files, *others], SuspensionReason.NEGATIVE_BANK, now))
