# SPDX-License-Identifier: Apache-2.0
"""Backups and putting them back: other cases work, and what was withdrawn since is not in an old backup any more."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from stillmine.exchange.backup.errors import BackupUnusableError, DatabaseNotEmptyError
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, empty_all_tables, feedback_on, value


def back_up(exchange: Context, folder: Path) -> Path:
    from stillmine.exchange.backup.dump import back_up as write

    return write(exchange, folder).data


def put_back(exchange: Context, folder: Path, data: Path | None = None) -> tuple[int, int]:
    from stillmine.exchange.backup.load import restore

    done = restore(exchange, folder, data)
    return done.cases_closed, done.fingerprints_withdrawn


def test_everything_comes_back_and_the_exchange_goes_on(
    exchange: Context, phone: Phone, other_phone: Phone, partner: PartnerClient, tmp_path: Path
) -> None:
    from stillmine.exchange.backup.rows import data_models, rows_of

    phone.open(1, 2)
    partner.sync()
    partner.acknowledge()
    partner.report(feedback_on(next(iter(partner.entries)), 1))  # uploads are counted by day
    partner.fetch_hashes()
    phone.withdraw(phone.show().fingerprints[1].id)
    before = {model: list(rows_of(model)) for model in data_models()}
    data = back_up(exchange, tmp_path / "backup")
    assert sorted(path.name for path in data.parent.iterdir()) == ["data-20261122T140531Z.jsonl", "data-keys.jsonl"]
    assert {path.stat().st_mode & 0o777 for path in data.parent.iterdir()} == {0o600}
    assert value(1) not in data.read_text()
    empty_all_tables()
    assert put_back(exchange, data.parent) == (0, 0)
    assert {model: list(rows_of(model)) for model in data_models()} == before
    assert [row.value for row in phone.show().fingerprints] == [value(1), None]
    assert {row["hashValue"]: row["hashStatus"] for row in partner.fetch_hashes()["hashRecords"]} == {
        value(1): "Active",
        value(2): "Withdrawn",
    }
    other_phone.open(3)
    PartnerClient.add(exchange, phone.web, "Example Video")
    partner.sync()
    assert partner.active_values() == sorted([value(1), value(3)])


def test_an_old_backup_holds_nothing_readable_of_a_case_withdrawn_since(
    exchange: Context, phone: Phone, other_phone: Phone, partner: PartnerClient, clock: Clock, tmp_path: Path
) -> None:
    from stillmine.exchange.protection.values import try_values_of
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.keys import FingerprintDataKey

    phone.open(1, 2)
    other_phone.open(3, 4, 5)
    old = back_up(exchange, tmp_path)
    old_keys = (tmp_path / "data-keys.jsonl").read_text()
    clock.forward(minutes=5)
    single = other_phone.show().fingerprints[1].id
    gone = [*(row.id for row in phone.show().fingerprints), single]
    phone.withdraw()
    other_phone.withdraw(single)
    Phone(phone.web, b"opened-now").open(6)
    newest = back_up(exchange, tmp_path)
    assert newest != old
    new_keys = (tmp_path / "data-keys.jsonl").read_text()
    assert all(f'"fingerprint_id":"{fingerprint_id}"' in old_keys for fingerprint_id in gone)
    assert not any(f'"fingerprint_id":"{fingerprint_id}"' in new_keys for fingerprint_id in gone)

    empty_all_tables()
    assert put_back(exchange, tmp_path, old) == (1, 1)
    assert not FingerprintDataKey.objects.filter(fingerprint__in=gone).exists()
    assert [(row.value, row.state.value) for row in phone.show().fingerprints] == [(None, "withdrawn")] * 2
    assert phone.show().state == "withdrawn"
    assert [row.value for row in other_phone.show().fingerprints] == [value(3), None, value(5)]
    partner.sync()
    assert partner.active_values() == sorted([value(3), value(5)])

    rows = [json.loads(line) for line in old.read_text().splitlines()[1:-1]]
    sealed = [row["row"] for row in rows if row["table"] == "cases.Fingerprint"]
    assert len(sealed) == 5, "the old file still holds the sealed bytes"
    from stillmine.exchange.backup.rows import made_of

    made = [made_of(Fingerprint, row) for row in sealed]
    values, failed = try_values_of(exchange, [row for row in made if isinstance(row, Fingerprint)])
    assert sorted(values.values()) == sorted([value(3), value(5)]), "nor a single one of a case that is open"
    assert not failed, "what was withdrawn holds nothing: no error, and no value"


def test_a_database_that_holds_something_is_left_alone(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    phone.open(1)
    back_up(exchange, tmp_path)
    with pytest.raises(DatabaseNotEmptyError):
        put_back(exchange, tmp_path)
    assert [row.value for row in phone.show().fingerprints] == [value(1)]


def cut(lines: list[str]) -> list[str]:
    return lines[:-1]


def changed(lines: list[str]) -> list[str]:
    return [line.replace('"state":"open"', '"state":"Open"') for line in lines]


def doubled(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[1], lines[-1]]


def another_version(lines: list[str]) -> list[str]:
    return [lines[0].replace('"version":1', '"version":2'), *lines[1:]]


@pytest.mark.parametrize("damage", [cut, changed, doubled, another_version, lambda _: [], lambda _: ["x"]])
def test_a_damaged_file_changes_nothing(exchange: Context, phone: Phone, tmp_path: Path, damage: Callable[[list[str]], list[str]]) -> None:
    from stillmine.exchange.rows.cases import Case

    phone.open(1)
    data = back_up(exchange, tmp_path)
    data.write_text("".join(line + "\n" for line in damage(data.read_text().splitlines())))
    empty_all_tables()
    with pytest.raises(BackupUnusableError):
        put_back(exchange, tmp_path)
    assert not Case.objects.exists()


def test_data_keys_older_than_the_data_are_refused(exchange: Context, phone: Phone, clock: Clock, tmp_path: Path) -> None:
    phone.open(1)
    back_up(exchange, tmp_path)
    older = (tmp_path / "data-keys.jsonl").read_bytes()
    clock.forward(minutes=1)
    back_up(exchange, tmp_path)
    (tmp_path / "data-keys.jsonl").write_bytes(older)
    empty_all_tables()
    with pytest.raises(BackupUnusableError, match="Name an older file with --data"):
        put_back(exchange, tmp_path)


def test_a_backup_whose_keys_can_not_be_written_leaves_the_last_one_as_it_was(exchange: Context, clock: Clock, tmp_path: Path) -> None:
    back_up(exchange, tmp_path)
    (tmp_path / "data-keys.jsonl").rename(tmp_path / "aside")
    (tmp_path / "data-keys.jsonl").mkdir()
    before = sorted(tmp_path.iterdir())
    clock.forward(minutes=1)
    with pytest.raises(NotConfiguredError, match="can't be written"):
        back_up(exchange, tmp_path)
    assert sorted(tmp_path.iterdir()) == before, "no data file without its keys, and no half file"


def test_without_the_key_encryption_key_nothing_is_restored(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    from stillmine.exchange.rows.cases import Case

    phone.open(1)
    back_up(exchange, tmp_path)
    empty_all_tables()
    path = Path(exchange.keys.source)
    before = path.read_text()
    path.write_text(f"{'1a' * 4} {'1b' * 32}\n")
    try:
        with pytest.raises(NotConfiguredError, match=before.split()[0]):
            put_back(exchange, tmp_path)
    finally:
        path.write_text(before)
    assert not Case.objects.exists()
    assert put_back(exchange, tmp_path) == (0, 0)


def test_a_backup_never_overwrites_data_and_leaves_no_half_file(exchange: Context, tmp_path: Path) -> None:
    data = back_up(exchange, tmp_path).read_bytes()
    with pytest.raises(BackupUnusableError, match="there already"):
        back_up(exchange, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data-20261122T140531Z.jsonl", "data-keys.jsonl"]
    assert (tmp_path / "data-20261122T140531Z.jsonl").read_bytes() == data
    with pytest.raises(BackupUnusableError, match="no data"):
        put_back(exchange, tmp_path / "elsewhere")


def test_a_backup_keeps_nobody_from_writing(exchange: Context, phone: Phone, tmp_path: Path) -> None:
    """The dump reads one moment; what is written meanwhile is not in it and does not wait."""
    from threading import Thread

    from django.db import connection

    from stillmine.exchange.backup.dump import one_moment
    from stillmine.exchange.rows.cases import Case

    def write() -> None:
        Phone(phone.web, b"meanwhile!").open(9)
        connection.close()

    with one_moment():
        before = Case.objects.count()
        other = Thread(target=write)
        other.start()
        other.join(timeout=15)
        assert not other.is_alive()
        assert Case.objects.count() == before
    assert Case.objects.count() == before + 1


def test_when_data_were_last_written_is_known_and_renewed_keys_are_no_backup(
    exchange: Context, phone: Phone, clock: Clock, tmp_path: Path
) -> None:
    from stillmine.exchange.backup.dump import renew_backups
    from stillmine.exchange.backup.folders import forget_folder, last_backup

    phone.open(1)
    assert last_backup() is None
    back_up(exchange, tmp_path / "first")
    first = last_backup()
    assert first == clock().replace(microsecond=0)
    clock.forward(days=1)
    assert renew_backups(exchange) == 1
    assert last_backup() == first
    back_up(exchange, tmp_path / "second")
    assert last_backup() == clock().replace(microsecond=0)
    forget_folder(exchange, tmp_path / "second")
    assert last_backup() == first
