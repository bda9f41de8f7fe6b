# SPDX-License-Identifier: Apache-2.0
"""Under attack, opening a case and adding to one cost work; nothing else does, and nothing is stored of a challenge."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import msgspec
import pytest

from stillmine.exchange.settings.intake import IntakeSettings
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import WorkNeeded
from stillmine.wire.work import is_solved, solve
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, fingerprint, opening

NEEDED = (428, "proof_of_work_needed")
FOREIGN = "the challenge was not made here for this message of this case"


@pytest.fixture
def exchange(exchange: Context) -> Iterator[Context]:
    """The same, with little work, so that tests are quick."""
    from django.conf import settings

    changed = replace(exchange, intake=IntakeSettings(cases_in_ten_minutes=3, fingerprints_in_ten_minutes=700, work_zero_bits=4))
    settings.EXCHANGE_CONTEXT = changed
    yield changed
    settings.EXCHANGE_CONTEXT = exchange


@pytest.fixture
def attacked(exchange: Context) -> Context:
    from stillmine.exchange.quarantine.actions import set_under_attack

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
    assert (challenge.parts, challenge.zero_bits, challenge.detail) == (16, 4, "")
    assert opened_with(phone, solve(challenge)).status_code == 201


def test_a_proof_opens_no_second_case_and_repeats_its_own(attacked: Context, phone: Phone, other_phone: Phone) -> None:
    proof = proof_for(phone)
    assert opened_with(phone, proof).status_code == 201
    assert opened_with(phone, proof).status_code == 200
    assert phone.post("case", opening(1)).status_code == 200
    assert needed(opened_with(other_phone, proof)).detail == FOREIGN
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


def test_showing_renewing_and_withdrawing_need_no_work(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.quarantine.actions import set_under_attack

    phone.open(1)
    set_under_attack(exchange, True)
    phone.show()
    phone.renew()
    phone.withdraw()
    set_under_attack(exchange, False)
    assert Phone(phone.web, b"0" * 10).post("case", opening(1)).status_code == 201


def test_it_begins_and_ends_by_itself(exchange: Context, phone: Phone, clock: Clock) -> None:
    for number in range(4):
        Phone(phone.web, number.to_bytes(10)).open(1)
    needed(phone.post("case", opening(1)))
    clock.forward(minutes=10)
    assert phone.post("case", opening(1)).status_code == 201


def adding(*numbers: int) -> dict[str, object]:
    return {"version": 1, "fingerprints": [fingerprint(number) for number in numbers]}


def added_with(phone: Phone, proof: str, *numbers: int) -> httpx.Response:
    return phone.post("case/fingerprints", adding(*numbers), **{"Proof-Of-Work": proof})


def test_adding_needs_work_too_and_a_proof_adds_its_own_message_alone(exchange: Context, phone: Phone, other_phone: Phone) -> None:
    from stillmine.exchange.quarantine.actions import set_under_attack

    phone.open(1)
    other_phone.open(1)
    set_under_attack(exchange, True)
    proof = solve(needed(phone.post("case/fingerprints", adding(2))))
    assert needed(added_with(phone, proof, 3)).detail == FOREIGN
    assert needed(added_with(phone, proof, 2, 3)).detail == FOREIGN
    assert needed(added_with(other_phone, proof, 2)).detail == FOREIGN
    assert added_with(phone, proof, 2).status_code == 200
    assert added_with(phone, proof, 2).status_code == 200
    assert len(phone.show().fingerprints) == 2


def test_a_proof_of_one_request_is_none_of_another(attacked: Context, phone: Phone) -> None:
    proof = proof_for(phone)
    assert opened_with(phone, proof).status_code == 201
    assert needed(added_with(phone, proof, 1)).detail == FOREIGN
    assert needed(opened_with(Phone(phone.web, b"1" * 10), proof_for(Phone(phone.web, b"1" * 10)), opening(1, 2))).detail == FOREIGN


@pytest.mark.parametrize(("fingerprints", "parts"), [(1, 16), (40, 16), (41, 20), (60, 24), (61, 28), (300, 120)])
def test_work_grows_with_the_fingerprints_of_the_message(attacked: Context, phone: Phone, fingerprints: int, parts: int) -> None:
    body = opening(*range(1, fingerprints + 1))
    challenge = needed(phone.post("case", body))
    assert (challenge.parts, challenge.zero_bits) == (parts, 4)
    assert opened_with(phone, solve(challenge), body).status_code == 201


def elsewhere(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"198.51.{number}.1"}


def test_fingerprints_from_many_networks_meet_it_added_ones_included(exchange: Context, phone: Phone, clock: Clock) -> None:
    assert phone.post("case", opening(*range(1, 201)), **elsewhere(1)).status_code == 201
    assert phone.post("case/fingerprints", adding(*range(201, 301)), **elsewhere(2)).status_code == 200
    other = Phone(phone.web, b"2" * 10)
    assert other.post("case", opening(*range(1, 300)), **elsewhere(3)).status_code == 201
    assert other.post("case/fingerprints", adding(300), **elsewhere(4)).status_code == 200
    assert phone.post("case", opening(*range(1, 201)), **elsewhere(5)).status_code == 200  # a repetition adds nothing
    third = Phone(phone.web, b"3" * 10)
    assert third.post("case", opening(*range(1, 151)), **elsewhere(6)).status_code == 201  # 750 by now
    needed(Phone(phone.web, b"4" * 10).post("case", opening(1), **elsewhere(7)))
    needed(third.post("case/fingerprints", adding(151), **elsewhere(8)))
    clock.forward(minutes=10)
    assert third.post("case/fingerprints", adding(151), **elsewhere(8)).status_code == 200


def test_each_doubling_of_what_was_sent_doubles_the_work_and_five_are_the_most(exchange: Context, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.rows.limits import Attempts

    minute = clock().replace(second=0, microsecond=0)
    row = Attempts.objects.create(network_key="other", what="fingerprint_added", minute=minute)
    for count, zero_bits in ((701, 4), (1399, 4), (1400, 5), (2799, 5), (2800, 6), (700 * 32, 9), (700 * 1000, 9)):
        Attempts.objects.filter(id=row.id).update(count=count)
        assert needed(phone.post("case", opening(1))).zero_bits == zero_bits, count


def test_what_partners_hand_in_asks_no_work_of_people(exchange: Context, phone: Phone) -> None:
    partner = PartnerClient.add(exchange, phone.web, "Example Social")
    sent = [fingerprint(number) for number in range(1, 801)]
    assert phone.web.post("/api/v1/submissions", json={"version": 1, "fingerprints": sent}, headers=partner.headers).status_code == 200
    assert phone.post("case", opening(1)).status_code == 201


def test_no_number_of_unanswered_challenges_keeps_a_network_from_another(attacked: Context, phone: Phone, other_phone: Phone) -> None:
    from stillmine.exchange.rows.limits import Attempts

    for _ in range(61):
        needed(other_phone.post("case", opening(1)))
    assert not Attempts.objects.exists()  # a challenge costs no write
    assert opened_with(phone, proof_for(phone)).status_code == 201


def test_under_eighteen_and_wrong_messages_are_answered_before_any_work(attacked: Context, phone: Phone) -> None:
    young = opening(1, statement={"role": "person", "is_adult_now": True, "was_adult_then": False})
    assert code(phone.post("case", young)) == (422, "under_18")
    assert code(phone.post("case", {"version": 1})) == (400, "malformed_message")


@pytest.mark.parametrize(
    "name",
    [
        "STILLMINE_EXCHANGE_FOUND_A_DAY",
        "STILLMINE_EXCHANGE_CASES_IN_TEN_MINUTES",
        "STILLMINE_EXCHANGE_WORK_ZERO_BITS",
        "STILLMINE_EXCHANGE_FINGERPRINTS_IN_TEN_MINUTES",
    ],
)
@pytest.mark.parametrize("text", ["-1", "many", "1e3", "9" * 12, "²"])
def test_settings_are_numbers(name: str, text: str) -> None:
    from stillmine.exchange.settings.intake import intake_settings
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


def test_a_proof_for_adding_does_not_add_again_what_was_withdrawn(attacked: Context, phone: Phone) -> None:
    assert opened_with(phone, proof_for(phone)).status_code == 201
    body = {"version": 1, "fingerprints": [fingerprint(2)]}
    proof = {"Proof-Of-Work": solve(needed(phone.post("case/fingerprints", body)))}
    for _ in range(2):
        assert phone.post("case/fingerprints", body, **proof).status_code == 200
    phone.withdraw(phone.show().fingerprints[1].id)
    assert needed(phone.post("case/fingerprints", body, **proof)).detail == FOREIGN
