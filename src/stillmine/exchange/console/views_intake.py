# SPDX-License-Identifier: Apache-2.0
"""Quarantine and the negative bank: decide on reasons and counts alone, because there is no picture to look at.

Nothing is added to the bank here: pictures must not be sent to the exchange, so that is done where they lie, on the command line.
"""

from django.http import HttpResponse

from stillmine.exchange.console.log import logged
from stillmine.exchange.console.pages import Visit, redirect, show
from stillmine.exchange.console.waiting import REASONS, fingerprint_of, votes_on, waiting, why
from stillmine.exchange.intake.actions import keep_suspended, remove_bank, restore_suspended
from stillmine.exchange.intake.models import Bank
from stillmine.exchange.intake.queries import banks
from stillmine.wire.errors import MalformedMessageError, NotFoundError

_DECISIONS = {"restore": ("suspension_restored", restore_suspended), "keep": ("suspension_kept", keep_suspended)}


def show_queue(visit: Visit) -> HttpResponse:
    """GET /console/quarantine."""
    is_all = visit.request.GET.get("show") == "all"
    return show(visit, "quarantine", waiting=waiting(is_all), is_all=is_all)


def show_suspension(visit: Visit, number: int) -> HttpResponse:
    """GET /console/quarantine/<number>."""
    item, found = why(number)
    before = [(REASONS[reason], at, decision, decided_at) for reason, at, decision, decided_at in found.before]
    votes = votes_on(found.suspended.fingerprint_ids)
    return show(visit, "suspension", item=item, uploads=found.uploads, decisions=found.decisions, votes=votes, before=before)


def take_decision(visit: Visit, number: int) -> HttpResponse:
    """POST /console/quarantine/<number>."""
    chosen = _DECISIONS.get(visit.typed("decision"))
    if chosen is None:
        raise MalformedMessageError("decision")
    action, decide = chosen
    with logged(visit.exchange, visit.operator.name, action, f"suspension {number}"):
        decide(visit.exchange, fingerprint_of(number))
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
