# SPDX-License-Identifier: Apache-2.0
"""Processes killed or told to stop while people withdraw: what was answered is so, what was not can be done again."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from tests.attacks.besieged import Besieged
from tests.exchange.exchange_parts import Phone

pytestmark = pytest.mark.long

PEOPLE = 24


def attacked_while_they_withdraw(besieged: Besieged, attack: Callable[[], None]) -> None:
    """People open cases; an attack happens while they withdraw; afterwards every answer that came is true."""
    secrets = [f"person{number:04}".encode() for number in range(PEOPLE)]
    with besieged.web(60) as web:
        for number, secret in enumerate(secrets):
            Phone(web, secret).open(2 * number, 2 * number + 1)
    answered: list[bytes] = []
    started = threading.Event()

    def withdraw(mine: list[bytes]) -> None:
        with besieged.web(60) as web:
            for secret in mine:
                started.set()
                try:
                    if Phone(web, secret).withdraw().state == "withdrawn":
                        answered.append(secret)
                except httpx.TransportError:
                    continue

    withdrawing = [threading.Thread(target=withdraw, args=(secrets[number::4],)) for number in range(4)]
    for thread in withdrawing:
        thread.start()
    started.wait(60)
    attack()
    for thread in withdrawing:
        thread.join(120)
    if besieged.process is None or besieged.process.poll() is not None:
        besieged.start()
    with besieged.web(60) as web:
        assert {Phone(web, secret).show().state for secret in answered} <= {"withdrawn"}
        for secret in secrets:
            if secret not in answered:
                Phone(web, secret).withdraw()
        for secret in secrets:
            receipt = web.get("/api/v1/case/receipt", headers=Phone(web, secret).headers)
            assert receipt.status_code == 200


@pytest.mark.parametrize("seed", range(3))
def test_all_is_killed(besieged: Besieged, seed: int) -> None:
    def attack() -> None:
        time.sleep(random.Random(seed).uniform(0.02, 0.5))
        besieged.kill()

    attacked_while_they_withdraw(besieged, attack)


def test_workers_are_killed_again_and_again(besieged: Besieged) -> None:
    def attack() -> None:
        for _ in range(3):
            for pid in besieged.children():
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.5)

    attacked_while_they_withdraw(besieged, attack)


def test_told_to_stop_it_answers_what_has_begun(besieged: Besieged) -> None:
    attacked_while_they_withdraw(besieged, besieged.stop)
