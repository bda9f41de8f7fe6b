# SPDX-License-Identifier: Apache-2.0
"""What the console's pages show and do, who may open them, and what they must never show."""

import re

import httpx
import pytest
from django.db.models import Model
from django.test import override_settings

from stillmine.exchange.ground.headers import CONSOLE_POLICY
from stillmine.exchange.transaction.context import Context
from tests.exchange.console_parts import Desk, log_lines
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, feedback_on, suspend, value

ROUTES = {
    "GET console": "anybody",
    "GET console/": "reviewer",
    "GET console/console.css": "anybody",
    "GET console/sign-in": "anybody",
    "POST console/sign-in": "anybody",
    "POST console/sign-out": "reviewer",
    "GET console/enrol": "anybody",
    "POST console/enrol": "anybody",
    "GET console/enrol/password": "enrolling",
    "POST console/enrol/password": "enrolling",
    "GET console/partners": "reviewer",
    "GET console/partners/add": "manager",
    "POST console/partners/add": "manager",
    "GET console/partners/<int:partner_id>": "reviewer",
    "GET console/partners/<int:partner_id>/revoke": "manager",
    "POST console/partners/<int:partner_id>/revoke": "manager",
    "GET console/partners/<int:partner_id>/change": "manager",
    "POST console/partners/<int:partner_id>/change": "manager",
    "GET console/partners/<int:partner_id>/naming": "manager",
    "POST console/partners/<int:partner_id>/naming": "manager",
    "GET console/partners/<int:partner_id>/keys/add": "manager",
    "POST console/partners/<int:partner_id>/keys/add": "manager",
    "GET console/partners/<int:partner_id>/keys/<int:key_number>/revoke": "manager",
    "POST console/partners/<int:partner_id>/keys/<int:key_number>/revoke": "manager",
    "GET console/quarantine": "reviewer",
    "GET console/quarantine/<int:number>": "reviewer",
    "POST console/quarantine/<int:number>": "reviewer",
    "GET console/flags/<int:flag_number>": "reviewer",
    "POST console/flags/<int:flag_number>": "reviewer",
    "GET console/statistics": "reviewer",
    "GET console/health": "reviewer",
    "POST console/health": "reviewer",
    "GET console/bank": "manager",
    "GET console/bank/<int:bank_id>/remove": "manager",
    "POST console/bank/<int:bank_id>/remove": "manager",
    "GET console/operators": "manager",
    "GET console/settings": "manager",
    "GET console/log": "manager",
}


@pytest.fixture
def held(exchange: Context, phone: Phone) -> str:
    """A bank and a case with a fingerprint that it holds, and one that is flagged; returns the value of the held one."""
    from stillmine.exchange.protection.flags import flag
    from stillmine.exchange.quarantine.actions import add_bank
    from stillmine.exchange.quarantine.bank_files import BankSource
    from stillmine.exchange.rows.intake import FlagReason
    from stillmine.exchange.transaction.tx import tx

    add_bank(exchange, "Flags", BankSource((bytes.fromhex(value(7)),), 1))
    _, other = phone.open(7, 8).fingerprints
    with tx("test.flag", exchange.clock) as transaction:
        flag(exchange, transaction, [other.id], FlagReason.FOUND_TOO_OFTEN)
    return value(7)


@pytest.fixture
def reviewer(exchange: Context, clock: Clock) -> Desk:
    return Desk.enrolled(exchange, clock, "Rita Reviewer", "reviewer")


def address(route: str) -> str:
    """The route's address, for the first partner and its first key where it names one."""
    from stillmine.exchange.rows.intake import Bank, Flag, Suspension
    from stillmine.exchange.rows.partners import Partner, PartnerKey

    path = "/" + route.split(" ")[1]
    ids: dict[str, type[Model]] = {
        "partner_id": Partner,
        "key_number": PartnerKey,
        "number": Suspension,
        "flag_number": Flag,
        "bank_id": Bank,
    }
    for part, model in ids.items():
        first = model._default_manager.order_by("id").values_list("id", flat=True).first()
        path = path.replace(f"<int:{part}>", str(first or 1))
    return path


def call(desk: Desk, route: str) -> httpx.Response:
    if route.startswith("GET"):
        return desk.get(address(route))
    form = "/console/" if desk.is_signed_in() else "/console/sign-in"
    return desk.post(address(route), form)


def test_every_page_is_classified(exchange: Context) -> None:
    from stillmine.exchange.console.urls import PAGE_ROUTES

    assert {f"{method} {route.path}": route.who.value for route in PAGE_ROUTES for method in route.views} == ROUTES


def test_nobody_gets_in(exchange: Context, clock: Clock, partner: PartnerClient, phone: Phone) -> None:
    phone.open(1)
    for headers in ({}, partner.headers, phone.headers):
        nobody = Desk.beside(exchange, clock, "Nobody")
        nobody.web.headers.update(headers)
        nobody.web.cookies.set("stillmine_console", "0" * 64, domain="exchange.example", path="/console/")
        for route, who in ROUTES.items():
            if who != "anybody":
                answer = call(nobody, route)
                assert (answer.status_code, answer.headers["Location"]) == (303, "/console/sign-in"), route
    assert log_lines() == []


def test_somebody_who_enrols_gets_no_further(exchange: Context, clock: Clock, partner: PartnerClient) -> None:
    from stillmine.exchange.console.operators import add_operator
    from stillmine.exchange.rows.console import Role

    desk = Desk.beside(exchange, clock, "Eva")
    desk.begin_enrolment(add_operator(exchange, "Eva", Role.MANAGER)[1])
    for route, who in ROUTES.items():
        if who in {"reviewer", "manager"}:
            assert call(desk, route).headers["Location"] == "/console/sign-in", route


def test_a_reviewer_is_refused_on_managers_pages(reviewer: Desk, partner: PartnerClient, held: str) -> None:
    for route, who in ROUTES.items():
        if who == "manager":
            answer = call(reviewer, route)
            assert answer.status_code == 403, route
            assert "This page is for managers" in answer.text
        elif who == "reviewer" and route.startswith("GET"):
            page = reviewer.get(address(route))
            assert page.status_code == 200, route
            assert "/revoke" not in page.text
            assert "/console/log" not in page.text
    assert [line[1] for line in log_lines()] == ["operator_added", "enrolment_begun", "enrolled"]


def test_a_manager_gets_everywhere(manager: Desk, partner: PartnerClient, held: str) -> None:
    for route, who in ROUTES.items():
        if route.startswith("GET") and who != "enrolling":
            expected = 303 if route in {"GET console", "GET console/sign-in"} else 200
            assert manager.get(address(route)).status_code == expected, route


def test_wrong_methods_numbers_and_addresses_are_pages(manager: Desk) -> None:
    assert manager.web.put("/console/partners", headers={"Origin": "https://exchange.example"}).status_code == 403
    assert manager.web.delete("/console/").status_code == 403
    for path, status in (
        ("/console/sign-out", 405),
        ("/console/nowhere", 404),
        ("/console/partners/999999", 404),
        ("/console/partners/99999999999999999999999", 404),
        ("/console/log?before=x", 400),
        ("/console/log?before=9223372036854775807", 200),
    ):
        answer = manager.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8"), path
    manager.sign_out()
    assert manager.sign_in(name="a\0b").status_code == 401


def test_no_page_shows_a_value_a_case_or_a_secret(manager: Desk, phone: Phone, held: str, partner: PartnerClient, clock: Clock) -> None:
    from stillmine.exchange.rows.cases import Case, Fingerprint
    from stillmine.exchange.rows.console import Operator, Session
    from stillmine.exchange.rows.feedback import Report
    from stillmine.exchange.rows.partners import Partner, PartnerKey

    phone.add(1, 2, 3)
    partner.sync()
    partner.report(feedback_on(next(iter(partner.entries)), 1))
    phone.withdraw(phone.show().fingerprints[-1].id)
    never = {value(number) for number in (1, 2, 3, 7, 8)}
    for model, columns in (
        (Case, ("case_id", "token_hash")),
        (Fingerprint, ("id", "blind_index")),
        (PartnerKey, ("key_hash",)),
        (Partner, ("random_id",)),
        (Operator, ("random_id", "password_hash", "totp_sealed")),
        (Session, ("token_hash",)),
        (Report, ("feedback_id",)),
    ):
        for row in model.objects.values_list(*columns):
            never |= {text for text in row if text}
    never |= {entry.id for entry in partner.entries.values()} | {partner.key, manager.web.cookies["stillmine_console"]}
    assert len(never) > 15
    pages = [address(route) for route, who in ROUTES.items() if route.startswith("GET") and who not in {"anybody", "enrolling"}]
    for path in pages:
        page = manager.get(path).text
        assert "</html>" in page
        assert not [text for text in never if text in page], path
        assert "<img" not in page
        assert "<script" not in page


def test_pages_come_with_their_own_policy(manager: Desk) -> None:
    for path in ("/console/", "/console/sign-in", "/console/nowhere", "/console/console.css"):
        headers = manager.get(path).headers
        assert headers["Content-Security-Policy"] == CONSOLE_POLICY
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "script" not in CONSOLE_POLICY
    assert "unsafe" not in CONSOLE_POLICY
    assert "img" not in CONSOLE_POLICY


def test_no_page_has_a_style_or_a_script_in_it(manager: Desk, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.console.operators import add_operator
    from stillmine.exchange.rows.console import Role

    desk = Desk.beside(exchange, clock, "Eva")
    desk.begin_enrolment(add_operator(exchange, "Eva", Role.MANAGER)[1])
    for page in (desk.get("/console/enrol/password"), desk.get("/console/sign-in"), manager.get("/console/"), manager.get("/console/log")):
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", page.text)


def test_without_the_option_there_is_no_console(manager: Desk, web: httpx.Client) -> None:
    with override_settings(ROOT_URLCONF="stillmine.exchange.web.urls"):
        for route in ROUTES:
            assert manager.web.request(route.split(" ")[0], "/" + route.split(" ")[1]).status_code == 404, route


def test_names_are_written_as_text(manager: Desk) -> None:
    manager.post("/console/partners/add", "/console/partners/add", name="<b>Bold</b> & Co")
    for path in ("/console/partners", "/console/log"):
        page = manager.get(path).text
        assert "&lt;b&gt;Bold&lt;/b&gt; &amp; Co" in page
        assert "<b>" not in page


def test_an_action_that_is_cut_off_stays_begun(exchange: Context) -> None:
    from stillmine.exchange.console.log import logged

    with pytest.raises(RuntimeError), logged(exchange, "Mia Manager", "partner_added", "Example"):
        raise RuntimeError
    assert log_lines() == [("Mia Manager", "partner_added", "Example", "begun")]


def test_the_log_is_read_page_by_page(manager: Desk, exchange: Context) -> None:
    from stillmine.exchange.console.log import logged

    for number in range(60):
        with logged(exchange, "Mia Manager", "key_added", f"Partner {number}"):
            pass
    first = manager.get("/console/log").text
    older = re.search(r"/console/log\?before=\d+", first)[0]  # type: ignore[index]
    second = manager.get(older).text
    assert ("Partner 59<" in first, "Partner 9<" in first) == (True, False)
    assert ("Partner 9<" in second, "operator added" in second, "?before=" in second) == (True, True, False)


def waiting_number(desk: Desk) -> str:
    found = re.search(r"/console/quarantine/(\d+)", desk.get("/console/quarantine").text)
    assert found
    return found[0]


def test_a_reviewer_decides_in_quarantine(reviewer: Desk, phone: Phone, partner: PartnerClient, held: str) -> None:
    assert "Waiting in quarantine: 1" in reviewer.get("/console/").text
    here = waiting_number(reviewer)
    assert "It is in the negative bank, or near something there" in reviewer.get(here).text
    partner.sync()
    assert partner.active_values() == [value(8)]
    assert reviewer.post(here, here, decision="forget").status_code == 400
    assert reviewer.post(here, here, decision="keep").status_code == 303
    assert "Nothing is waiting for review" in reviewer.get("/console/quarantine").text
    assert f'{here}"' in reviewer.get("/console/quarantine?show=all").text
    assert "kept" in reviewer.get(here).text
    assert reviewer.post(here, here, decision="restore").status_code == 303
    partner.sync()
    assert partner.active_values() == sorted([held, value(8)])
    assert reviewer.get(here).status_code == 409
    number = here.rpartition("/")[2]
    assert [line for line in log_lines() if line[1].startswith("suspension")] == [
        ("Rita Reviewer", "suspension_kept", f"suspension {number}", "done"),
        ("Rita Reviewer", "suspension_restored", f"suspension {number}", "done"),
    ]


def flag_number(desk: Desk) -> str:
    found = re.search(r"/console/flags/(\d+)", desk.get("/console/quarantine").text)
    assert found
    return found[0]


def test_a_reviewer_decides_about_flags(
    reviewer: Desk, indexed: None, phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    phone.open(1)
    for client in (partner, other_partner):
        client.sync()

    def found(first: int) -> None:
        for client in (partner, other_partner):
            client.report(*(feedback_on(next(iter(client.entries)), number) for number in range(first, first + 25)))

    assert "Nothing." in reviewer.get("/console/").text
    found(0)
    assert "Flagged, and matched meanwhile: 1" in reviewer.get("/console/").text
    here = flag_number(reviewer)
    assert "25 in all, 25 count" in reviewer.get(here).text
    assert reviewer.post(here, here, decision="forget").status_code == 400
    assert reviewer.post(here, here, decision="leave").status_code == 303
    assert (reviewer.get(here).status_code, reviewer.get("/console/flags/999").status_code) == (409, 404)
    assert phone.show().fingerprints[0].state == "active"
    reviewer.clock.forward(days=7)
    reviewer.sign_in()
    found(100)
    newer = flag_number(reviewer)
    assert reviewer.post(newer, newer, decision="suspend").status_code == 303
    assert phone.show().fingerprints[0].suspended_for == "operator"
    actions = [(action, outcome) for _, action, _, outcome in log_lines() if action.startswith("flag")]
    assert actions == [("flag_left", "done"), ("flag_suspended", "done")]


def test_an_old_suspension_opens_nothing_once_there_is_a_new_one(reviewer: Desk, phone: Phone, exchange: Context, held: str) -> None:
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.wire.case import SuspensionReason

    here = waiting_number(reviewer)
    reviewer.post(here, here, decision="restore")
    suspend(exchange, list(Fingerprint.objects.order_by("position").values_list("id", flat=True)[:1]), SuspensionReason.OPERATOR)
    assert reviewer.get(here).status_code == 409
    assert reviewer.post(here, "/console/", decision="restore").status_code == 409
    new = waiting_number(reviewer)
    assert new != here
    assert "An operator suspended it" in reviewer.get(new).text
    assert "Decided before" in reviewer.get(new).text


def test_what_partners_say_is_shown_beside_a_suspension(
    reviewer: Desk, phone: Phone, partner: PartnerClient, other_partner: PartnerClient
) -> None:
    phone.open(1)
    for client in (partner, other_partner):
        client.sync()
        client.report(feedback_on(next(iter(client.entries)), 1), feedback_on(next(iter(client.entries)), 2, "not_removed", "not_intimate"))
    page = reviewer.get(waiting_number(reviewer)).text
    assert "22 Nov 2026, Example Social</dt><dd>1 in all, 1 count<" in page
    assert page.count("not_removed: not_intimate") == 2


def test_a_manager_removes_a_list_of_the_bank(manager: Desk, held: str) -> None:
    from stillmine.exchange.rows.intake import Bank

    page = manager.get("/console/bank").text
    assert ("Flags" in page, "1 file," in page) == (True, True)
    here = re.search(r"/console/bank/\d+/remove", page)[0]  # type: ignore[index]
    assert manager.post(here, here).status_code == 303
    assert Bank.objects.count() == 0
    assert manager.get(here).status_code == 404
    assert ("Mia Manager", "bank_removed", "Flags", "done") in log_lines()


def test_votes_are_shown_beside_a_suspension(reviewer: Desk, phone: Phone, partner: PartnerClient, held: str, exchange: Context) -> None:
    from stillmine.exchange.partners.opaque import partner_ids
    from stillmine.exchange.rows.partners import Partner

    own = partner_ids(exchange.secret, Partner.objects.get().random_id)
    entries = own.entry_ids([row.id for row in phone.show().fingerprints])
    votes = [
        {"vote_id": f"{number:032x}", "fingerprint_id": entry, "vote": "disagree", "reason": "lawful_publication"}
        for number, entry in enumerate(entries)
    ]
    answer = partner.web.post("/api/v1/votes", json={"version": 1, "votes": votes}, headers=partner.headers)
    assert (answer.status_code, answer.json()["unknown"]) == (200, [])
    page = reviewer.get(waiting_number(reviewer)).text
    assert "Example Social</dt><dd>disagree: lawful_publication<" in page


def test_statistics_are_the_public_ones(reviewer: Desk, web: httpx.Client, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.statistics.actions import count_yesterday

    nothing = reviewer.get("/console/statistics").text
    assert nothing.count("fewer than ten") > 5
    for number in range(12):
        Phone(web, f"{number:010d}".encode()).open(number + 1)
        clock.forward(minutes=1)
    clock.forward(days=1)
    count_yesterday(exchange)
    assert web.get("/api/v1/statistics").json()["totals"]["cases_opened"] == 10
    clock.forward(seconds=30)
    assert reviewer.sign_in().status_code == 303
    page = reviewer.get("/console/statistics").text
    assert "Cases opened</dt><dd>10<" in page
    shown = re.findall(r"<dd>(.*?)</dd>", page)
    assert len(shown) > 10
    assert "12" not in shown
    assert "<h2>2026-11</h2>" in page


def test_what_operators_do_is_in_the_ledger_and_signing_in_is_not(manager: Desk, clock: Clock) -> None:
    from stillmine.exchange.rows.log import Leaf
    from stillmine.ledger.entry import EventName, read_entry

    manager.post("/console/partners/add", "/console/partners/add", name="Example Social")
    manager.post("/console/partners/add", "/console/partners/add", name="Example Social")
    manager.sign_out()
    manager.sign_in(password="a wrong one")
    entries = [read_entry(text) for text in Leaf.objects.order_by("place").values_list("text", flat=True)]
    acts = [dict(entry.details) for entry in entries if entry.event is EventName.OPERATOR_ACTED]
    added = {"operator": "Mia Manager", "action": "partner_added", "target": "Example Social"}
    assert acts == [{"operator": "command line", "action": "operator_added", "target": "Mia Manager"}, added, added]
    assert [entry.event for entry in entries].count(EventName.PARTNER_ADDED) == 1


def test_a_reviewer_hears_of_a_clock_that_is_doubted_and_of_a_full_disk(
    reviewer: Desk, indexed: None, clock: Clock, exchange: Context
) -> None:
    from stillmine.exchange.ground.reserve import RESERVE_FILE
    from stillmine.exchange.rows.clock import ClockState

    assert "Nothing." in reviewer.get("/console/").text
    ClockState.objects.update(broken_at=clock())
    reserve = exchange.home / RESERVE_FILE
    reserve.touch()
    try:
        page = reviewer.get("/console/").text
    finally:
        reserve.unlink()
    assert "no case ends for now" in page
    assert "The disk is full" in page
    assert "Health</a> says what to do about what is wrong: clock, disk" in page
    assert "Nothing." not in page


def test_the_bank_is_said_to_hold_every_kind(manager: Desk) -> None:
    assert "pictures, videos and sounds" in manager.get("/console/bank").text


def test_the_console_is_found_without_its_last_slash(reviewer: Desk) -> None:
    answer = reviewer.get("/console")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")
