# SPDX-License-Identifier: Apache-2.0
"""The state machines in code are those of spec/case.md, and a change from another state changes nothing."""

import contextlib
import re
from datetime import datetime
from itertools import product
from pathlib import Path

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState, DelayState, FingerprintState
from stillmine.wire.errors import ConflictError
from tests.exchange.exchange_parts import START, Phone


def specified(root: Path, what: str) -> set[tuple[str, str]]:
    """Read the rows `| case `open` | `withdrawn` | … |` of the table of states."""
    section = (root / "spec" / "case.md").read_text().partition("## States")[2].partition("\n## ")[0]
    found = set()
    for row in section.splitlines():
        cells = [cell.strip() for cell in row.split("|")]
        if len(cells) > 3 and cells[1].startswith(f"{what} "):
            found |= set(product(re.findall(r"`(\w+)`", cells[1]), re.findall(r"`(\w+)`", cells[2])))
    return found


def test_the_tables_are_those_of_the_specification(exchange: Context, root: Path) -> None:
    from stillmine.exchange.protection.transitions import (
        CASE_RETURNS,
        CASE_TRANSITIONS,
        DELAY_TRANSITIONS,
        FINGERPRINT_RETURNS,
        FINGERPRINT_TRANSITIONS,
    )

    cases, fingerprints = CASE_TRANSITIONS | CASE_RETURNS, FINGERPRINT_TRANSITIONS | FINGERPRINT_RETURNS
    assert {(before.value, after.value) for before, after in cases} == specified(root, "case") != set()
    assert {(before.value, after.value) for before, after in fingerprints} == specified(root, "fingerprint") != set()
    assert {(before.value, after.value) for before, after in DELAY_TRANSITIONS} == specified(root, "delay") != set()


@pytest.mark.parametrize(("before", "after"), list(product(FingerprintState, FingerprintState)))
def test_a_fingerprint_moves_only_along_the_table(
    exchange: Context, phone: Phone, before: FingerprintState, after: FingerprintState
) -> None:
    from stillmine.exchange.protection.transitions import FINGERPRINT_TRANSITIONS, move_fingerprints
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.feed import Change
    from stillmine.exchange.transaction.tx import tx

    def move(to: FingerprintState) -> None:
        with tx("test.move", exchange.clock) as transaction:
            move_fingerprints(exchange, transaction, [Fingerprint.objects.get(position=1)], to)

    phone.open(1, 2)
    if before is not FingerprintState.ACTIVE:
        move(before)
    changes = Change.objects.count()
    if (before, after) in FINGERPRINT_TRANSITIONS:
        move(after)
    else:
        with pytest.raises(ConflictError):
            move(after)
        assert Change.objects.count() == changes
    expected = after if (before, after) in FINGERPRINT_TRANSITIONS else before
    assert Fingerprint.objects.get(position=1).state == expected.value


def test_a_closed_case_does_not_close_again(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.protection.transitions import close_case
    from stillmine.exchange.rows.cases import Case
    from stillmine.exchange.transaction.tx import tx

    phone.open(1)
    phone.withdraw()
    with pytest.raises(ConflictError), tx("test.close", exchange.clock) as transaction:
        close_case(transaction, Case.objects.get(), CaseState.EXPIRED)


@pytest.mark.parametrize(("before", "after"), list(product(DelayState, DelayState)))
def test_a_delay_moves_only_along_the_table(exchange: Context, phone: Phone, before: DelayState, after: DelayState) -> None:
    from stillmine.exchange.protection.transitions import DELAY_TRANSITIONS, move_delay
    from stillmine.exchange.rows.cases import Case
    from stillmine.exchange.transaction.tx import tx

    def ends_at(state: DelayState) -> datetime | None:
        return START if state is DelayState.ENDING else None

    phone.open(1)
    Case.objects.update(delay=before.value, delay_ends_at=ends_at(before))
    with contextlib.ExitStack() as expected:
        if (before, after) not in DELAY_TRANSITIONS:
            expected.enter_context(pytest.raises(ConflictError))
        with tx("test.move", exchange.clock) as transaction:
            move_delay(transaction, Case.objects.get(), after, ends_at(after))
    assert Case.objects.get().delay == (after if (before, after) in DELAY_TRANSITIONS else before)


def test_nothing_of_a_withdrawn_fingerprint_is_kept(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.rows.cases import Fingerprint

    phone.open(1)
    Fingerprint.objects.update(is_synthetic=True)
    phone.withdraw()
    row = Fingerprint.objects.get()
    assert (row.sealed_value, row.blind_index, row.value_bytes, row.quality) == (None, None, 0, None)
    assert (row.is_synthetic, row.withdrawal_due_at) == (False, None)
