# SPDX-License-Identifier: Apache-2.0
"""Erased means erased: after the time that a receipt names, nothing opens it in any log, copy or backup, and what lives opens always."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stillmine.exchange.keys.day_file import DAY_KEYS_FILE
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, value
from tests.exchange.test_receipts import receipt_of, verified
from tests.exchange.thief import Thief


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    monkeypatch.setattr(logging.getLogger("stillmine"), "propagate", True)
    return caplog


def upkeep(exchange: Context) -> dict[str, int]:
    from stillmine.exchange.running.upkeep import run_upkeep

    return run_upkeep(exchange)


def turn(exchange: Context, clock: Clock) -> None:
    """A day passes: the first upkeep of the new one lets the old key go, the one a minute later destroys it."""
    clock.forward(days=1)
    upkeep(exchange)
    clock.forward(minutes=1)
    upkeep(exchange)


def day_keys(exchange: Context) -> list[str]:
    return list(exchange.day_keys.lines())


def test_by_the_time_that_the_receipt_names_no_log_copy_or_backup_opens_it(
    exchange: Context, phone: Phone, other_phone: Phone, clock: Clock, database_folder: Path | None, tmp_path: Path
) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.rows.cases import Fingerprint

    thief = Thief(exchange, database_folder, tmp_path)
    single = phone.open(1, 2).fingerprints[0].id
    other_phone.open(3)
    back_up(exchange, tmp_path)
    thief.copy()
    clock.forward(minutes=1)
    phone.withdraw(single)
    other_phone.withdraw()
    thief.copy()
    assert not Fingerprint.objects.filter(state="withdrawn", sealed_value__isnull=False).exists()
    (part,) = receipt_of(phone).receipt.erased
    assert (part.is_unreadable, part.unreadable_by - part.erased_at) == (False, timedelta(hours=48))
    until = f"can't be read any more from {part.unreadable_by:%Y-%m-%d %H:%M} UTC at the latest"
    assert until in verified(phone, receipt_of(phone).note)
    assert thief.holds_all()
    assert thief.opened() == {value(1), value(2), value(3)}, "before that time it would open: the thief can do its work"
    turn(exchange, clock)
    thief.copy()
    assert clock.now < part.unreadable_by
    assert thief.opened() == {value(2)}, "what lives opens, and nothing else"
    assert [row.value for row in phone.show().fingerprints] == [None, value(2)]
    assert receipt_of(phone).receipt.erased[0].is_unreadable
    assert "backups of the exchange's database: can't be read any more.\n" in verified(phone, receipt_of(other_phone).note)


def test_a_receipt_says_when_the_exchange_is_late(exchange: Context, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.erasure.copies import late

    phone.open(1)
    phone.withdraw()
    assert late(exchange) == []
    clock.forward(hours=48)
    (part,) = receipt_of(phone).receipt.erased
    assert not part.is_unreadable
    assert f"can still be read. The exchange is late: it was to end by {part.unreadable_by:%Y-%m-%d}" in receipt_of(phone).note
    assert len(late(exchange)) == 1
    turn(exchange, clock)
    assert receipt_of(phone).receipt.erased[0].is_unreadable
    assert late(exchange) == []


def test_no_file_of_a_backup_holds_a_key_of_the_day_and_it_opens_when_they_are_gone(
    exchange: Context, phone: Phone, partner: PartnerClient, clock: Clock, tmp_path: Path
) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.load import restore
    from tests.exchange.exchange_parts import empty_all_tables

    phone.open(1, 2)
    partner.fetch_hashes()
    phone.withdraw(phone.show().fingerprints[1].id)
    back_up(exchange, tmp_path)
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for key_id, line in exchange.day_keys.lines().items():
        for mark in (key_id.encode(), line.wrapped_key.hex().encode(), bytes(exchange.day_keys.key(key_id)).hex().encode()):
            assert mark not in content
    before = day_keys(exchange)
    turn(exchange, clock)
    assert not set(before) & set(day_keys(exchange))
    empty_all_tables()
    restore(exchange, tmp_path)
    assert [row.value for row in phone.show().fingerprints] == [value(1), None]
    shown = {row["hashValue"]: row["hashStatus"] for row in partner.fetch_hashes()["hashRecords"]}
    assert shown == {value(1): "Active", value(2): "Withdrawn"}


def test_a_backup_that_is_away_keeps_the_receipt_from_saying_so(
    exchange: Context, phone: Phone, clock: Clock, tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.folders import forget_folder

    folder, away = tmp_path / "backups", tmp_path / "away"
    phone.open(1, 2)
    back_up(exchange, folder)
    folder.rename(away)
    phone.withdraw(phone.show().fingerprints[0].id)
    turn(exchange, clock)
    assert not receipt_of(phone).receipt.erased[0].is_unreadable
    assert len([line for line in said.messages if "can't be replaced" in line]) == 1, "said once, not every minute"
    assert not folder.exists(), "the place of a disk that is away is left as it is"
    away.rename(folder)
    clock.forward(minutes=1)
    assert upkeep(exchange)["backups of data keys renewed"] == 1
    assert receipt_of(phone).receipt.erased[0].is_unreadable
    (folder / "data-keys.jsonl").unlink()
    turn(exchange, clock)
    assert forget_folder(exchange, folder)
    assert not forget_folder(exchange, folder)


def test_another_databases_data_keys_are_not_replaced(
    exchange: Context, phone: Phone, other_phone: Phone, clock: Clock, tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.folders import note_folder
    from tests.exchange.exchange_parts import empty_all_tables

    phone.open(1)
    back_up(exchange, tmp_path)
    before = (tmp_path / "data-keys.jsonl").read_bytes()
    empty_all_tables()
    other_phone.open(2)
    note_folder(exchange, tmp_path, clock(), has_data=False)
    turn(exchange, clock)
    assert (tmp_path / "data-keys.jsonl").read_bytes() == before
    assert any("does not know" in line for line in said.messages)


def test_an_older_database_brings_no_data_key_back_into_a_backup(
    exchange: Context, phone: Phone, clock: Clock, tmp_path: Path, said: pytest.LogCaptureFixture
) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.errors import BackupRefusedError
    from stillmine.exchange.backup.folders import note_folder
    from stillmine.exchange.backup.load import restore
    from tests.exchange.exchange_parts import empty_all_tables

    folder, older = tmp_path / "backups", tmp_path / "older"
    phone.open(1, 2)
    back_up(exchange, older)
    clock.forward(minutes=1)
    phone.withdraw(phone.show().fingerprints[0].id)
    back_up(exchange, folder)
    before = (folder / "data-keys.jsonl").read_bytes()
    empty_all_tables()
    restore(exchange, older)
    assert [row.value for row in phone.show().fingerprints] == [value(1), value(2)]
    clock.forward(minutes=1)
    with pytest.raises(BackupRefusedError, match="older database"):
        back_up(exchange, folder)
    note_folder(exchange, folder, clock(), has_data=False)
    turn(exchange, clock)
    assert (folder / "data-keys.jsonl").read_bytes() == before
    assert any("older database" in line for line in said.messages)


def test_a_wrong_clock_destroys_no_key(exchange: Context, phone: Phone, clock: Clock) -> None:
    phone.open(1)
    before = day_keys(exchange)
    for days in (30, 800):
        clock.jump(days=days)
        upkeep(exchange)
        clock.forward(minutes=1)
        upkeep(exchange)
        assert day_keys(exchange) == before
    assert [row.value for row in phone.show().fingerprints] == [value(1)]


def test_a_key_made_by_a_clock_that_was_ahead_promises_nothing(exchange: Context, phone: Phone, clock: Clock) -> None:
    phone.open(1, 2)
    clock.jump(minutes=50)
    turn(exchange, clock)
    clock.jump(minutes=-50)
    phone.withdraw(phone.show().fingerprints[0].id)
    assert not receipt_of(phone).receipt.erased[0].is_unreadable
    upkeep(exchange)
    clock.forward(hours=1)
    upkeep(exchange)
    assert not receipt_of(phone).receipt.erased[0].is_unreadable, "the key that wraps now is of after that, and so is the next alone"
    turn(exchange, clock)
    assert receipt_of(phone).receipt.erased[0].is_unreadable


def test_the_day_turns_while_cases_are_opened_and_withdrawn(exchange: Context, phone: Phone, clock: Clock) -> None:
    from django.db import connection

    from stillmine.exchange.erasure.day_turn import keep_day_keys
    from stillmine.exchange.fsck.findings import findings

    failed: list[str] = []
    is_over = threading.Event()

    def people(name: bytes) -> None:
        number = 0
        while not is_over.is_set() and number < 40:
            person, number = Phone(phone.web, name + b"%06d" % number), number + 1
            try:
                first, _ = person.open(2 * number, 2 * number + 1).fingerprints
                person.withdraw(first.id)
                if [row.value for row in person.show().fingerprints] != [None, value(2 * number + 1)]:
                    failed.append("another value")
            except Exception as error:
                failed.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=people, args=(name,)) for name in (b"here", b"ther")]
    for thread in threads:
        thread.start()
    turned = 0
    while any(thread.is_alive() for thread in threads):
        clock.forward(days=1)
        before = day_keys(exchange)
        keep_day_keys(exchange)
        turned += day_keys(exchange) != before
        if turned >= 5:
            is_over.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert turned >= 1
    assert findings() == []


def test_a_lost_file_is_said_and_never_made_again(exchange: Context, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.protection.data_keys import require_keys

    phone.open(1)
    path, aside = exchange.home / DAY_KEYS_FILE, exchange.home / "elsewhere"
    path.rename(aside)
    try:
        with pytest.raises(NotConfiguredError, match="is not there"):
            require_keys(exchange)
        turn(exchange, clock)
        assert not path.exists()
        assert any("is not there" in line for line in findings())
        path.write_text(f"{'0a' * 4} {'0b' * 4} {'0c' * 60}\n")
        path.chmod(0o600)
        with pytest.raises(NotConfiguredError, match="lacks the key of the day"):
            require_keys(exchange)
        path.write_text("half a li")
        with pytest.raises(NotConfiguredError, match="cut"):
            require_keys(exchange)
        aside.chmod(0o640)
        aside.replace(path)
        with pytest.raises(NotConfiguredError, match="chmod 600"):
            require_keys(exchange)
    finally:
        if aside.exists():
            aside.replace(path)
        path.chmod(0o600)
    assert [row.value for row in phone.show().fingerprints] == [value(1)]


def test_a_full_disk_leaves_the_file_as_it_was(exchange: Context, phone: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    phone.open(1)
    before = day_keys(exchange)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        clock.forward(days=1)
        assert "data keys rewrapped" not in upkeep(exchange)
    assert day_keys(exchange) == before
    assert [row.value for row in phone.show().fingerprints] == [value(1)]
    turn(exchange, clock)
    assert not set(before) & set(day_keys(exchange))
    assert sorted(path.name for path in exchange.home.glob(f"{DAY_KEYS_FILE}*")) == [DAY_KEYS_FILE, f"{DAY_KEYS_FILE}.lock"]


def test_whoever_reads_for_long_keeps_the_keys(exchange: Context, phone: Phone, clock: Clock) -> None:
    phone.open(1)
    before = day_keys(exchange)
    with exchange.day_keys.unchanged():
        clock.forward(days=1)
        assert upkeep(exchange)["data keys rewrapped"] == 0
        assert day_keys(exchange) == before
    upkeep(exchange)
    assert day_keys(exchange) != before


def test_a_data_key_that_does_not_open_keeps_no_key_of_the_day(exchange: Context, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.rows.keys import FingerprintDataKey

    first, _ = phone.open(1, 2).fingerprints
    whole = bytes(FingerprintDataKey.objects.get(fingerprint=first.id).wrapped_key)
    FingerprintDataKey.objects.filter(fingerprint=first.id).update(wrapped_key=bytes(60))
    before = day_keys(exchange)
    turn(exchange, clock)
    assert not set(before) & set(day_keys(exchange))
    assert bytes(FingerprintDataKey.objects.get(fingerprint=first.id).wrapped_key) == bytes(60)
    assert whole != bytes(60)
    assert phone.withdraw().state == "withdrawn"


@pytest.fixture
def reader(exchange: Context) -> Iterator[Callable[[], None]]:
    """A program that reads the database and hangs; call it to end it."""
    from django.db import connections

    other = connections["default"].copy()
    other.settings_dict = {**other.settings_dict, "OPTIONS": {**other.settings_dict["OPTIONS"], "transaction_mode": None}}
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT count(*) FROM cases_case")
        cursor.fetchall()
    yield other.close
    other.close()


def test_a_reader_that_hangs_is_said_once_and_shown_after_an_hour(
    exchange: Context, phone: Phone, clock: Clock, reader: Callable[[], None], said: pytest.LogCaptureFixture
) -> None:
    from django.db import connection

    from stillmine.exchange.erasure.copies import is_late, late
    from stillmine.exchange.erasure.letting_go import let_go

    if connection.vendor != "sqlite":
        return
    phone.open(1)
    phone.withdraw()
    assert (let_go(exchange), let_go(exchange)) == (0, 0)
    assert len([line for line in said.messages if "a program is reading the database" in line]) == 1
    assert not is_late(exchange)
    clock.forward(hours=1, minutes=1)
    assert is_late(exchange)
    assert len(late(exchange)) == 1
    reader()
    assert let_go(exchange) == 1
    assert not is_late(exchange)
    assert (exchange.home / "exchange.sqlite3-wal").stat().st_size < 10_000, "what is in it now is that nothing is in the way"


def test_postgresql_vacuums_what_was_erased(exchange: Context, phone: Phone) -> None:
    from django.db import connection

    from stillmine.exchange.erasure.letting_go import TABLES, let_go

    if connection.vendor != "postgresql":
        return
    phone.open(*range(1, 30))
    phone.withdraw()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT count(*) FROM pg_stat_user_tables WHERE n_dead_tup > 0 AND relname = ANY(%s)", [list(TABLES)])
        assert cursor.fetchone()[0] > 0
        assert let_go(exchange) == 1
        cursor.execute("SELECT count(*) FROM pg_stat_user_tables WHERE relname = 'fingerprint_data_keys' AND last_vacuum IS NOT NULL")
        assert cursor.fetchone()[0] == 1


def test_tables_to_vacuum_are_all_that_hold_what_is_erased(exchange: Context) -> None:
    from django.apps import apps

    from stillmine.exchange.erasure.letting_go import TABLES

    sealed = {
        model._meta.db_table
        for model in apps.get_models()
        if {field.name for field in model._meta.get_fields()} & {"sealed_value", "wrapped_key"}
    }
    assert sealed | {"day_keys"} == set(TABLES)
