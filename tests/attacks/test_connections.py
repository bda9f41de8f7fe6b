# SPDX-License-Identifier: Apache-2.0
"""Connections that are silent, half, slow, aborted, or not read, from one network and from many, with the numbers that operators get."""

import pytest

from tests.attacker import answered, attacking, everything, head, http_2_uploads, is_open, new_case, wait_until
from tests.attacks.besieged import Besieged

pytestmark = pytest.mark.long

ONE_NETWORK, MANY_NETWORKS = 1, 250


@pytest.mark.parametrize("networks", [ONE_NETWORK, MANY_NETWORKS])
def test_1300_silent_connections(besieged: Besieged, networks: int) -> None:
    with attacking(besieged.port) as attacker:
        for number in range(1300):
            attacker.connect(number % networks)
        besieged.holds()


@pytest.mark.parametrize("networks", [ONE_NETWORK, MANY_NETWORKS])
def test_1000_half_heads(besieged: Besieged, networks: int) -> None:
    with attacking(besieged.port) as attacker:
        half = [attacker.send(b"GET /api/v1/case HTTP/1.1\r\nHost: ", number % networks) for number in range(1000)]
        besieged.holds()
        wait_until(lambda: not any(map(is_open, half)), 120)


@pytest.mark.parametrize("networks", [ONE_NETWORK, MANY_NETWORKS])
def test_1000_slow_bodies(besieged: Besieged, networks: int) -> None:
    with attacking(besieged.port) as attacker:
        slow = [attacker.begin_body("/api/v1/case", new_case(), 4_000_000, number % networks) for number in range(1000)]
        besieged.holds()
        for _ in range(3):
            for client in slow:
                if is_open(client):
                    attacker.say(client, b" ")
            assert besieged.is_answering()
        wait_until(lambda: not any(map(is_open, slow)), 180)


def test_bodies_aborted_in_both_versions_of_http(besieged: Besieged) -> None:
    for version in (1, 2):
        for _ in range(20):
            with attacking(besieged.port) as attacker:
                for _ in range(16):
                    if version == 1:
                        attacker.begin_body("/api/v1/case", new_case(), 4_000_000)
                    else:
                        attacker.send(http_2_uploads("/api/v1/case", new_case(), 16))
    assert besieged.is_answering()


def test_http_2_is_refused_in_http_1(besieged: Besieged) -> None:
    with attacking(besieged.port) as attacker:
        assert everything(attacker.send(http_2_uploads("/api/v1/case", new_case(), 100))).startswith(b"HTTP/1.1 400 ")


def test_200_clients_that_do_not_read(besieged: Besieged) -> None:
    with attacking(besieged.port) as attacker:
        for number in range(200):
            attacker.send(head("GET", "/large.wasm"), number % 100)
        besieged.holds()


def test_keys_that_open_nothing_are_not_read_on(besieged: Besieged) -> None:
    with attacking(besieged.port) as attacker:
        clients = [attacker.begin_body("/api/v1/case/fingerprints", new_case(), 4_000_000, number) for number in range(100)]
        assert {answered(client) for client in clients} == {(404, "case_not_found")}
