# SPDX-License-Identifier: Apache-2.0
"""The database is stopped or frozen while people are at it: they get words, not silence, and it goes on by itself when that is over."""

import sqlite3

import httpx
import pytest

from tests import plain_http
from tests.attacker import wait_until
from tests.attacks.besieged import Besieged
from tests.attacks.frozen import PostgreSQL
from tests.exchange.exchange_parts import Phone

pytestmark = pytest.mark.long

only_postgresql = pytest.mark.parametrize("database_address", ["postgresql"], indirect=True)
only_sqlite = pytest.mark.parametrize("database_address", ["sqlite"], indirect=True)
WORDS_WITHIN = 60


def refusal(besieged: Besieged) -> tuple[int, str, bool]:
    """What a person gets who looks at her case: status, code, and whether it says when to come again."""
    with besieged.web(WORDS_WITHIN) as web:
        answer = web.get("/api/v1/case", headers=Phone(web, b"still here").headers)
        return answer.status_code, answer.json().get("code", ""), "Retry-After" in answer.headers


@only_postgresql
def test_postgresql_is_stopped(besieged: Besieged, postgresql: PostgreSQL) -> None:
    with besieged.web() as web:
        Phone(web, b"still here").open(1)
    postgresql.stop()
    try:
        assert refusal(besieged) == (503, "database_unavailable", True)
        assert plain_http.get(f"{besieged.url}/livez", timeout=WORDS_WITHIN).status_code == 200
        assert plain_http.get(f"{besieged.url}/readyz", timeout=WORDS_WITHIN).status_code == 503
    finally:
        postgresql.start()
    wait_until(lambda: refusal(besieged)[0] == 200)


@only_postgresql
def test_postgresql_is_frozen(besieged: Besieged, postgresql: PostgreSQL) -> None:
    with besieged.web() as web:
        Phone(web, b"still here").open(1)
    postgresql.freeze()
    try:
        for _ in range(40):  # more than there are threads: none may be lost for good
            with besieged.web(0.2) as web, pytest.raises(httpx.TimeoutException):
                web.get("/api/v1/case", headers=Phone(web, b"still here").headers)
        assert refusal(besieged) == (503, "database_unavailable", True)
    finally:
        postgresql.thaw()
    wait_until(lambda: refusal(besieged)[0] == 200, 120)


@only_sqlite
def test_somebody_else_holds_sqlite(besieged: Besieged) -> None:
    """A program that writes for long: who only looks is answered, who would write gets words."""
    with besieged.web(WORDS_WITHIN) as web:
        phone = Phone(web, b"still here")
        phone.open(1)
        holder = sqlite3.connect(besieged.home / "exchange.sqlite3", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            assert phone.show().state == "open"
            answer = phone.post("case/withdraw", {"version": 1, "fingerprint_id": None})
            assert (answer.status_code, answer.json()["code"]) == (503, "database_busy")
        finally:
            holder.execute("ROLLBACK")
            holder.close()
        assert phone.withdraw().state == "withdrawn"
