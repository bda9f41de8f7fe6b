# SPDX-License-Identifier: Apache-2.0
"""What operators do about intake and keys stands in the log, once for each change, on the command line as in the console."""

import secrets
from typing import Any

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import SuspensionReason
from stillmine.wire.errors import ConflictError, NotConfiguredError
from tests.exchange.exchange_parts import Phone, suspend
from tests.exchange.test_ledger import log


def written(event: str) -> list[dict[str, Any]]:
    return [details for name, details in log("details") if name == event]


def test_a_change_of_the_bank(exchange: Context) -> None:
    from stillmine.exchange.quarantine.actions import add_bank, remove_bank
    from stillmine.exchange.quarantine.bank_files import BankSource

    source = BankSource((secrets.token_bytes(32),), pictures=1)
    add_bank(exchange, "Example news", source)
    with pytest.raises(NotConfiguredError):
        add_bank(exchange, "example NEWS", source)
    remove_bank(exchange, "example news")
    with pytest.raises(NotConfiguredError):
        remove_bank(exchange, "example news")
    details = {"name": "Example news", "pictures": "1"}
    assert written("bank_changed") == [{"change": "added", **details}, {"change": "removed", **details}]


def test_proof_of_work_on_and_off(exchange: Context) -> None:
    from stillmine.exchange.quarantine.actions import set_under_attack

    set_under_attack(exchange, True)
    set_under_attack(exchange, False)
    assert written("settings_changed") == [{"proof_of_work": "on"}, {"proof_of_work": "off"}]


def test_decisions_by_command_are_an_operators_deed(exchange: Context, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused one too: whoever reads the log sees that it was tried."""
    from stillmine.exchange.commands import intake as commands
    from stillmine.exchange.rows.intake import Suspension

    monkeypatch.setattr(commands, "prepare", lambda _: exchange)
    (one,) = phone.open(1).fingerprints
    suspend(exchange, [one.id], SuspensionReason.OPERATOR)
    commands.quarantine_keep(one.id)
    commands.quarantine_restore(one.id)
    with pytest.raises(ConflictError):
        commands.quarantine_restore(one.id)
    target = {"target": f"suspension {Suspension.objects.get().id}"}
    decided = [("suspension_kept", target), ("suspension_restored", target), ("suspension_restored", {})]
    assert written("operator_acted") == [{"operator": "command line", "action": deed, **about} for deed, about in decided]
    assert [name for (name,) in log()][-3:] == ["operator_acted", "restored", "operator_acted"]
