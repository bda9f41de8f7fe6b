# SPDX-License-Identifier: Apache-2.0
"""What an operator changes about intake: the negative bank, suspended and flagged fingerprints, and whether we are under attack.

Command line and console call the same functions.
"""

from collections.abc import Iterator

from django.db import IntegrityError

from stillmine.exchange.gate.bank import PART_VALUES
from stillmine.exchange.gate.work import GUARD_ID
from stillmine.exchange.log.actions import record
from stillmine.exchange.protection.actions import restore, suspend
from stillmine.exchange.protection.flags import decide_flags
from stillmine.exchange.protection.sequence import append_changes, lock_head
from stillmine.exchange.protection.suspensions import note_decision
from stillmine.exchange.quarantine.bank_files import BankSource
from stillmine.exchange.quarantine.queries import flagged_with, suspended_with
from stillmine.exchange.rows.intake import Bank, BankPart, Decision, FlagDecision, Guard
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.ledger.entry import EventName
from stillmine.wire.case import FingerprintState, SuspensionReason
from stillmine.wire.errors import ConflictError, NotConfiguredError
from stillmine.wire.kinds import KIND_RULES, Kind

_NAME_SIGNS = 60


def add_bank(exchange: Context, name: str, source: BankSource) -> Bank:
    """Add one list, whole; raises NotConfiguredError for a name that is taken or does not have 1 to 60 printable characters."""
    wanted = name.strip()
    if not (1 <= len(wanted) <= _NAME_SIGNS and wanted.isprintable()):
        raise NotConfiguredError(f"--name: 1 to {_NAME_SIGNS} printable characters")
    key = wanted.casefold()
    try:
        with tx("intake.add_bank", exchange.clock) as transaction:
            if Bank.objects.filter(name_key=key).exists():
                raise _name_is_taken()
            bank = Bank.objects.create(name=wanted, name_key=key, added_at=transaction.now, pictures=source.pictures)
            BankPart.objects.bulk_create(_parts(bank, source), batch_size=32)
            _record_bank(exchange, transaction, bank, "added")
            return bank
    except IntegrityError:  # somebody else took it at the same moment
        raise _name_is_taken() from None


def _name_is_taken() -> NotConfiguredError:
    return NotConfiguredError("--name: there is already a list with this name. Remove it first, or choose another name")


def _parts(bank: Bank, source: BankSource) -> Iterator[BankPart]:
    by_kind: dict[Kind, list[bytes]] = {Kind.PDQ: list(source.values)}
    for kind, value in source.others:
        by_kind.setdefault(kind, []).append(value)
    for kind, values in by_kind.items():
        at_once = PART_VALUES if KIND_RULES[kind].fixed_bytes is not None else 1
        for place, first in enumerate(range(0, len(values), at_once)):
            yield BankPart(bank=bank, kind=kind.value, place=place, values=b"".join(values[first : first + at_once]))


def remove_bank(exchange: Context, name: str) -> int:
    """Remove one list; returns how many files it held. Raises NotConfiguredError if no list has that name."""
    with tx("intake.remove_bank", exchange.clock) as transaction:
        bank = Bank.objects.filter(name_key=name.strip().casefold()).first()
        if bank is None:
            raise NotConfiguredError("NAME: no list has this name. See: stillmine exchange bank list")
        bank.delete()
        _record_bank(exchange, transaction, bank, "removed")
        return bank.pictures


def _record_bank(exchange: Context, transaction: Transaction, bank: Bank, change: str) -> None:
    details = {"change": change, "name": bank.name, "pictures": str(bank.pictures)}
    record(exchange, transaction, EventName.BANK_CHANGED, details=details)


def restore_suspended(exchange: Context, fingerprint_id: str) -> list[str]:
    """Make a suspended fingerprint active again, with what was suspended for the same reason of the same file; returns which.

    Raises FingerprintNotFoundError, or ConflictError where it is not suspended.
    """
    ids = suspended_with(fingerprint_id)
    with tx("cases.restore", exchange.clock) as transaction:
        moved = restore(exchange, transaction, ids, Decision.RESTORED)
    if fingerprint_id not in moved:
        raise ConflictError("not suspended")
    return moved


def keep_suspended(exchange: Context, fingerprint_id: str) -> list[str]:
    """Leave it suspended for good and take it from the queue, with the same as `restore_suspended`, and its errors."""
    with tx("intake.keep_suspended", exchange.clock) as transaction:
        ids = suspended_with(fingerprint_id)
        note_decision(transaction, ids, Decision.KEPT)
        return ids


def leave_flagged(exchange: Context, fingerprint_id: str) -> list[str]:
    """Say that a flagged fingerprint is in order, with what is flagged for the same reason of the same file; returns which.

    Raises FingerprintNotFoundError, or ConflictError where it is not flagged.
    """
    with tx("intake.leave_flagged", exchange.clock) as transaction:
        lock_head(transaction)
        ids = flagged_with(fingerprint_id).fingerprint_ids
        decide_flags(transaction, ids, FlagDecision.LEFT)
        append_changes(exchange, transaction, ids, FingerprintState.ACTIVE)
        return ids


def suspend_flagged(exchange: Context, fingerprint_id: str) -> list[str]:
    """Suspend a flagged fingerprint, with the same as `leave_flagged`, and its errors."""
    with tx("intake.suspend_flagged", exchange.clock) as transaction:
        lock_head(transaction)
        ids = flagged_with(fingerprint_id).fingerprint_ids
        decide_flags(transaction, ids, FlagDecision.SUSPENDED)
        suspend(exchange, transaction, ids, SuspensionReason.OPERATOR)
        note_decision(transaction, ids, Decision.KEPT)
        return ids


def set_under_attack(exchange: Context, is_under_attack: bool) -> None:
    """Say that opening a case and adding to one need proof of work until this is taken back, or take it back."""
    with tx("intake.set_under_attack", exchange.clock) as transaction:
        Guard.objects.update_or_create(id=GUARD_ID, defaults={"is_under_attack": is_under_attack, "changed_at": transaction.now})
        record(exchange, transaction, EventName.SETTINGS_CHANGED, details={"proof_of_work": "on" if is_under_attack else "off"})
