# SPDX-License-Identifier: Apache-2.0
"""What is read, and who takes care of what is wrong: the first page, health, operators, settings, the log, the stylesheet."""

from django.http import HttpResponse

from stillmine.exchange.console.health_lines import health_page
from stillmine.exchange.console.in_force import settings_in_force
from stillmine.exchange.console.log import logged
from stillmine.exchange.console.numbers import numbers
from stillmine.exchange.console.pages import Visit, redirect, show
from stillmine.exchange.console.queries import log_page, operator_lines, overview
from stillmine.exchange.ground.edge import query_number
from stillmine.exchange.health.alert_state import acknowledge, read_state
from stillmine.exchange.settings.console import FOLDER
from stillmine.exchange.transaction.context import to_minute

_LARGEST_NUMBER = 2**63 - 1


def show_overview(visit: Visit) -> HttpResponse:
    """GET /console/."""
    return show(visit, "overview", overview=overview(visit.exchange, to_minute(visit.exchange.clock())))


def show_way(_visit: Visit) -> HttpResponse:
    """GET /console, as people type it: the cookie is for what stands below it."""
    return redirect("/console/")


def show_statistics(visit: Visit) -> HttpResponse:
    """GET /console/statistics."""
    return show(visit, "statistics", numbers=numbers())


def show_health(visit: Visit) -> HttpResponse:
    """GET /console/health."""
    return show(visit, "health", page=health_page(visit.exchange))


def take_alert(visit: Visit) -> HttpResponse:
    """POST /console/health: somebody takes care of what people were told."""
    part = visit.typed("part")
    if part in read_state(visit.exchange.home).alerts:  # else it is over meanwhile, or was never there
        with logged(visit.exchange, visit.operator.name, "alert_acknowledged", part):
            acknowledge(visit.exchange, [part])
    return redirect("/console/health")


def show_operators(visit: Visit) -> HttpResponse:
    """GET /console/operators."""
    return show(visit, "operators", operators=operator_lines(), now=to_minute(visit.exchange.clock()))


def show_settings(visit: Visit) -> HttpResponse:
    """GET /console/settings."""
    return show(visit, "settings", settings=settings_in_force(visit.exchange))


def show_log(visit: Visit) -> HttpResponse:
    """GET /console/log."""
    before = query_number(visit.request, "before", 0, 0, _LARGEST_NUMBER) or None
    return show(visit, "log", page=log_page(before), before=before)


def show_stylesheet(_visit: Visit) -> HttpResponse:
    """GET /console/console.css."""
    return HttpResponse((FOLDER / "console.css").read_bytes(), content_type="text/css; charset=utf-8")
