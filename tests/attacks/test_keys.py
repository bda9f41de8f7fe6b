# SPDX-License-Identifier: Apache-2.0
"""Wrong keys beside a right one, from the same network, while they come: whoever has the key gets in, and gets out."""

import threading

import pytest

from tests.attacker import new_case
from tests.attacks.besieged import Besieged
from tests.exchange.exchange_parts import Phone

pytestmark = pytest.mark.long


def test_wrong_keys_beside_a_right_one(besieged: Besieged) -> None:
    stopped, refused = threading.Event(), threading.Event()

    def guess() -> None:
        with besieged.web(60) as web:
            while not stopped.is_set():
                status = web.get("/api/v1/case", headers=new_case()).status_code
                assert status in {404, 429}
                if status == 429:
                    refused.set()

    with besieged.web(60) as web:
        phone = Phone(web, b"right one!")
        phone.open(1, 2, 3)
        guessing = [threading.Thread(target=guess) for _ in range(4)]
        for thread in guessing:
            thread.start()
        try:
            assert refused.wait(120)
            for _ in range(5):
                assert len(phone.show().fingerprints) == 3
            assert phone.withdraw().state == "withdrawn"
            assert web.get("/api/v1/case/receipt", headers=phone.headers).status_code == 200
        finally:
            stopped.set()
            for thread in guessing:
                thread.join()
