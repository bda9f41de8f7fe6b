# SPDX-License-Identifier: Apache-2.0
"""The commands as an operator runs them: real processes, a home of their own, either database."""

import json
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from tests import plain_http
from tests.exchange.exchange_parts import PORTAL_PAGE, PartnerClient, Phone, code, fingerprint, value
from tests.exchange.served_exchange import PATIENCE_SECONDS, Operator, is_answering, wait_until


def test_partners_and_keys_by_command(operator: Operator) -> None:
    operator.run("migrate")
    assert "No partners yet" in operator.run("partner", "list")
    words = operator.run("partner", "add", "Example Social")
    assert "never again" in words
    added = json.loads(operator.run("partner", "add", "Example Forum", "--json"))
    assert added["partner"] == "Example Forum"
    assert added["key"].startswith(f"smk_{added['key_id']}_")
    newer = json.loads(operator.run("partner", "key", "add", "example forum", "--json"))
    operator.run("partner", "key", "revoke", added["key_id"])
    operator.run("partner", "revoke", "Example Social")
    operator.run("partner", "set", "Example Forum", "--way", "list", "--quota", "77")
    narrow = json.loads(operator.run("partner", "key", "add", "Example Forum", "--scope", "feedback", "--scope", "ask", "--json"))
    rotated = json.loads(operator.run("partner", "key", "rotate", "Example Forum", "--scope", "feedback", "--scope", "ask", "--json"))
    line = json.loads(operator.run("partner", "list", "--json"))["partners"][1]
    keys = {key["id"]: (key["scopes"], key["last_used_on"], key["ends_at"] is None) for key in line.pop("keys")}
    assert keys == {
        newer["key_id"]: (["ask", "feedback", "list", "submit"], None, True),
        narrow["key_id"]: (["ask", "feedback"], None, False),
        rotated["key_id"]: (["ask", "feedback"], None, True),
    }
    assert line.pop("health")["withdrawals_not_acknowledged"] == 0
    assert line == {
        "partner": "Example Forum",
        "way": "list",
        "daily_quota": 77,
        "revoked": False,
        "probed_fingerprints": 0,
        "unconfirmed_places": 0,
    }
    listed = operator.run("partner", "list")
    assert "Example Social" in listed
    assert "revoked 20" in listed
    assert newer["key"] not in listed


@pytest.mark.parametrize(
    "arguments",
    [
        ("partner", "add", "two\nlines"),
        ("partner", "revoke", "nobody"),
        ("partner", "set", "nobody", "--way", "list"),
        ("partner", "key", "add", "nobody"),
        ("partner", "key", "rotate", "nobody"),
        ("partner", "key", "rotate", "nobody", "--grace", "soon"),
        ("partner", "key", "revoke", "00000000"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_code_2(migrated_operator: Operator, arguments: tuple[str, ...]) -> None:
    assert "[not_configured]" in migrated_operator.run(*arguments, expect=2)


def test_a_home_that_others_can_read_stops_the_start(operator: Operator) -> None:
    operator.run("migrate")
    (operator.home / "exchange.secret").chmod(0o644)
    assert "chmod 600" in operator.run("serve", "--port", "1024", expect=2)


def test_a_database_that_is_not_there_yet_or_not_reachable_is_said(operator: Operator) -> None:
    assert "stillmine exchange migrate" in operator.run("partner", "list", expect=2)
    operator.environment["STILLMINE_EXCHANGE_DATABASE"] = "postgresql:///nowhere?host=/nonexistent"
    for command in (["migrate"], ["partner", "list"], ["serve", "--port", "1024"]):
        assert "STILLMINE_EXCHANGE_DATABASE" in operator.run(*command, expect=2)


def test_a_port_in_use_is_refused_although_workers_share_it(operator: Operator, served: tuple[str, subprocess.Popen[bytes], Path]) -> None:
    assert "--port" in operator.run("serve", "--port", served[0].rpartition(":")[2], expect=2)


def test_workers_end_when_their_parent_is_killed(operator: Operator, served: tuple[str, subprocess.Popen[bytes], Path]) -> None:
    url, process, _ = served
    process.kill()
    process.wait()
    wait_until(lambda: not is_answering(url))


def test_fsck_and_expire_by_command(operator: Operator) -> None:
    operator.run("migrate")
    assert operator.run("fsck") == "Everything is consistent.\n"
    assert json.loads(operator.run("fsck", "--json")) == {"findings": []}
    assert "cases expired: 0" in operator.run("expire")
    if "STILLMINE_EXCHANGE_DATABASE" in operator.environment:
        return
    with sqlite3.connect(operator.home / "exchange.sqlite3") as database:
        database.execute("UPDATE feed_head SET sequence = 7")
    database.close()
    assert "the head says 7" in operator.run("fsck", expect=1)
    assert len(json.loads(operator.run("fsck", "--json", expect=1))["findings"]) == 1


def test_serve_answers_keeps_files_private_logs_nothing_and_stops_at_once(
    operator: Operator, served: tuple[str, subprocess.Popen[bytes], Path]
) -> None:
    url, process, log = served
    key = json.loads(operator.run("partner", "add", "Example Social", "--way", "list", "--json"))["key"]
    with plain_http.Client(base_url=url, headers={"User-Agent": "canary-agent"}) as web:
        phone, partner = Phone(web, b"0123456789"), PartnerClient(web, key)
        assert web.get("/").text == PORTAL_PAGE
        phone.open(1, 2)
        chunked = web.post("/api/v1/case/fingerprints", content=iter([b'{"version":1,', b'"fingerprints":[]}']), headers=phone_json(phone))
        assert code(chunked) == (422, "too_many_fingerprints")
        endless = web.post("/api/v1/case/fingerprints", content=(b" " * 65536 for _ in range(65)), headers=phone_json(phone))
        assert code(endless) == (413, "message_too_large")
        assert web.get("/api/v1/feed", headers={b"Authorization": "Bearer smk_\u00e9".encode()}).status_code == 401
        assert code(web.get("/api/%ff?x=%ff")) == (404, "not_found")
        partner.sync()
        partner.acknowledge()
        phone.post("case/fingerprints", {"version": 1, "fingerprints": [fingerprint(3)]})
        phone.withdraw()
        partner.sync()
        assert partner.active_values() == []
        case_id = phone.headers["Authorization"].split()[1].split(".")[0]
    assert {path.name: path.stat().st_mode & 0o077 for path in operator.home.iterdir() if path.stat().st_mode & 0o077} == {}
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert time.monotonic() - asked < 15
    written = log.read_text()
    assert "stopped" in written
    for mark in ("127.0.0.1:", case_id, key, value(1), "canary-agent", "/api/"):
        assert mark not in written
    assert operator.run("fsck") == "Everything is consistent.\n"


def test_erased_values_and_keys_are_not_left_in_sqlites_files(
    operator: Operator, served: tuple[str, subprocess.Popen[bytes], Path]
) -> None:
    if "STILLMINE_EXCHANGE_DATABASE" in operator.environment:
        return

    def stored() -> bytes:
        return b"".join(path.read_bytes() for path in operator.home.iterdir() if path.name.startswith("exchange.sqlite3"))

    with plain_http.Client(base_url=served[0]) as web:
        phone = Phone(web, b"0123456789")
        phone.open(171)
        with sqlite3.connect(operator.home / "exchange.sqlite3") as database:
            [(sealed, key)] = database.execute(
                "SELECT sealed_value, wrapped_key FROM cases_fingerprint JOIN fingerprint_data_keys ON fingerprint_id = id"
            )
        database.close()
        assert sealed in stored()
        assert key in stored()
        phone.withdraw()
    operator.run("expire")
    assert sealed not in stored()
    assert key not in stored()


def phone_json(phone: Phone) -> dict[str, str]:
    return {**phone.headers, "Content-Type": "application/json"}


@pytest.mark.parametrize("arguments", [("backup", "/dev/null/backup"), ("backup", "/proc")])
def test_a_place_that_can_not_be_written_is_one_sentence_that_names_it(operator: Operator, arguments: tuple[str, ...]) -> None:
    operator.run("migrate")
    said = operator.run(*arguments, expect=2)
    assert arguments[-1] in said
    assert "[not_configured]" in said
    assert "Traceback" not in said


def test_undoing_and_confirming_are_two_commands(operator: Operator) -> None:
    operator.run("migrate")
    assert "two commands" in operator.run("expire", "--undo", "72h", "--confirm-clock", expect=2)
