# SPDX-License-Identifier: Apache-2.0
"""Nobody holds up the exchange by being slow, silent or rude; real processes as an operator runs them. spec/doors.md."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import plain_http
from tests.attacker import Attacker, answered, attacking, everything, head, http_2_uploads, is_open, new_case, wait_until
from tests.exchange.exchange_parts import Phone
from tests.exchange.served_exchange import Operator, Served, serving

pytestmark = pytest.mark.any_database  # doors and threads of the server, before anything reaches a database

TWO_WORKERS_THREADS = 32


@pytest.fixture(scope="module")
def served(portal_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One exchange for all: whoever is rude here hangs up at the end, and it has to answer whoever comes next."""
    folder = tmp_path_factory.mktemp("doors")
    with serving(Operator(folder / "home", None), portal_folder, folder / "log", "--workers", "2") as running:
        yield running


@pytest.fixture
def port(served: Served) -> int:
    return int(served[0].rpartition(":")[2])


def is_answering(served: Served) -> bool:
    return plain_http.get(f"{served[0]}/api/v1/statistics", timeout=20).status_code == 200


def opens_and_withdraws(served: Served) -> None:
    with plain_http.Client(base_url=served[0], timeout=20) as web:
        phone = Phone(web, secrets.token_bytes(10))
        phone.open(1, 2)
        phone.withdraw()


def test_http_2_in_clear_is_refused_and_holds_nothing(served: Served, port: int) -> None:
    with attacking(port) as attacker:
        for _ in range(2):
            client = attacker.send(http_2_uploads("/api/v1/case", new_case(), TWO_WORKERS_THREADS))
            assert everything(client).startswith(b"HTTP/1.1 400 ")
    assert is_answering(served)
    upgrade = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA"}
    with attacking(port) as attacker:
        answer = everything(attacker.send(head("GET", "/api/v1/statistics", upgrade) + http_2_uploads("/", {}, 1)))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/2" not in answer


@pytest.mark.parametrize("networks", [1, 50])
def test_slow_bodies_hold_no_thread(served: Served, port: int, networks: int) -> None:
    with attacking(port) as attacker:
        for number in range(100):
            attacker.begin_body("/api/v1/case", new_case(), network=number % networks)
        assert is_answering(served)
        opens_and_withdraws(served)


def test_aborted_bodies_lose_nothing(served: Served, port: int) -> None:
    for _ in range(3):
        with attacking(port) as attacker:
            for _ in range(TWO_WORKERS_THREADS):
                attacker.begin_body("/api/v1/case", new_case())
    with ThreadPoolExecutor(TWO_WORKERS_THREADS) as together:
        assert all(together.map(lambda _: is_answering(served), range(2 * TWO_WORKERS_THREADS)))


def test_a_key_that_opens_nothing_is_refused_before_its_body_is_read(served: Served, port: int) -> None:
    with attacking(port) as attacker:
        partner = {"Authorization": "Bearer smk_0000000000000000"}
        for path, headers, refusal in [
            ("/api/v1/case/fingerprints", new_case(), (404, "case_not_found")),
            ("/api/v1/case/withdraw", {"Authorization": "Case nonsense"}, (401, "case_key_malformed")),
            ("/api/v1/case", {}, (401, "case_key_missing")),
            ("/api/v1/ask", partner, (401, "partner_key_unknown")),
            ("/stopncii/v1/SubmitHashes", {}, (401, "partner_key_missing")),
        ]:
            assert answered(attacker.begin_body(path, headers)) == refusal, path
        assert answered(attacker.begin_body("/api/v1/case", new_case(), stated=4 * 1024 * 1024 + 1)) == (413, "message_too_large")


def test_silent_connections_make_room_for_others(served: Served, port: int) -> None:
    """128 of one network have a place in each worker; the next takes the place of the one that waited longest."""
    with attacking(port) as attacker:
        first = [attacker.connect() for _ in range(50)]
        half = [attacker.send(b"GET /api/v1/statistics HTTP/1.1\r\nHost: ") for _ in range(350)]
        assert is_answering(served)
        opens_and_withdraws(served)
        wait_until(lambda: sum(map(is_open, first + half)) <= 2 * 128)


def test_what_is_no_request_gets_words(port: int) -> None:
    def refused(attacker: Attacker, data: bytes) -> tuple[int, str]:
        return answered(attacker.send(data))

    with attacking(port) as attacker:
        assert refused(attacker, b"nonsense\r\n\r\n") == (400, "malformed_message")
        both = head("POST", "/api/v1/case", {**new_case(), "Content-Length": "3", "Transfer-Encoding": "chunked"})
        assert refused(attacker, both + b"0\r\n\r\n") == (400, "malformed_message")
        assert refused(attacker, head("GET", "/", {"X-Long": "a" * 40_000})) == (431, "head_too_large")
        assert refused(attacker, head("GET", "/" + "a" * 40_000)) == (431, "head_too_large")
        assert refused(attacker, b"GET / HTTP/1.1\r\nX-Endless: " + b"a" * 60_000) == (431, "head_too_large")
