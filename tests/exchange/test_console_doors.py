# SPDX-License-Identifier: Apache-2.0
"""Getting into the console, and all the ways not to: through HTTP, with everything that a real request goes through."""

import re

import httpx
import pytest
from django.test import override_settings

from stillmine.exchange.transaction.context import Context
from tests.exchange.console_parts import ORIGIN, PASSWORD, Desk, log_lines
from tests.exchange.exchange_parts import Clock


@pytest.fixture
def manager(exchange: Context, clock: Clock) -> Desk:
    return Desk.enrolled(exchange, clock, "Mia Manager", "manager")


def next_code(clock: Clock) -> None:
    clock.forward(seconds=30)


def shown(answer: httpx.Response) -> str:
    """The page without its form token, which differs every time."""
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", answer.text)


def test_enrolment_signs_in_and_the_next_sign_in_needs_all_three(manager: Desk, clock: Clock) -> None:
    assert manager.is_signed_in()
    manager.sign_out()
    assert not manager.is_signed_in()
    next_code(clock)
    assert manager.sign_in().status_code == 303
    assert manager.is_signed_in()
    assert [line[1:] for line in log_lines()] == [
        ("operator_added", "Mia Manager", "done"),
        ("enrolment_begun", "", "done"),
        ("enrolled", "", "done"),
        ("signed_out", "", "done"),
        ("signed_in", "", "done"),
    ]


def test_every_wrong_part_gets_the_same_answer(manager: Desk, clock: Clock) -> None:
    manager.sign_out()
    next_code(clock)
    right = manager.code()
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    answers = [
        manager.sign_in(password="four unrelated words hero"),
        manager.sign_in(code=wrong),
        manager.sign_in(code=""),
        manager.sign_in(password=""),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({shown(answer) for answer in answers}) == 1
    unknown = manager.sign_in(name="Nina Nobody")
    assert unknown.status_code == 401
    assert shown(unknown).replace("Nina Nobody", manager.name) == shown(answers[0])
    assert "Nina" not in str(log_lines())
    assert manager.sign_in().status_code == 303


def test_an_unknown_name_costs_the_same_hash(manager: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import extract_parameters

    from stillmine.exchange.console import passwords, signing_in
    from stillmine.exchange.rows.console import Operator

    compared: list[str] = []

    def noted(stored: str, password: str) -> bool:
        compared.append(stored)
        return passwords.is_password(stored, password)

    monkeypatch.setattr(signing_in, "is_password", noted)
    manager.sign_out()
    manager.sign_in(name="Nina Nobody")
    manager.sign_in(password="wrong password")
    assert compared[0] == passwords.NO_PASSWORD
    assert compared[1] == Operator.objects.get().password_hash
    assert extract_parameters(compared[0]) == extract_parameters(compared[1])


def test_a_code_works_once_and_no_older_one_after_it(manager: Desk, clock: Clock) -> None:
    manager.sign_out()
    next_code(clock)
    code = manager.code()
    assert manager.sign_in(code=code).status_code == 303
    manager.sign_out()
    assert manager.sign_in(code=code).status_code == 401
    clock.forward(seconds=60)
    late = manager.code()
    next_code(clock)
    assert manager.sign_in(code=late).status_code == 303  # one step behind
    manager.sign_out()
    clock.forward(seconds=-30)
    assert manager.sign_in().status_code == 401  # the clock was set back: the step before the accepted one


@pytest.mark.parametrize(("steps", "expected"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
def test_the_phone_may_be_one_step_off(manager: Desk, clock: Clock, steps: int, expected: int) -> None:
    manager.sign_out()
    clock.forward(minutes=5)
    clock.forward(seconds=30 * steps)
    code = manager.code()
    clock.forward(seconds=-30 * steps)
    assert manager.sign_in(code=f"{code[:3]} {code[3:]}").status_code == expected


def test_enrolment_refuses_wrong_and_old_codes_and_weak_passwords(exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.console.operators import add_operator
    from stillmine.exchange.rows.console import Role

    code = add_operator(exchange, "Rita", Role.REVIEWER)[1]
    desk = Desk.beside(exchange, clock, "Rita")
    assert desk.get("/console/enrol/password").headers["Location"] == "/console/sign-in"
    assert desk.begin_enrolment("AAAA-" * 6).status_code == 401
    nobody = Desk.beside(exchange, clock, "Nobody")
    assert nobody.begin_enrolment(code).status_code == 401
    clock.forward(hours=24)
    assert desk.begin_enrolment(code).status_code == 401
    clock.forward(minutes=-1)
    assert desk.begin_enrolment(code.lower().replace("-", " ")).status_code == 303
    assert not desk.is_signed_in()  # a session that enrols opens nothing else
    for password, repeated in (("elevensigns", None), ("x" * 257, None), (PASSWORD, PASSWORD + "!")):
        refused = desk.finish_enrolment(password, repeated)
        assert (refused.status_code, password in refused.text) == (422, False)
    assert desk.finish_enrolment(code="000000").status_code == 422
    desk.finish_enrolment()
    assert desk.is_signed_in()
    assert desk.begin_enrolment(code).status_code == 401  # it works once


def test_sessions_end_when_idle_and_after_eight_hours(manager: Desk, clock: Clock, exchange: Context) -> None:
    from stillmine.exchange.console.sessions import forget_ended_sessions
    from stillmine.exchange.rows.console import Session

    for _ in range(16):
        clock.forward(minutes=29)
        assert manager.is_signed_in()
    clock.forward(minutes=17)
    assert not manager.is_signed_in()  # 8 hours and 1 minute
    assert manager.sign_in().status_code == 303
    clock.forward(minutes=30)
    assert not manager.is_signed_in()
    assert forget_ended_sessions(exchange) == Session.objects.count() + 2


def test_removing_and_resetting_an_operator_ends_sessions(manager: Desk, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.console.operators import remove_operator, reset_operator

    code = reset_operator(exchange, "mia manager")[1]
    assert not manager.is_signed_in()
    next_code(clock)
    assert manager.sign_in().status_code == 401
    manager.enrol(code)
    assert manager.is_signed_in()
    remove_operator(exchange, manager.name)
    assert not manager.is_signed_in()
    next_code(clock)
    assert manager.sign_in().status_code == 401
    assert log_lines()[-2:] == [("command line", "operator_removed", "Mia Manager", "done"), ("", "signed_in", "", "refused")]


def test_a_name_that_is_guessed_from_elsewhere_still_signs_in(manager: Desk, exchange: Context, clock: Clock) -> None:
    manager.sign_out()
    clock.forward(minutes=10)
    for number in range(25):
        desk = Desk.beside(exchange, clock, manager.name, f"203.0.{number}.1")
        assert desk.sign_in(password="a wrong one", code="000000").status_code == 401
    assert manager.sign_in().status_code == 303


def test_wrong_tries_are_limited_for_a_name_from_one_network(manager: Desk, exchange: Context, clock: Clock) -> None:
    manager.sign_out()
    clock.forward(minutes=10)
    guessing = Desk.beside(exchange, clock, manager.name, "203.0.113.1")
    for _ in range(10):
        assert guessing.sign_in(password="a wrong one", code="000000").status_code == 401
    limited = guessing.sign_in(password="a wrong one", code="000000")
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "600")
    assert Desk.beside(exchange, clock, "MIA MANAGER ", "203.0.113.99").sign_in(code="000000").status_code == 429
    assert Desk.beside(exchange, clock, "Rita Reviewer", "203.0.113.99").sign_in(code="000000").status_code == 401
    clock.forward(minutes=10)
    assert guessing.sign_in(code="000000").status_code == 401


def test_right_sign_ins_are_not_counted(manager: Desk, clock: Clock) -> None:
    clock.forward(minutes=10)
    for _ in range(12):
        manager.sign_out()
        next_code(clock)
        assert manager.sign_in().status_code == 303


def test_no_number_of_wrong_enrolment_codes_keeps_the_right_one_out(exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.console.operators import add_operator
    from stillmine.exchange.rows.console import Role

    code = add_operator(exchange, "Rita", Role.REVIEWER)[1]
    desk = Desk.beside(exchange, clock, "Rita")
    for number in range(20):
        assert desk.begin_enrolment(f"{number:024d}").status_code == 401
    assert desk.begin_enrolment("0" * 24).status_code == 429
    desk.enrol(code)
    assert desk.is_signed_in()


def test_few_passwords_are_hashed_at_once_and_who_finds_no_room_loses_nothing(
    manager: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillmine.exchange.console import passwords
    from stillmine.exchange.rows.limits import Attempts

    manager.sign_out()
    clock.forward(minutes=10)
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    with passwords._hashing(), passwords._hashing():
        busy = manager.sign_in()
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
    assert not Attempts.objects.filter(minute=clock().replace(second=0, microsecond=0), count__gt=0).exists()
    assert manager.sign_in().status_code == 303


def test_tries_are_limited_for_a_network_whatever_the_name(manager: Desk, exchange: Context, clock: Clock) -> None:
    manager.sign_out()
    for number in range(20):
        assert Desk.beside(exchange, clock, f"Nobody {number}", "203.0.113.7").sign_in(code="000000").status_code == 401
    assert Desk.beside(exchange, clock, "Nobody", "203.0.113.250").sign_in(code="000000").status_code == 429
    next_code(clock)
    assert manager.sign_in().status_code == 303  # another network


def test_what_is_stored_opens_nothing(manager: Desk, exchange: Context) -> None:
    from stillmine.exchange.console.totp import secret_text
    from stillmine.exchange.rows.console import Operator, Session

    operator = Operator.objects.get()
    stored = str([vars(row) for row in (operator, *Session.objects.all())])
    cookie = manager.web.cookies["stillmine_console"]
    for open_secret in (PASSWORD, cookie, manager.secret.hex(), secret_text(manager.secret).replace(" ", "")):
        assert open_secret not in stored
    assert (operator.password_hash or "").startswith("$argon2id$")
    assert operator.enrolment_hash is None


def test_a_sealed_second_factor_opens_for_its_operator_only(manager: Desk, exchange: Context) -> None:
    from stillmine.exchange.console.totp import unseal
    from stillmine.exchange.rows.console import Operator
    from stillmine.wire.errors import NotConfiguredError

    operator = Operator.objects.get()
    assert operator.totp_sealed
    assert bytes(unseal(exchange, operator.totp_sealed, operator.random_id)) == manager.secret
    with pytest.raises(NotConfiguredError):
        unseal(exchange, operator.totp_sealed, "0" * 32)


def test_codes_are_those_of_the_rfc() -> None:
    from stillmine.exchange.console.totp import code_at

    secret = b"12345678901234567890"  # RFC 6238, appendix B, the last six of its eight digits
    vectors = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}
    assert {at: code_at(secret, at // 30) for at in vectors} == vectors


def test_cookies_are_for_the_console_alone(manager: Desk, clock: Clock) -> None:
    manager.sign_out()
    next_code(clock)
    cookies = [*manager.get("/console/enrol").headers.get_list("set-cookie"), *manager.sign_in().headers.get_list("set-cookie")]
    assert {cookie.strip().split("=")[0] for cookie in cookies} == {"stillmine_console", "stillmine_console_form"}
    for cookie in cookies:
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/console/", "secure"} <= parts
        assert not any(part.startswith(("expires", "max-age", "domain")) for part in parts)


@pytest.mark.parametrize(
    ("host", "is_secure"), [("localhost", False), ("127.0.0.1:8080", False), ("[::1]:8080", False), ("exchange.example", True)]
)
def test_cookies_are_secure_but_on_this_machine(manager: Desk, host: str, is_secure: bool) -> None:
    with override_settings(ALLOWED_HOSTS=["*"]):
        answer = manager.web.get(f"http://{host}/console/sign-in")
    assert ("Secure" in answer.headers["set-cookie"]) == is_secure


def test_forms_need_their_token_and_their_origin(manager: Desk) -> None:
    page = manager.get("/console/partners/add").text
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', page)[1]  # type: ignore[index]
    path, data = "/console/partners/add", {"name": "Example Social"}
    assert manager.web.post(path, data=data, headers={"Origin": ORIGIN}).status_code == 403
    assert manager.web.post(path, data={**data, "csrfmiddlewaretoken": token[:-1] + "?"}, headers={"Origin": ORIGIN}).status_code == 403
    whole = {**data, "csrfmiddlewaretoken": token}
    for origin in ("https://elsewhere.example", "null", "http://exchange.example:81"):
        assert manager.web.post(path, data=whole, headers={"Origin": origin}).status_code == 403
    from stillmine.exchange.rows.partners import Partner

    assert Partner.objects.count() == 0
    assert manager.web.post(path, data=whole, headers={"Origin": ORIGIN}).status_code == 200


def test_a_form_from_before_signing_in_is_refused_after_it(exchange: Context, clock: Clock, manager: Desk) -> None:
    manager.sign_out()
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)', manager.get("/console/sign-in").text)[1]  # type: ignore[index]
    next_code(clock)
    manager.sign_in()
    data = {"name": "Example Social", "csrfmiddlewaretoken": token}
    assert manager.web.post("/console/partners/add", data=data, headers={"Origin": ORIGIN}).status_code == 403
