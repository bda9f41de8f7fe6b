# SPDX-License-Identifier: Apache-2.0
"""A machine whose clock is wrong, ahead or behind: no case ends by it, and nothing that it had is gone when the clock is right again."""

import pytest

from tests.attacker import wait_until
from tests.attacks.besieged import Besieged
from tests.exchange.exchange_parts import Phone

pytestmark = pytest.mark.long

DAY = 24 * 3600


@pytest.mark.parametrize("days", [800, -800])
def test_a_start_by_a_clock_that_is_wrong(besieged: Besieged, days: int) -> None:
    with besieged.web() as web:
        phone = Phone(web, b"kept by it")
        before = phone.open(1, 2)
        besieged.stop()
        besieged.start(seconds_ahead=days * DAY)
        wait_until(lambda: "the clock" in besieged.written(), 120)
        besieged.stop()
        besieged.start()
        now = phone.show()
        assert now.state == before.state == "open"
        assert [each.state for each in now.fingerprints] == [each.state for each in before.fingerprints]
    assert phone_withdraws(besieged)


def phone_withdraws(besieged: Besieged) -> bool:
    with besieged.web() as web:
        return Phone(web, b"kept by it").withdraw().state == "withdrawn"
