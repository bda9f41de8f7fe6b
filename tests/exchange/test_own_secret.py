# SPDX-License-Identifier: Apache-2.0
"""A database and its secret belong together: without it, or with another one, nothing is done and nothing is changed."""

import os
from pathlib import Path

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.exchange_parts import PartnerClient, Phone
from tests.exchange.served_exchange import Operator

COMMANDS = (
    ("serve", "--port", "1"),
    ("migrate",),
    ("partner", "add", "Example Forum"),
    ("fsck",),
    ("backup", "somewhere"),
    ("expire",),
    ("keys", "rotate"),
)


@pytest.fixture
def in_use(migrated_operator: Operator) -> Operator:
    migrated_operator.run("partner", "add", "Example Social")
    return migrated_operator


def test_a_lost_secret_stops_every_command_and_no_new_one_is_made(in_use: Operator) -> None:
    kept = in_use.home / "exchange.secret"
    before = kept.read_bytes()
    kept.unlink()
    for command in COMMANDS:
        said = in_use.run(*command, expect=2)
        assert "exchange.secret is not in the home folder" in said, command
        assert said.count("\n") == 1
        assert not kept.exists()
    kept.write_bytes(before)
    kept.chmod(0o600)
    assert "Example Social" in in_use.run("partner", "list")


def test_another_secret_stops_every_command(in_use: Operator) -> None:
    kept = in_use.home / "exchange.secret"
    before = kept.read_bytes()
    kept.write_text(os.urandom(32).hex())
    for command in COMMANDS[:4]:
        assert "is not the secret of this database" in in_use.run(*command, expect=2), command
    kept.write_bytes(before)
    assert in_use.run("fsck") == "Everything is consistent.\n"


def test_a_database_that_holds_nothing_yet_takes_the_secret_that_is_put_there(operator: Operator) -> None:
    """Whoever restores may migrate first and remember the secret after that."""
    operator.run("migrate")
    (operator.home / "exchange.secret").write_text("ab" * 32)
    operator.run("partner", "list")
    operator.run("partner", "add", "Example Social")
    (operator.home / "exchange.secret").write_text("cd" * 32)
    operator.run("partner", "list", expect=2)


def test_a_backup_is_restored_with_its_own_secret_only(in_use: Operator, tmp_path: Path) -> None:
    in_use.run("backup", str(tmp_path / "backup"))
    elsewhere = Operator(tmp_path / "elsewhere", None)
    elsewhere.run("migrate")
    assert "is not the secret of this database" in elsewhere.run("restore", str(tmp_path / "backup"), expect=2)
    assert "No partners yet" in elsewhere.run("partner", "list")
    for name in ("exchange.secret", "key-encryption.keys"):
        (elsewhere.home / name).write_bytes((in_use.home / name).read_bytes())
    assert "are back" in elsewhere.run("restore", str(tmp_path / "backup"))
    assert "Example Social" in elsewhere.run("partner", "list")


def with_secret(exchange: Context, secret: bytes) -> Context:
    from dataclasses import replace

    return replace(exchange, secret=Secret(secret))


def test_a_database_of_before_takes_only_the_secret_that_it_was_made_with(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.database.secret_check import require_own_secret
    from stillmine.exchange.rows.secret_check import SecretCheck

    phone.open(1)
    assert not SecretCheck.objects.exists(), "as a version before left it"
    with pytest.raises(NotConfiguredError, match="not the secret"):
        require_own_secret(with_secret(exchange, b"x" * 32))
    assert not SecretCheck.objects.exists()
    require_own_secret(exchange)
    require_own_secret(exchange)
    [noted] = SecretCheck.objects.all()
    assert exchange.secret.hex() not in noted.value
    with pytest.raises(NotConfiguredError, match="not the secret"):
        require_own_secret(with_secret(exchange, b"x" * 32))


def test_a_checkpoint_tells_another_secret_where_no_fingerprint_is_left(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.database.secret_check import require_own_secret

    phone.open(1)
    phone.withdraw()
    assert phone.web.get("/api/v1/ledger/checkpoint").status_code == 200
    with pytest.raises(NotConfiguredError, match="not the secret"):
        require_own_secret(with_secret(exchange, b"x" * 32))
    require_own_secret(exchange)
