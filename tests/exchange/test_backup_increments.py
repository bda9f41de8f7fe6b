# SPDX-License-Identifier: Apache-2.0
"""A backup that holds only what the last whole one does not, and which files of backups may go."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from stillmine.exchange.backup.errors import BackupUnusableError
from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, empty_all_tables, value


def back_up(exchange: Context, folder: Path, *, is_whole: bool = False) -> Path:
    from stillmine.exchange.backup.dump import back_up as write

    return write(exchange, folder, is_whole=is_whole, large_bytes=1).data


def put_back(exchange: Context, folder: Path, data: Path | None = None) -> tuple[int, int]:
    from stillmine.exchange.backup.load import restore

    done = restore(exchange, folder, data)
    return done.cases_closed, done.fingerprints_withdrawn


def many(phone: Phone) -> None:
    """Rows enough for many runs."""
    for number in range(12):
        Phone(phone.web, f"many-{number:05}".encode()).open(*range(100 + 10 * number, 110 + 10 * number))


def test_an_increment_brings_everything_back_and_is_small(
    exchange: Context, phone: Phone, partner: PartnerClient, clock: Clock, tmp_path: Path
) -> None:
    from stillmine.exchange.backup.rows import data_models, rows_of

    many(phone)
    whole = back_up(exchange, tmp_path)
    clock.forward(minutes=5)
    phone.open(1, 2)
    phone.withdraw(phone.show().fingerprints[1].id)
    before = {model: list(rows_of(model)) for model in data_models()}
    increment = back_up(exchange, tmp_path)
    assert increment.name.endswith(".increment.jsonl")
    assert increment.stat().st_mode & 0o777 == 0o600
    assert increment.stat().st_size < whole.stat().st_size / 2
    assert value(1) not in increment.read_text()
    empty_all_tables()
    assert put_back(exchange, tmp_path) == (0, 0), "it is the newest of the folder"
    assert {model: list(rows_of(model)) for model in data_models()} == before
    partner.sync()
    assert value(1) in partner.active_values()
    assert value(2) not in partner.active_values()


def test_what_was_withdrawn_since_an_increment_stays_withdrawn(exchange: Context, phone: Phone, clock: Clock, tmp_path: Path) -> None:
    many(phone)
    phone.open(1, 2)
    back_up(exchange, tmp_path)
    clock.forward(minutes=5)
    increment = back_up(exchange, tmp_path)
    clock.forward(minutes=5)
    phone.withdraw()
    back_up(exchange, tmp_path)
    empty_all_tables()
    assert put_back(exchange, tmp_path, increment) == (1, 0)
    assert [row.value for row in phone.show().fingerprints] == [None, None]


def test_when_the_next_is_whole_again(exchange: Context, phone: Phone, clock: Clock, tmp_path: Path) -> None:
    from stillmine.exchange.backup.dump import back_up as write

    def is_increment(path: Path) -> bool:
        clock.forward(minutes=1)
        return path.name.endswith(".increment.jsonl")

    many(phone)
    assert not is_increment(back_up(exchange, tmp_path))
    assert is_increment(back_up(exchange, tmp_path))
    assert not is_increment(write(exchange, tmp_path).data), "a small one"
    assert not is_increment(back_up(exchange, tmp_path, is_whole=True)), "asked for"
    assert is_increment(back_up(exchange, tmp_path))
    clock.forward(days=7)
    whole = back_up(exchange, tmp_path)
    assert not is_increment(whole), "a week is over"
    for number in range(12):
        Phone(phone.web, f"more-{number:05}".encode()).open(*range(300 + 10 * number, 310 + 10 * number))
    grown = back_up(exchange, tmp_path)
    assert is_increment(grown)
    assert grown.stat().st_size > whole.stat().st_size / 2
    whole = back_up(exchange, tmp_path)
    assert not is_increment(whole), "what is new is more than half"
    whole.write_text(whole.read_text()[:-20])
    assert not is_increment(back_up(exchange, tmp_path)), "the last whole one is damaged"


@pytest.fixture
def pair(exchange: Context, phone: Phone, clock: Clock, tmp_path: Path) -> tuple[Path, Path]:
    """A whole file and an increment of it."""
    many(phone)
    whole = back_up(exchange, tmp_path)
    clock.forward(minutes=5)
    return whole, back_up(exchange, tmp_path)


def test_an_increment_without_its_whole_file_says_which_it_needs(exchange: Context, pair: tuple[Path, Path]) -> None:
    whole, increment = pair
    whole.rename(whole.with_name("aside"))
    empty_all_tables()
    with pytest.raises(BackupUnusableError, match=f"needs {whole.name} beside it"):
        put_back(exchange, increment.parent)


def test_an_increment_beside_another_whole_file_is_refused(exchange: Context, phone: Phone, clock: Clock, pair: tuple[Path, Path]) -> None:
    whole, increment = pair
    clock.forward(minutes=5)
    phone.open(1)
    other = back_up(exchange, whole.parent, is_whole=True)
    other.rename(whole)
    empty_all_tables()
    with pytest.raises(BackupUnusableError, match=f"needs another {whole.name}"):
        put_back(exchange, whole.parent, increment)


@pytest.mark.parametrize("change", ["cut", "changed", "elsewhere"])
def test_a_damaged_increment_is_refused_and_nothing_is_restored(exchange: Context, pair: tuple[Path, Path], change: str) -> None:
    from hashlib import sha256

    from stillmine.exchange.rows.cases import Case

    _, increment = pair
    lines = increment.read_bytes().splitlines(keepends=True)
    if change == "cut":
        lines = lines[:-1]
    elif change == "changed":
        lines[1] = lines[1].replace(b'"size":', b'"size":1')
    else:  # by somebody who can count
        lines[1] = b'{"offset":3,"size":99999999}\n'
        foot = json.loads(lines[-1]) | {"sha256": sha256(b"".join(lines[:-1])).hexdigest()}
        lines[-1] = json.dumps(foot).encode() + b"\n"
    increment.write_bytes(b"".join(lines))
    empty_all_tables()
    with pytest.raises(BackupUnusableError):
        put_back(exchange, increment.parent)
    assert not Case.objects.exists()


def test_old_files_go_but_never_what_a_newer_one_needs(exchange: Context, phone: Phone, clock: Clock, tmp_path: Path) -> None:
    from stillmine.exchange.backup.increments import data_files
    from stillmine.exchange.backup.retention import remove_old

    many(phone)
    oldest = back_up(exchange, tmp_path)
    clock.forward(days=8)
    base = back_up(exchange, tmp_path)
    increments = []
    for _ in range(4):
        clock.forward(days=1)
        increments.append(back_up(exchange, tmp_path))
    assert all("increment" in path.name for path in increments)
    assert remove_old(tmp_path, timedelta(days=2), clock()) == [oldest, increments[0]]
    assert [file.path for file in data_files(tmp_path)] == [base, *increments[1:]]
    assert (tmp_path / "data-keys.jsonl").exists()
    (tmp_path / "data-notes.jsonl").write_text("mine")
    assert remove_old(tmp_path, timedelta(days=2), clock() + timedelta(days=5000)) == [], "the newest three stay, and what they need"
    empty_all_tables()
    assert put_back(exchange, tmp_path) == (0, 0)
