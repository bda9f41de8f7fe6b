# SPDX-License-Identifier: Apache-2.0
"""The exchange's addresses with the console's beside them: what Django is given where the console is on.

The table is what `tests/exchange/test_console_pages.py` walks: a new route fails there until it is classified.
"""

from dataclasses import dataclass

from django.urls import path, re_path

from stillmine.exchange.console import views_entry as entry
from stillmine.exchange.console import views_intake as intake
from stillmine.exchange.console import views_partners as partners
from stillmine.exchange.console import views_record as record
from stillmine.exchange.console.pages import PageView, Who, not_there, page
from stillmine.exchange.web import urls as exchange


@dataclass(frozen=True)
class PageRoute:
    """One address of the console."""

    path: str
    who: Who
    views: dict[str, PageView]


_PARTNER = "console/partners/<int:partner_id>"

PAGE_ROUTES = (
    PageRoute("console", Who.ANYBODY, {"GET": record.show_way}),
    PageRoute("console/", Who.REVIEWER, {"GET": record.show_overview}),
    PageRoute("console/console.css", Who.ANYBODY, {"GET": record.show_stylesheet}),
    PageRoute("console/sign-in", Who.ANYBODY, {"GET": entry.show_sign_in, "POST": entry.take_sign_in}),
    PageRoute("console/sign-out", Who.REVIEWER, {"POST": entry.take_sign_out}),
    PageRoute("console/enrol", Who.ANYBODY, {"GET": entry.show_enrol, "POST": entry.take_enrol}),
    PageRoute("console/enrol/password", Who.ENROLLING, {"GET": entry.show_password, "POST": entry.take_password}),
    PageRoute("console/partners", Who.REVIEWER, {"GET": partners.show_all}),
    PageRoute("console/partners/add", Who.MANAGER, {"GET": partners.show_add, "POST": partners.take_add}),
    PageRoute(_PARTNER, Who.REVIEWER, {"GET": partners.show_one}),
    PageRoute(f"{_PARTNER}/revoke", Who.MANAGER, {"GET": partners.show_revoke, "POST": partners.take_revoke}),
    PageRoute(f"{_PARTNER}/change", Who.MANAGER, {"GET": partners.show_change, "POST": partners.take_change}),
    PageRoute(f"{_PARTNER}/naming", Who.MANAGER, {"GET": partners.show_naming, "POST": partners.take_naming}),
    PageRoute(f"{_PARTNER}/keys/add", Who.MANAGER, {"GET": partners.show_add_key, "POST": partners.take_add_key}),
    PageRoute(f"{_PARTNER}/keys/<int:key_number>/revoke", Who.MANAGER, {"GET": partners.show_revoke_key, "POST": partners.take_revoke_key}),
    PageRoute("console/quarantine", Who.REVIEWER, {"GET": intake.show_queue}),
    PageRoute("console/quarantine/<int:number>", Who.REVIEWER, {"GET": intake.show_suspension, "POST": intake.take_decision}),
    PageRoute("console/flags/<int:flag_number>", Who.REVIEWER, {"GET": intake.show_flag, "POST": intake.take_flag_decision}),
    PageRoute("console/statistics", Who.REVIEWER, {"GET": record.show_statistics}),
    PageRoute("console/health", Who.REVIEWER, {"GET": record.show_health, "POST": record.take_alert}),
    PageRoute("console/bank", Who.MANAGER, {"GET": intake.show_banks}),
    PageRoute("console/bank/<int:bank_id>/remove", Who.MANAGER, {"GET": intake.show_remove_bank, "POST": intake.take_remove_bank}),
    PageRoute("console/operators", Who.MANAGER, {"GET": record.show_operators}),
    PageRoute("console/settings", Who.MANAGER, {"GET": record.show_settings}),
    PageRoute("console/log", Who.MANAGER, {"GET": record.show_log}),
)

urlpatterns = [
    *exchange.urlpatterns,
    *(path(route.path, page(route.who, route.views)) for route in PAGE_ROUTES),
    re_path(r"^console(?:/.*)?$", not_there),
]

handler400 = exchange.handler400
handler404 = exchange.handler404
handler500 = exchange.handler500
