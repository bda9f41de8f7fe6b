# SPDX-License-Identifier: Apache-2.0
"""Keys and backups as an operator handles them: real processes, either database, and from one database to the other."""

import json
from pathlib import Path

import pytest

from tests.exchange.served_exchange import Operator

KEYS_FILE = "key-encryption.keys"
NEWER = f"{'1a' * 4} {'1b' * 32}\n"


@pytest.fixture
def operator(tmp_path: Path, fresh_database_url: str | None) -> Operator:
    return Operator(tmp_path / "home", fresh_database_url)


@pytest.fixture
def elsewhere(tmp_path: Path, operator: Operator) -> Operator:
    """A new machine with SQLite, the same secret and the same keys."""
    other = Operator(tmp_path / "elsewhere", None)
    operator.run("migrate")
    other.home.mkdir(mode=0o700)
    for name in ("exchange.secret", KEYS_FILE):
        (other.home / name).write_bytes((operator.home / name).read_bytes())
        (other.home / name).chmod(0o600)
    return other


def test_keys_are_listed_and_rotated_by_command(operator: Operator) -> None:
    operator.run("migrate")
    path = operator.home / KEYS_FILE
    old, secret = path.read_text().split()
    assert json.loads(operator.run("keys", "list", "--json")) == {"keys": [{"key": old, "wraps": True, "data_keys": 0}], "missing": []}
    path.write_text(NEWER + path.read_text())
    assert "its line can go once you have made a new backup" in operator.run("keys", "rotate")
    assert json.loads(operator.run("keys", "rotate", "--json")) == {"newest": "1a" * 4, "rewrapped": 0, "can_go": [old]}
    listed = operator.run("keys", "list")
    assert "wraps new ones" in listed.splitlines()[0]
    assert secret not in listed
    assert "1b1b" not in listed


def test_upkeep_by_command_says_what_failed_and_ends_with_1(operator: Operator) -> None:
    operator.run("migrate")
    operator.run("expire")
    file, away = operator.home / "day.keys", operator.home / "away"
    file.rename(away)
    said = operator.run("expire", expect=1)
    assert f"Failed: data keys rewrapped: {file} is not there" in said
    assert "cases expired: 0" in said, "the other steps were made"
    away.rename(file)
    operator.run("expire")


def test_a_lost_or_broken_file_of_keys_stops_the_start(operator: Operator) -> None:
    operator.run("migrate")
    path = operator.home / KEYS_FILE
    before = path.read_text()
    path.write_text("not a key\n")
    assert "line 1" in operator.run("serve", "--port", "1", expect=2)
    path.unlink()
    assert "backup" in operator.run("keys", "list", expect=2)
    assert not path.exists(), "a new key would hide that the old one is lost"
    path.write_text(before)
    path.chmod(0o600)
    operator.run("keys", "list")
    operator.environment["STILLMINE_EXCHANGE_KEYS_COMMAND"] = f"cat {path}"
    path.rename(operator.home / "kms")
    assert "STILLMINE_EXCHANGE_KEYS_COMMAND" in operator.run("keys", "list", expect=2)
    operator.environment["STILLMINE_EXCHANGE_KEYS_COMMAND"] = f"cat {operator.home / 'kms'}"
    operator.run("keys", "list")


def test_backup_and_restore_by_command_also_into_the_other_database(operator: Operator, elsewhere: Operator, tmp_path: Path) -> None:
    operator.run("partner", "add", "Example Social")
    said = operator.run("backup", str(tmp_path / "backup"))
    assert "data-keys.jsonl" in said
    assert "stillmine exchange migrate" in elsewhere.run("restore", str(tmp_path / "backup"), expect=2)
    elsewhere.run("migrate")
    assert "are back" in elsewhere.run("restore", str(tmp_path / "backup"))
    assert "Example Social" in elsewhere.run("partner", "list")
    assert elsewhere.run("fsck") == "Everything is consistent.\n"
    assert "[database_not_empty]" in elsewhere.run("restore", str(tmp_path / "backup"), expect=2)
    assert "[backup_unusable]" in elsewhere.run("restore", str(tmp_path / "nowhere"), expect=2)
