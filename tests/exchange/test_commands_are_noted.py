# SPDX-License-Identifier: Apache-2.0
"""Every command that changes something leaves a line in the log of actions and in the ledger. A new one fails until it is classified."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.exchange_parts import PartnerClient, Phone, empty_all_tables, value
from tests.house.command_tree import every_command, is_group

READS = {
    "alerts list",
    "alerts test",
    "backup list",
    "backup verify",
    "bank list",
    "bank test",
    "doctor",
    "flag list",
    "flag show",
    "fsck",
    "keys list",
    "operator list",
    "partner list",
    "quarantine list",
    "quarantine show",
    "receipt verify",
    "under-attack status",
}
NOT_NOTED = {
    "alerts ack": "it works while the database does not, and changes nothing but who is told",
    "backup now": "it changes nothing in the exchange, and is run by the clock",
    "expire": "without options it does what `serve` does by itself every minute",
    "migrate": "before it there may be no log",
    "serve": "it is the exchange itself",
}
"""Commands that leave no line, and why."""


class World:
    """What the commands are run against."""

    def __init__(self, exchange: Context, phone: Phone, partner: PartnerClient, folder: Path) -> None:
        self.exchange, self.phone, self.partner, self.folder = exchange, phone, partner, folder
        self.hashes = folder / "hashes.txt"
        self.hashes.write_text(value(1) + "\n")

    def suspended(self) -> str:
        from stillmine.exchange.quarantine.actions import add_bank
        from stillmine.exchange.quarantine.bank_files import read_bank

        add_bank(self.exchange, "Example list", read_bank(self.hashes))
        return self.phone.open(1).fingerprints[0].id

    def flagged(self) -> str:
        from stillmine.exchange.protection.flags import flag
        from stillmine.exchange.rows.intake import FlagReason
        from stillmine.exchange.transaction.tx import tx

        [fingerprint] = self.phone.open(2).fingerprints
        with tx("test.flag", self.exchange.clock) as transaction:
            flag(self.exchange, transaction, [fingerprint.id], FlagReason.FOUND_TOO_OFTEN)
        return fingerprint.id

    def bank(self) -> str:
        self.suspended()
        return "Example list"

    def operator(self) -> str:
        from stillmine.exchange.console.operators import add_operator
        from stillmine.exchange.rows.console import Role

        return add_operator(self.exchange, "Mia", Role.MANAGER)[0].name

    def backup(self) -> str:
        from stillmine.exchange.backup.dump import back_up

        back_up(self.exchange, self.folder)
        empty_all_tables()
        return str(self.folder)


CHANGES: dict[str, tuple[Callable[[World], list[str]], str, str]] = {
    "bank add": (lambda world: [str(world.hashes), "--name", "Example list"], "bank_added", "Example list"),
    "bank remove": (lambda world: [world.bank()], "bank_removed", "Example list"),
    "bank sweep": (lambda world: [], "bank_swept", ""),
    "expire --confirm-clock": (lambda world: [], "clock_confirmed", ""),
    "expire --undo": (lambda world: ["72h"], "expiry_undone", ""),
    "flag leave": (lambda world: [world.flagged()], "flag_left", "flag {flag}"),
    "flag suspend": (lambda world: [world.flagged()], "flag_suspended", "flag {flag}"),
    "keys rotate": (lambda world: [], "keys_rotated", ""),
    "operator add": (lambda world: ["Mia", "--role", "manager"], "operator_added", "Mia"),
    "operator remove": (lambda world: [world.operator()], "operator_removed", "Mia"),
    "operator reset": (lambda world: [world.operator()], "operator_reset", "Mia"),
    "partner add": (lambda world: ["Example Video"], "partner_added", "Example Video"),
    "partner drill": (lambda world: ["Example Social", "--end"], "drill_ended", "Example Social"),
    "partner key add": (lambda world: ["example social"], "key_added", "Example Social"),
    "partner key revoke": (lambda world: [world.partner.key], "key_revoked", "{key_id}"),
    "partner key rotate": (lambda world: ["Example Social"], "key_rotated", "Example Social"),
    "partner publish": (lambda world: ["example social", "--site", "imgur"], "partner_changed", "Example Social"),
    "partner revoke": (lambda world: ["Example Social"], "partner_revoked", "Example Social"),
    "partner set": (lambda world: ["Example Social", "--quota", "7"], "partner_changed", "Example Social"),
    "partner unpublish": (lambda world: ["Example Social"], "partner_changed", "Example Social"),
    "quarantine keep": (lambda world: [world.suspended()], "suspension_kept", "suspension {suspension}"),
    "quarantine restore": (lambda world: [world.suspended()], "suspension_restored", "suspension {suspension}"),
    "restore": (lambda world: [world.backup()], "backup_restored", ""),
    "under-attack off": (lambda world: [], "proof_of_work_off", ""),
    "under-attack on": (lambda world: [], "proof_of_work_on", ""),
}


def all_commands() -> Iterator[str]:
    from stillmine.exchange.commands.program import app

    return (path for path, command in every_command(app, "") if not is_group(command))


@pytest.fixture
def world(exchange: Context, phone: Phone, partner: PartnerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The commands find the exchange of this test."""
    monkeypatch.setattr("stillmine.exchange.commands.command_line.configure", lambda _: exchange)
    monkeypatch.setattr("stillmine.exchange.commands.command_line.require_ready", lambda _: None)
    return World(exchange, phone, partner, tmp_path)


def lines() -> list[tuple[str, str, str, str]]:
    from stillmine.exchange.rows.console import LogLine

    return list(LogLine.objects.order_by("id").values_list("operator", "action", "target", "outcome"))


def numbers() -> dict[str, int | None]:
    """The newest flag's and suspension's number: what was decided about is named by it, as in the console."""
    from django.db.models import Max

    from stillmine.exchange.rows.intake import Flag, Suspension

    return {model.__name__.lower(): model.objects.aggregate(newest=Max("id"))["newest"] for model in (Flag, Suspension)}


def run(*arguments: str) -> None:
    from stillmine.exchange.commands.program import app

    CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_every_command_is_classified(exchange: Context) -> None:
    changes = {command.partition(" --")[0] for command in CHANGES} - {"expire"}
    assert set(all_commands()) == READS | NOT_NOTED.keys() | changes
    assert not changes & (READS | NOT_NOTED.keys())


@pytest.mark.parametrize("command", sorted(CHANGES))
def test_a_command_that_changes_something_leaves_its_line(world: World, command: str) -> None:
    from stillmine.exchange.rows.log import Leaf

    arguments, action, target = CHANGES[command]
    prepared = arguments(world)
    before = len(lines())
    run(*command.split(), *prepared)
    wanted = ("command line", action, target.format(key_id=world.partner.key.split("_")[1], **numbers()), "done")
    assert wanted in lines()[before:]
    assert Leaf.objects.filter(text__contains=f'"{action}"').exists()
    assert world.partner.key not in str(lines())


def test_what_is_refused_leaves_its_line_and_nothing_of_a_name_that_nobody_has(world: World) -> None:
    before = len(lines())
    for arguments in (("partner", "revoke", "nobody"), ("bank", "remove", "nobody"), ("partner", "key", "revoke", "no key at all")):
        with pytest.raises(NotConfiguredError):
            run(*arguments)
    refused = [("command line", action, "", "refused") for action in ("partner_revoked", "bank_removed", "key_revoked")]
    assert lines()[before:] == refused


def test_a_drill_that_was_run_leaves_its_line(world: World, tmp_path: Path) -> None:
    from stillmine.exchange.partners.actions import set_partner

    set_partner(world.exchange, "Example Social", Way.LIST)
    run("partner", "drill", "Example Social", "--wait", "0m", "--watch", "0m", "--picture", str(tmp_path / "drill.png"))
    assert ("command line", "drill_run", "Example Social", "done") in lines()
    run("partner", "drill", "Example Social", "--end")
