# SPDX-License-Identifier: Apache-2.0
"""A database and a backup of the last commit before the tables had one Django app: taken over with all that they hold, on both databases.

`earlier/README.md` says what is in them.
"""

import gzip
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.exchange.served_exchange import Operator

EARLIER = Path(__file__).parent / "earlier"
HOME_FILES = ("exchange.secret", "key-encryption.keys", "day.keys")
DATABASE_FILE = "exchange.sqlite3"


@pytest.fixture
def operator(tmp_path: Path, fresh_database_url: str | None) -> Operator:
    """An exchange whose home and database are of before."""
    operator = Operator(tmp_path / "home", fresh_database_url)
    _fill_home(operator.home)
    dump = gzip.decompress((EARLIER / f"{'postgresql' if fresh_database_url else 'sqlite'}.sql.gz").read_bytes()).decode()
    if fresh_database_url:
        import psycopg

        with psycopg.connect(fresh_database_url) as connection:
            connection.execute(dump)
    else:
        with closing(sqlite3.connect(operator.home / DATABASE_FILE)) as connection:
            connection.executescript(dump)
    return operator


def _fill_home(home: Path) -> None:
    home.mkdir(mode=0o700)
    for name in HOME_FILES:
        shutil.copy(EARLIER / name, home / name)
        (home / name).chmod(0o600)


@contextmanager
def reading(operator: Operator) -> Iterator[Any]:
    """A connection to the database of a home."""
    if url := operator.environment.get("STILLMINE_EXCHANGE_DATABASE"):
        import psycopg

        with psycopg.connect(url) as connection:
            yield connection
    else:
        with closing(sqlite3.connect(operator.home / DATABASE_FILE)) as connection:
            yield connection


def tables(operator: Operator) -> list[str]:
    catalogue = (
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        if "STILLMINE_EXCHANGE_DATABASE" in operator.environment
        else "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    with reading(operator) as connection:
        return sorted(name for (name,) in connection.execute(catalogue).fetchall())


def rows(operator: Operator) -> dict[str, list[str]]:
    """Every row of every table as text, its columns by their names, but for the names of migrations."""
    with reading(operator) as connection:
        return {
            table: _rows_of(connection.execute(f'SELECT * FROM "{table}"')) for table in tables(operator) if table != "django_migrations"
        }


def _rows_of(cursor: Any, **more: object) -> list[str]:
    names = [column[0] for column in cursor.description]
    return sorted(repr(sorted({**dict(zip(names, row, strict=True)), **more}.items())) for row in cursor.fetchall())


def schema(operator: Operator) -> dict[str, list[str]]:
    """Columns, indexes and constraints of every table, whatever the order in which they were made, and whatever keys call themselves."""
    is_postgresql = "STILLMINE_EXCHANGE_DATABASE" in operator.environment
    with reading(operator) as connection:
        return {table: sorted((_of_postgresql if is_postgresql else _of_sqlite)(connection, table)) for table in tables(operator)}


def _of_postgresql(connection: Any, table: str) -> Iterator[str]:
    for statement in (
        "SELECT column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity"
        " FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = %s AND indexname NOT LIKE '%%_pkey%%'",
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype IN ('f', 'p', 'u') AND conrelid = %s::regclass",
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
    ):
        yield from map(repr, connection.execute(statement, [table]).fetchall())


def _of_sqlite(connection: Any, table: str) -> Iterator[str]:
    for _, name, kind, is_required, default, key in connection.execute(f'PRAGMA table_info("{table}")'):
        yield f"{name} {kind} {is_required} {default} {key}"
    yield from (repr(row[2:]) for row in connection.execute(f'PRAGMA foreign_key_list("{table}")'))
    for _, name, is_unique, origin, is_partial in connection.execute(f'PRAGMA index_list("{table}")').fetchall():
        columns = [column for _, _, column in connection.execute(f'PRAGMA index_info("{name}")')]
        shown = "" if name.startswith("sqlite_autoindex") else name
        yield f"{shown} {is_unique} {origin} {is_partial} {columns}"
    [(created,)] = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [table]).fetchall()
    yield from sorted(part.strip().rstrip("),") for part in created.split("CONSTRAINT")[1:] if " CHECK " in part)


def test_it_is_taken_over_with_every_row_and_its_tables_are_those_of_a_new_one(operator: Operator, tmp_path: Path) -> None:
    before = rows(operator)
    new_columns = _new_columns(is_postgresql="STILLMINE_EXCHANGE_DATABASE" in operator.environment)
    with reading(operator) as connection:
        now = before | {table: _rows_of(connection.execute(f'SELECT * FROM "{table}"'), **of) for table, of in new_columns.items()}
    now |= {"ask_placestold": [], "ask_unconfirmed": [], "ledger_portalentry": []}
    assert len(before["cases_fingerprint"]) > 20
    assert len(before["ledger_leaf"]) > 500
    assert "not up to date" in operator.run("fsck", expect=2)
    planned = operator.run("migrate", "--plan")
    assert rows(operator) == before, "nothing was changed by looking"
    assert "rows.0001_initial" not in planned
    assert re.search(r"rows.0006_last_backup  backup_backupfolder: \d+ row\(s\)", planned)
    said = operator.run("migrate")
    assert [line.split()[-1] for line in said.splitlines()[:-1]] == [line.split()[0] for line in planned.splitlines()[:-2]]
    assert "Nothing is to be applied" in operator.run("migrate", "--plan")
    assert rows(operator) == now
    with reading(operator) as connection:
        assert connection.execute("SELECT app, name FROM django_migrations").fetchall() == [
            ("rows", "0001_initial"),
            ("rows", "0002_places_told"),
            ("rows", "0003_parts"),
            ("rows", "0004_portal_entries"),
            ("rows", "0005_named_partners"),
            ("rows", "0006_last_backup"),
            ("rows", "0007_backup_tested"),
        ]
    assert json.loads(operator.run("fsck", "--json")) == {"findings": []}
    operator.run("migrate")
    assert rows(operator) == now
    taken_over = schema(operator)
    new = schema(_a_new_one(operator, tmp_path / "new"))
    assert {table: sorted(set(new[table]) ^ set(taken_over[table])) for table in new if new[table] != taken_over[table]} == {}
    assert new.keys() == taken_over.keys()


def _new_columns(*, is_postgresql: bool) -> dict[str, dict[str, object]]:
    """What stands in columns that are new, by table."""
    return {
        "ask_askmatch": {"is_part": False if is_postgresql else 0},
        "backup_backupfolder": {"backed_up_at": None, "tested_at": None, "is_test_passed": None},
        "partners_partner": {"named_since": None, "sites": ""},
    }


def _a_new_one(operator: Operator, home: Path) -> Operator:
    """A new exchange; PostgreSQL's is in the same database, which is emptied first."""
    url = operator.environment.get("STILLMINE_EXCHANGE_DATABASE")
    if url:
        with reading(operator) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    new = Operator(home, url)
    new.run("migrate")
    return new


def test_one_that_lacks_a_change_of_before_is_refused_and_left_alone(operator: Operator) -> None:
    with reading(operator) as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'partners' AND name = '0004_erased_list_at'")
        connection.commit()
    before = rows(operator)
    assert "the last version before this one" in operator.run("migrate", expect=2)
    assert rows(operator) == before


def test_its_backup_is_restored(tmp_path: Path, fresh_database_url: str | None) -> None:
    folder, new = tmp_path / "backup", Operator(tmp_path / "home", fresh_database_url)
    folder.mkdir(mode=0o700)
    for packed in EARLIER.glob("*.jsonl.gz"):
        (folder / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    _fill_home(new.home)
    (new.home / "day.keys").unlink()
    new.run("migrate")
    new.run("restore", str(folder))
    assert json.loads(new.run("fsck", "--json")) == {"findings": []}
    kept = rows(new)
    assert len(kept["cases_fingerprint"]) > 20
    assert len(kept["fingerprint_data_keys"]) > 5
