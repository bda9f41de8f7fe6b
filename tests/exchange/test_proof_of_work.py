# SPDX-License-Identifier: Apache-2.0
"""Under attack, opening a case costs work; nothing else does, and nothing is stored of a challenge."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import msgspec
import pytest
from exchange_parts import Clock, Phone, code, opening

from stillmine.exchange.context import Context
from stillmine.exchange.intake.settings import IntakeSettings
from stillmine.wire.errors import WorkNeeded
from stillmine.wire.work import is_solved, solve

NEEDED = (428, "proof_of_work_needed")


@pytest.fixture
def exchange(exchange: Context) -> Iterator[Context]:
    """The same, with little work, so that tests are quick."""
    from django.conf import settings

    changed = replace(exchange, intake=IntakeSettings(cases_in_ten_minutes=3, work_zero_bits=6))
    settings.EXCHANGE_CONTEXT = changed
    yield changed
    settings.EXCHANGE_CONTEXT = exchange


@pytest.fixture
def attacked(exchange: Context) -> Context:
    from stillmine.exchange.intake.actions import set_under_attack

    set_under_attack(exchange, True)
    return exchange


def needed(answer: httpx.Response) -> WorkNeeded:
    assert code(answer) == NEEDED
    return msgspec.json.decode(answer.content, type=WorkNeeded)


def opened_with(phone: Phone, proof: str, body: object = None) -> httpx.Response:
    return phone.post("case", body or opening(1), **{"Proof-Of-Work": proof})


def proof_for(phone: Phone) -> str:
    return solve(needed(phone.post("case", opening(1))))


def test_a_solved_challenge_opens_the_case(attacked: Context, phone: Phone) -> None:
    challenge = needed(phone.post("case", opening(1)))
    assert (challenge.parts, challenge.zero_bits, challenge.detail) == (16, 6, "")
    assert opened_with(phone, solve(challenge)).status_code == 201


def test_a_proof_opens_no_second_case_and_repeats_its_own(attacked: Context, phone: Phone, other_phone: Phone) -> None:
    proof = proof_for(phone)
    assert opened_with(phone, proof).status_code == 201
    assert opened_with(phone, proof).status_code == 200
    assert phone.post("case", opening(1)).status_code == 200
    assert needed(opened_with(other_phone, proof)).detail == "the challenge was not made here for this case"
    phone.withdraw()
    assert code(opened_with(phone, proof)) == (409, "case_closed")


def test_ten_minutes_are_enough_and_eleven_too_many(attacked: Context, phone: Phone, other_phone: Phone, clock: Clock) -> None:
    proof, other = proof_for(phone), proof_for(other_phone)
    clock.forward(minutes=9)
    assert opened_with(phone, proof).status_code == 201
    clock.forward(minutes=1)
    again = needed(opened_with(other_phone, other))
    assert again.detail == "the challenge is too old"
    assert opened_with(other_phone, solve(again)).status_code == 201


def test_a_challenge_from_the_future_is_refused(attacked: Context, phone: Phone, clock: Clock) -> None:
    proof = proof_for(phone)
    clock.forward(minutes=-1)
    assert needed(opened_with(phone, proof)).detail == "the challenge is too old"


def test_forged_challenges_and_wrong_proofs_are_refused(attacked: Context, phone: Phone) -> None:
    challenge = needed(phone.post("case", opening(1)))
    numbers = solve(challenge).partition(" ")[2]
    version, minute, parts, zero_bits, stamp = challenge.challenge.split(".")
    easy = msgspec.structs.replace(challenge, challenge=f"{version}.{minute}.1.1.{stamp}", parts=1, zero_bits=1)
    later = f"{version}.{int(minute) + 5}.{parts}.{zero_bits}.{stamp}"
    first, *others = numbers.split(".")
    forged = [
        solve(easy),
        f"{later} {numbers}",
        f"{challenge.challenge[:-1]}{'0' if stamp[-1] != '0' else '1'} {numbers}",
        challenge.challenge,
        f"{challenge.challenge} {'.'.join(others)}",
        f"{challenge.challenge} {numbers}.{first}",
        f"{challenge.challenge} {'.'.join([first] * 16)}",
        f"{challenge.challenge} {'.'.join(['-1', *others])}",
        f"{challenge.challenge} {'.'.join(['9' * 16, *others])}",
        "1." + "9" * 3000,
        "nonsense",
        " ",
    ]
    for proof in forged:
        assert needed(opened_with(phone, proof)).challenge == challenge.challenge, proof
    assert opened_with(phone, f"{challenge.challenge} {numbers}").status_code == 201


def test_showing_adding_and_withdrawing_need_no_work(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.intake.actions import set_under_attack

    phone.open(1)
    set_under_attack(exchange, True)
    phone.show()
    phone.add(2)
    phone.withdraw()
    set_under_attack(exchange, False)
    assert Phone(phone.web, b"0" * 10).post("case", opening(1)).status_code == 201


def test_it_begins_and_ends_by_itself(exchange: Context, phone: Phone, clock: Clock) -> None:
    for number in range(4):
        Phone(phone.web, number.to_bytes(10)).open(1)
    needed(phone.post("case", opening(1)))
    clock.forward(minutes=10)
    assert phone.post("case", opening(1)).status_code == 201


def test_no_number_of_unanswered_challenges_keeps_a_network_from_another(attacked: Context, phone: Phone, other_phone: Phone) -> None:
    from stillmine.exchange.limits.models import Attempts

    for _ in range(61):
        needed(other_phone.post("case", opening(1)))
    assert not Attempts.objects.exists()  # a challenge costs no write
    assert opened_with(phone, proof_for(phone)).status_code == 201


def test_under_eighteen_and_wrong_messages_are_answered_before_any_work(attacked: Context, phone: Phone) -> None:
    young = opening(1, statement={"role": "person", "is_adult_now": True, "was_adult_then": False})
    assert code(phone.post("case", young)) == (422, "under_18")
    assert code(phone.post("case", {"version": 1})) == (400, "malformed_message")


@pytest.mark.parametrize(
    "name", ["STILLMINE_EXCHANGE_FOUND_A_DAY", "STILLMINE_EXCHANGE_CASES_IN_TEN_MINUTES", "STILLMINE_EXCHANGE_WORK_ZERO_BITS"]
)
@pytest.mark.parametrize("text", ["-1", "many", "1e3", "9" * 12, "²"])
def test_settings_are_numbers(name: str, text: str) -> None:
    from stillmine.exchange.intake.settings import intake_settings
    from stillmine.wire.errors import NotConfiguredError

    with pytest.raises(NotConfiguredError, match=name):
        intake_settings({name: text})
    assert intake_settings({}) == IntakeSettings()


def test_a_solution_is_checked_in_each_part() -> None:
    challenge = WorkNeeded(code="", message="", challenge="any", parts=3, zero_bits=8)
    numbers = solve(challenge).partition(" ")[2].split(".")
    assert is_solved("any", 3, 8, ".".join(numbers))
    for place in range(3):
        wrong = [*numbers]
        wrong[place] = str(int(wrong[place]) + 1)
        assert not is_solved("any", 3, 8, ".".join(wrong))
