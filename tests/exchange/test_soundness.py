# SPDX-License-Identifier: Apache-2.0
"""A database that is damaged, newer or another costs nothing: one sentence, and the last data keys stay as they are."""

import sqlite3
from pathlib import Path

import pytest

from stillmine.exchange.backup.errors import BackupRefusedError
from stillmine.exchange.backup.files import KEYS_FILE
from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import Clock, Phone, empty_all_tables
from tests.exchange.served_exchange import Operator


def back_up(exchange: Context, folder: Path, *, may_be_fewer: bool = False) -> int:
    from stillmine.exchange.backup.dump import back_up as write

    return write(exchange, folder, may_be_fewer=may_be_fewer).data_keys


def say_that_it_is_newer(operator: Operator) -> None:
    statement = "INSERT INTO django_migrations (app, name, applied) VALUES ('rows', '9999_later', '2030-01-01T00:00:00Z')"
    url = operator.environment.get("STILLMINE_EXCHANGE_DATABASE")
    if url is None:
        with sqlite3.connect(operator.home / "exchange.sqlite3") as connection:
            connection.execute(statement)
        connection.close()
        return
    import psycopg

    with psycopg.connect(url) as server:
        server.execute(statement)


def test_a_database_of_a_newer_version_is_refused_in_one_sentence(operator: Operator, tmp_path: Path) -> None:
    operator.run("migrate")
    say_that_it_is_newer(operator)
    for command in (
        ["migrate"],
        ["migrate", "--plan"],
        ["fsck"],
        ["partner", "list"],
        ["backup", str(tmp_path / "backup")],
        ["serve", "--port", "1025"],
    ):
        said = operator.run(*command, expect=2)
        assert "made by a newer version of Stillmine (1 change(s) that this one does not know)" in said, command
    assert not (tmp_path / "backup").exists()


def damage(home: Path, table: str) -> None:
    """Zeros where a table's first page is, as a disk that fails leaves them."""
    path = home / "exchange.sqlite3"
    with sqlite3.connect(path) as connection:
        [(size,)] = connection.execute("PRAGMA page_size").fetchall()
        [(page,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchall()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * size : page * size] = bytes(size)
    path.write_bytes(content)


@pytest.mark.parametrize(("table", "code", "refused"), [("feed_change", 1, "backup_refused"), ("django_migrations", 2, "database_damaged")])
def test_a_damaged_file_is_one_sentence_and_does_not_replace_the_keys(
    operator: Operator, tmp_path: Path, table: str, code: int, refused: str
) -> None:
    operator.run("migrate")
    folder = tmp_path / "backup"
    assert "exchange.secret and key-encryption.keys" in operator.run("backup", str(folder))
    if "STILLMINE_EXCHANGE_DATABASE" in operator.environment:
        return
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    damage(operator.home, table)
    assert "he database is damaged or can't be read" in operator.run("fsck", expect=code)
    assert f"[{refused}]" in operator.run("backup", str(folder), expect=2)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_database_that_fails_in_the_middle_of_a_command_is_one_sentence(operator: Operator) -> None:
    operator.run("migrate")
    url = operator.environment.get("STILLMINE_EXCHANGE_DATABASE")
    if url is None:
        with sqlite3.connect(operator.home / "exchange.sqlite3") as connection:
            connection.execute("DROP TABLE partners_partnerkey")
        connection.close()
    else:
        import psycopg

        with psycopg.connect(url) as server:
            server.execute("DROP TABLE partners_partnerkey CASCADE")
    assert "the database can't be used" in operator.run("partner", "add", "Example Social", expect=2)


def test_keys_of_another_database_are_not_replaced(exchange: Context, phone: Phone, clock: Clock, tmp_path: Path) -> None:
    phone.open(1)
    back_up(exchange, tmp_path)
    before = (tmp_path / KEYS_FILE).read_bytes()
    empty_all_tables()
    clock.forward(minutes=1)
    with pytest.raises(BackupRefusedError, match="does not know"):
        back_up(exchange, tmp_path)
    assert (tmp_path / KEYS_FILE).read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2
    (tmp_path / KEYS_FILE).write_bytes(before[:-20])
    assert back_up(exchange, tmp_path) == 0, "a file that is cut is of no use to anybody"


def test_far_fewer_keys_need_a_word(exchange: Context, phone: Phone, other_phone: Phone, clock: Clock, tmp_path: Path) -> None:
    third = Phone(phone.web, b"third-case")
    for number, each in enumerate((phone, other_phone, third)):
        each.open(*range(20 * number + 1, 20 * number + 21))
    assert back_up(exchange, tmp_path) == 60
    clock.forward(minutes=1)
    phone.withdraw()
    assert back_up(exchange, tmp_path) == 40
    other_phone.withdraw()
    third.withdraw(third.show().fingerprints[0].id)
    clock.forward(minutes=1)
    with pytest.raises(BackupRefusedError, match="40 data keys would be replaced by 19"):
        back_up(exchange, tmp_path)
    assert back_up(exchange, tmp_path, may_be_fewer=True) == 19


def test_a_fingerprint_without_its_key_keeps_the_last_keys(exchange: Context, phone: Phone, clock: Clock, tmp_path: Path) -> None:
    from stillmine.exchange.rows.keys import FingerprintDataKey

    phone.open(1)
    back_up(exchange, tmp_path)
    key = FingerprintDataKey.objects.get()
    FingerprintDataKey.objects.all().delete()
    clock.forward(minutes=1)
    with pytest.raises(BackupRefusedError, match="1 fingerprint"):
        back_up(exchange, tmp_path)
    assert f'"fingerprint_id":"{key.pk}"' in (tmp_path / KEYS_FILE).read_text()
    key.save(force_insert=True)


@pytest.mark.parametrize("table", ["feed", "ledger"])
def test_rows_that_are_lost_keep_the_last_keys(exchange: Context, phone: Phone, clock: Clock, tmp_path: Path, table: str) -> None:
    from django.db.models import F

    from stillmine.exchange.rows.feed import Head
    from stillmine.exchange.rows.log import LedgerHead

    phone.open(1)
    back_up(exchange, tmp_path)
    clock.forward(minutes=1)
    rows, column = (Head.objects, "sequence") if table == "feed" else (LedgerHead.objects, "recorded")
    rows.update(**{column: F(column) + 1})
    with pytest.raises(BackupRefusedError, match=table):
        back_up(exchange, tmp_path)
    rows.update(**{column: F(column) - 1})
