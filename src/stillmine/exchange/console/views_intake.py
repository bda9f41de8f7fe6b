# SPDX-License-Identifier: Apache-2.0
"""Quarantine and the negative bank: decide on reasons and counts alone, because there is no picture to look at.

Nothing is added to the bank here: pictures must not be sent to the exchange, so that is done where they lie, on the command line.
"""

from collections.abc import Callable, Mapping

from django.http import HttpResponse

from stillmine.exchange.console.log import logged
from stillmine.exchange.console.pages import Visit, redirect, show
from stillmine.exchange.console.waiting import (
    REASONS,
    fingerprint_of,
    flagged_fingerprint,
    flagged_items,
    votes_on,
    waiting,
    why,
    why_flagged,
)
from stillmine.exchange.quarantine.actions import keep_suspended, leave_flagged, remove_bank, restore_suspended, suspend_flagged
from stillmine.exchange.quarantine.queries import banks
from stillmine.exchange.rows.intake import Bank
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import MalformedMessageError, NotFoundError

Decisions = Mapping[str, tuple[str, Callable[[Context, str], list[str]]]]
"""Of each choice in a form: the action's name in the log, and what does it."""

_DECISIONS: Decisions = {"restore": ("suspension_restored", restore_suspended), "keep": ("suspension_kept", keep_suspended)}
_FLAG_DECISIONS: Decisions = {"leave": ("flag_left", leave_flagged), "suspend": ("flag_suspended", suspend_flagged)}


def show_queue(visit: Visit) -> HttpResponse:
    """GET /console/quarantine."""
    is_all = visit.request.GET.get("show") == "all"
    return show(visit, "quarantine", waiting=waiting(is_all), is_all=is_all, flagged=flagged_items())


def show_suspension(visit: Visit, number: int) -> HttpResponse:
    """GET /console/quarantine/<number>."""
    item, found = why(number)
    before = [(REASONS[reason], at, decision, decided_at) for reason, at, decision, decided_at in found.before]
    votes = votes_on(found.suspended.fingerprint_ids)
    return show(visit, "suspension", item=item, statements=found.statements, votes=votes, before=before)


def take_decision(visit: Visit, number: int) -> HttpResponse:
    """POST /console/quarantine/<number>."""
    return _decided(visit, _DECISIONS, f"suspension {number}", lambda: fingerprint_of(number))


def show_flag(visit: Visit, flag_number: int) -> HttpResponse:
    """GET /console/flags/<number>."""
    item, statements, ids = why_flagged(flag_number)
    return show(visit, "flag", item=item, statements=statements, votes=votes_on(ids))


def take_flag_decision(visit: Visit, flag_number: int) -> HttpResponse:
    """POST /console/flags/<number>."""
    return _decided(visit, _FLAG_DECISIONS, f"flag {flag_number}", lambda: flagged_fingerprint(flag_number))


def _decided(visit: Visit, decisions: Decisions, target: str, fingerprint: Callable[[], str]) -> HttpResponse:
    """Do what was chosen; the line in the log is written before the number is looked up, so that a refused try stands there too."""
    chosen = decisions.get(visit.typed("decision"))
    if chosen is None:
        raise MalformedMessageError("decision")
    action, decide = chosen
    with logged(visit.exchange, visit.operator.name, action, target):
        decide(visit.exchange, fingerprint())
    return redirect("/console/quarantine")


def show_banks(visit: Visit) -> HttpResponse:
    """GET /console/bank."""
    return show(visit, "bank", banks=banks())


def show_remove_bank(visit: Visit, bank_id: int) -> HttpResponse:
    """GET /console/bank/<id>/remove."""
    return show(visit, "bank_remove", bank=_bank(bank_id))


def take_remove_bank(visit: Visit, bank_id: int) -> HttpResponse:
    """POST /console/bank/<id>/remove."""
    bank = _bank(bank_id)
    with logged(visit.exchange, visit.operator.name, "bank_removed", bank.name):
        remove_bank(visit.exchange, bank.name)
    return redirect("/console/bank")


def _bank(bank_id: int) -> Bank:
    found = Bank.objects.filter(id=bank_id).first()
    if found is None:
        raise NotFoundError
    return found
