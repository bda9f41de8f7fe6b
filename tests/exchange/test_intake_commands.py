# SPDX-License-Identifier: Apache-2.0
"""Intake as an operator runs it: real processes, a home of their own, either database, and an exchange that goes on serving."""

import json
from pathlib import Path

import pytest

from tests import plain_http
from tests.exchange.exchange_parts import PartnerClient, Phone, code, feedback_on, opening, value
from tests.exchange.served_exchange import Operator


@pytest.fixture
def hashes(tmp_path: Path) -> Path:
    path = tmp_path / "hashes.txt"
    path.write_text(f"# well known\n{value(1)}\n{value(2)}\n")
    return path


def test_the_bank_by_command(operator: Operator, hashes: Path, root: Path) -> None:
    operator.run("migrate")
    assert "The bank is empty" in operator.run("bank", "list")
    assert "None is in the bank" in operator.run("bank", "test", str(hashes), expect=1)
    assert "2 file(s) in 2 fingerprints" in operator.run("bank", "add", str(hashes), "--name", "News")
    assert "1 file(s) in 11 fingerprints" in operator.run("bank", "add", str(root / "media/clothing/jacket.jpg"), "--name", "Jackets")
    assert [row["name"] for row in json.loads(operator.run("bank", "list", "--json"))["banks"]] == ["News", "Jackets"]
    assert "11 of 11 fingerprints are in “Jackets”, the nearest picture 0 bits" in operator.run(
        "bank", "test", str(root / "media/clothing/jacket.jpg")
    )
    taken = operator.run("bank", "add", str(hashes), "--name", "news", expect=2)
    assert "[not_configured]" in taken
    assert len(taken.splitlines()) == 1, "nothing of the transaction that was undone"
    assert "2 file(s)" in operator.run("bank", "remove", "news")
    assert "[not_configured]" in operator.run("bank", "remove", "news", expect=2)
    hashes.write_text(f"{value(1)}\nwrong {value(2)}\n")
    refused = operator.run("bank", "add", str(hashes), "--name", "News", expect=2)
    assert "[bank_unreadable]" in refused
    assert "line 2" in refused
    assert value(2) not in refused
    assert "News" not in operator.run("bank", "list")


def test_what_was_accepted_before_waits_once_a_list_is_added(operator: Operator, served: tuple, hashes: Path) -> None:  # type: ignore[type-arg]
    with plain_http.Client(base_url=served[0]) as web:
        Phone(web, b"0123456789").open(1, 2, 3)
    assert "Suspended of what was accepted before: 2 fingerprint(s)." in operator.run("bank", "add", str(hashes), "--name", "News")
    assert len(json.loads(operator.run("quarantine", "list", "--json"))["suspended"][0]["kinds"]) == 2
    assert operator.run("bank", "sweep") == "Suspended of what was accepted before: 0 fingerprint(s).\n"
    assert operator.run("fsck") == "Everything is consistent.\n"


def test_a_running_exchange_follows_the_bank_the_queue_and_the_switch(operator: Operator, served: tuple, hashes: Path) -> None:  # type: ignore[type-arg]
    operator.run("bank", "add", str(hashes), "--name", "News")
    key = json.loads(operator.run("partner", "add", "Example Social", "--way", "list", "--json"))["key"]
    with plain_http.Client(base_url=served[0]) as web:
        phone, partner = Phone(web, b"0123456789"), PartnerClient(web, key)
        phone.open(1, 2, 3)
        waiting = json.loads(operator.run("quarantine", "list", "--json"))["suspended"]
        assert [(row["reason"], row["kinds"], row["decision"]) for row in waiting] == [("negative_bank", ["pdq", "pdq"], None)]
        fingerprint_id = waiting[0]["id"]
        shown = operator.run("quarantine", "show", fingerprint_id)
        assert "negative_bank" in shown
        assert value(1) not in shown
        assert "2 fingerprint(s)" in operator.run("quarantine", "keep", fingerprint_id)
        assert "Nothing is waiting for review." in operator.run("quarantine", "list")
        assert "kept" in operator.run("quarantine", "list", "--all")
        assert "active again" in operator.run("quarantine", "restore", fingerprint_id)
        assert "[conflict]" in operator.run("quarantine", "restore", fingerprint_id, expect=2)
        assert "[fingerprint_not_found]" in operator.run("quarantine", "show", "0" * 32, expect=2)
        partner.sync()
        assert partner.active_values() == sorted([value(1), value(2), value(3)])
        entry = next(entry.id for entry in partner.entries.values() if entry.value == value(3))
        assert operator.run("flag", "list") == "Nothing is waiting for review.\n"
        other = PartnerClient(web, json.loads(operator.run("partner", "add", "Example Forum", "--way", "list", "--json"))["key"])
        other.sync()
        partner.report(*(feedback_on(entry, number) for number in range(51)))
        theirs = next(entry.id for entry in other.entries.values() if entry.value == value(3))
        other.report(*(feedback_on(theirs, number) for number in range(25)))
        third = json.loads(operator.run("flag", "list", "--json"))["flagged"][0]["id"]
        assert third in operator.run("flag", "list")
        assert "Example Social: matched 51 time(s), 25 upload(s) count" in operator.run("flag", "show", third)
        assert "[fingerprint_not_found]" in operator.run("flag", "show", "0" * 32, expect=2)
        assert "matched as before" in operator.run("flag", "leave", third)
        assert "[conflict]" in operator.run("flag", "suspend", third, expect=2)
        assert operator.run("under-attack", "status") == "Off.\n"
        operator.run("under-attack", "on")
        assert json.loads(operator.run("under-attack", "status", "--json")) == {"by_operator": True, "by_itself": False}
        assert code(Phone(web, b"abcdefghij").post("case", opening(9))) == (428, "proof_of_work_needed")
        operator.run("under-attack", "off")
        Phone(web, b"abcdefghij").open(9)
    assert operator.run("fsck") == "Everything is consistent.\n"


@pytest.mark.parametrize("name", ["STILLMINE_EXCHANGE_FOUND_A_DAY", "STILLMINE_EXCHANGE_WORK_ZERO_BITS"])
def test_a_wrong_setting_stops_the_start(operator: Operator, name: str) -> None:
    operator.environment[name] = "many"
    assert name in operator.run("migrate", expect=2)
