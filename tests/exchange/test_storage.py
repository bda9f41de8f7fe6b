# SPDX-License-Identifier: Apache-2.0
"""When disk or database give way: an answer in words and 503, withdrawals by the reserve, and one line a minute."""

import errno
import logging
import re
import select
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import psycopg.errors
import pytest
from django.db import DataError, InterfaceError, OperationalError, ProgrammingError

from stillmine.exchange.ground import reserve
from stillmine.exchange.ground.database_errors import refusal_of
from stillmine.exchange.ground.reserve import RESERVE_BYTES, RESERVE_FILE, WHEN_FULL, is_given_up, keep_reserve
from stillmine.exchange.ground.storage_log import SAID, say_storage
from stillmine.exchange.ground.turns import Turns
from stillmine.exchange.keys.day_file import DAY_KEYS_FILE
from stillmine.exchange.transaction.context import Context
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.storage_errors import DatabaseBusyError, DatabaseUnavailableError, StorageFullError
from tests.exchange.console_parts import Desk
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, fingerprint, opening


def of_sqlite(number: int) -> Exception:
    raw = sqlite3.OperationalError("hidden-word")
    raw.sqlite_errorcode = number
    return caused(raw)


def caused(raw: Exception) -> Exception:
    error = OperationalError("hidden-word")
    error.__cause__ = raw
    return error


FULL = [of_sqlite(sqlite3.SQLITE_FULL), caused(psycopg.errors.DiskFull()), OSError(errno.ENOSPC, "hidden-word")]
AWAY = [caused(psycopg.OperationalError("hidden-word")), caused(psycopg.errors.AdminShutdown()), of_sqlite(sqlite3.SQLITE_CANTOPEN)]
BUSY = [of_sqlite(sqlite3.SQLITE_BUSY), caused(psycopg.errors.LockNotAvailable()), caused(psycopg.errors.QueryCanceled())]


@pytest.mark.parametrize("error", FULL)
def test_a_full_disk_is_told_apart(error: Exception) -> None:
    assert isinstance(refusal_of(error), StorageFullError)


@pytest.mark.parametrize("error", [*AWAY, InterfaceError("connection already closed"), caused(psycopg.errors.CannotConnectNow())])
def test_a_database_that_is_away_is_told_apart(error: Exception) -> None:
    assert isinstance(refusal_of(error), DatabaseUnavailableError)


@pytest.mark.parametrize("error", [*BUSY, caused(psycopg.errors.DeadlockDetected()), of_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT)])
def test_too_many_writers_are_told_apart(error: Exception) -> None:
    assert isinstance(refusal_of(error), DatabaseBusyError)


@pytest.mark.parametrize("error", [ValueError(), of_sqlite(sqlite3.SQLITE_CORRUPT), caused(psycopg.errors.UndefinedTable()), DataError()])
def test_everything_else_stays_an_accident(error: Exception) -> None:
    assert refusal_of(error) is None


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What is logged; nothing was said in the minute before."""
    SAID._said.clear()
    logging.getLogger("stillmine").propagate = True
    yield caplog
    logging.getLogger("stillmine").propagate = False
    SAID._said.clear()


@pytest.mark.parametrize(
    ("errors", "expected", "retry_after"),
    [(FULL, "storage_full", "300"), (AWAY, "database_unavailable", "10"), (BUSY, "database_busy", "5")],
)
def test_reads_and_writes_answer_503_in_words_and_one_line_names_it(
    web: httpx.Client,
    phone: Phone,
    errors: list[Exception],
    expected: str,
    retry_after: str,
    monkeypatch: pytest.MonkeyPatch,
    log: pytest.LogCaptureFixture,
) -> None:
    phone.open(1)
    raised = iter([each for each in errors for _ in range(2)])

    def fails(*_: object, **__: object) -> None:
        raise next(raised)

    monkeypatch.setattr("stillmine.exchange.person.views.case_view", fails)
    monkeypatch.setattr("stillmine.exchange.protection.actions.move_fingerprints", fails)
    for _ in errors:
        for answer in (web.get("/api/v1/case", headers=phone.headers), phone.post("case/withdraw", {"version": 1})):
            assert code(answer) == (503, expected)
            assert answer.headers["Retry-After"] == retry_after
    assert [record.message for record in log.records if "was undone" in record.message] == []
    [line] = [record.message for record in log.records if record.name.startswith("stillmine")]
    assert expected in line
    assert "hidden-word" not in line


def test_keys_that_are_gone_are_told_to_people_in_true_words_and_to_the_log_once_a_minute(
    web: httpx.Client, phone: Phone, partner: PartnerClient, exchange: Context, log: pytest.LogCaptureFixture
) -> None:
    phone.open(1)
    file, away = exchange.home / DAY_KEYS_FILE, exchange.home / "away"
    file.rename(away)
    try:
        for _ in range(3):
            shown = web.get("/api/v1/case", headers=phone.headers)
            added = phone.post("case/fingerprints", {"version": 1, "fingerprints": [fingerprint(2)]})
            asked = partner.web.get("/api/v1/feed", headers=partner.headers)
            for answer in (shown, added, asked):
                assert code(answer) == (503, "keys_missing")
                assert answer.headers["Retry-After"] == "300"
                assert answer.json()["detail"] == "", "where the operator's files are is for the log"
        assert phone.withdraw().state == "withdrawn", "as the answer says"
    finally:
        away.rename(file)
    [line] = [record.message for record in log.records if record.name.startswith("stillmine")]
    assert "[keys_missing]" in line
    assert f"{file} is not there" in line


def test_the_console_says_the_same(manager: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise FULL[0]

    monkeypatch.setattr("stillmine.exchange.console.views_record.show", fails)
    answer = manager.get("/console/log")
    assert answer.status_code == 503
    assert StorageFullError.sentence in answer.text


def test_a_line_is_due_again_after_a_minute(log: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    sparing = SparingLog(logging.getLogger("stillmine.test"), lambda: now[0])
    for _ in range(150):
        assert say_storage(StorageFullError(), sparing)
        now[0] += 1
    assert len(log.records) == 3


@pytest.fixture
def kept(exchange: Context) -> Iterator[Path]:
    """A home with its reserve."""
    assert keep_reserve(exchange.home)
    yield exchange.home
    (exchange.home / RESERVE_FILE).unlink()


def test_the_reserve_is_real_room_for_this_user_alone(kept: Path) -> None:
    found = (kept / RESERVE_FILE).stat()
    assert (found.st_size, found.st_mode & 0o777) == (RESERVE_BYTES, 0o600)
    assert found.st_blocks * 512 >= RESERVE_BYTES, "a file with holes would keep nothing"


def test_on_a_full_disk_withdrawals_go_through_and_only_those(
    kept: Path, phone: Phone, other_phone: Phone, partner: PartnerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stillmine.exchange.protection import actions
    from stillmine.exchange.protection.transitions import move_fingerprints
    from stillmine.exchange.running.upkeep import run_upkeep
    from stillmine.exchange.transaction.context import context

    phone.open(1, 2)
    other_phone.open(3)
    handed_in = partner.web.post("/api/v1/submissions", json={"version": 1, "fingerprints": [fingerprint(4)]}, headers=partner.headers)
    is_full = [True]

    def full_once(*arguments: Any, **named: Any) -> None:
        if is_full.pop() if is_full else False:
            raise FULL[0]
        move_fingerprints(*arguments, **named)

    monkeypatch.setattr(actions, "move_fingerprints", full_once)
    assert phone.withdraw(phone.show().fingerprints[0].id).state == "open"
    assert is_given_up(kept)
    assert phone.withdraw().state == "withdrawn"
    for refused in (
        phone.web.post("/api/v1/case", json=opening(5), headers=Phone(phone.web, b"new-person").headers),
        other_phone.post("case/fingerprints", {"version": 1, "fingerprints": [fingerprint(6)]}),
        other_phone.post("case/renew", {"version": 1}),
        partner.web.post("/api/v1/submissions", json={"version": 1, "fingerprints": [fingerprint(7)]}, headers=partner.headers),
    ):
        assert code(refused) == (503, "storage_full")
        assert refused.headers["Retry-After"] == "300"
    body = {"version": 1, "fingerprint_ids": handed_in.json()["fingerprint_ids"]}
    taken_back = partner.web.post("/api/v1/submissions/withdraw", json=body, headers=partner.headers)
    assert taken_back.json()["withdrawn"] == 1
    assert other_phone.show().state == "open"

    monkeypatch.setattr(reserve, "free_bytes", lambda _: RESERVE_BYTES)
    run_upkeep(context())
    assert is_given_up(kept), "not yet: the next opening would fill the disk at once"
    monkeypatch.setattr(reserve, "free_bytes", lambda _: 1 << 40)
    run_upkeep(context())
    assert not is_given_up(kept)
    other_phone.add(6)


def test_on_a_full_disk_partners_in_step_hear_of_withdrawals(
    kept: Path, phone: Phone, partner: PartnerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.open(1, 2)
    before = partner.fetch()
    (kept / RESERVE_FILE).write_bytes(b"")
    phone.withdraw(phone.show().fingerprints[0].id)
    page = partner.fetch(cursor=before.cursor)
    assert [entry.state for entry in page.entries] == ["withdrawn"]
    partner.acknowledge(page.cursor)
    monkeypatch.setattr("stillmine.exchange.feed.actions.NEWEST_CHANGES", 0)
    whole_list = partner.web.get("/api/v1/feed", headers=partner.headers)
    assert code(whole_list) == (503, "storage_full"), "it would use up what withdrawals need"


def test_on_a_full_disk_a_backup_is_noted_and_renewed_once(
    kept: Path, phone: Phone, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Backups lie on another disk, and data keys that nobody replaces open what is withdrawn meanwhile."""
    from stillmine.exchange.backup import dump
    from stillmine.exchange.rows.backups import BackupFolder
    from stillmine.exchange.transaction.context import context

    phone.open(1)
    monkeypatch.setattr(reserve, "free_bytes", lambda _: RESERVE_BYTES)
    (kept / RESERVE_FILE).write_bytes(b"")
    dump.back_up(context(), tmp_path / "new")
    dump.back_up(context(), tmp_path / "away")
    clock.forward(days=1)
    (tmp_path / "away").rename(tmp_path / "elsewhere")
    first = BackupFolder.objects.get(folder=str((tmp_path / "away").resolve()))
    BackupFolder.objects.filter(id=first.id).update(id=0)  # it comes first
    assert dump.renew_backups(context()) == 1, "and one that is away does not keep others from it"
    assert dump.renew_backups(context()) == 0, "its keys are of today"
    assert is_given_up(kept)


def test_a_disk_that_is_full_beyond_the_reserve_is_said(kept: Path, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise FULL[0]

    phone.open(1)
    monkeypatch.setattr("stillmine.exchange.protection.actions.move_fingerprints", full)
    assert code(phone.post("case/withdraw", {"version": 1})) == (503, "storage_full")
    assert code(phone.post("case/withdraw", {"version": 1})) == (503, "storage_full")
    assert is_given_up(kept)


def test_every_transaction_that_withdraws_or_forgets_goes_on_when_the_disk_is_full(root: Path) -> None:
    sources = [path.read_text() for path in (root / "src" / "stillmine" / "exchange").rglob("*.py")]
    names = {name for source in sources for name in re.findall(r'tx\("([a-z_.]+)"', source)}
    adds_too = {"submissions.submit_and_withdraw_values"}
    assert {name for name in names if re.search("withdraw|forget|erase", name)} - adds_too <= WHEN_FULL
    assert names >= WHEN_FULL


def test_turns_go_in_the_order_of_coming() -> None:
    turns, order = Turns(), []
    came = [threading.Event() for _ in range(20)]

    def writer(number: int) -> None:
        came[number].set()
        with turns.turn(60):
            order.append(number)

    threads = [threading.Thread(target=writer, args=(number,)) for number in range(20)]
    with turns.turn(1):
        for number, thread in enumerate(threads):
            thread.start()
            came[number].wait(60)
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(60)
    assert order == list(range(20))


def test_whoever_waits_too_long_is_told_so_and_keeps_nobody_waiting() -> None:
    turns = Turns()
    with turns.turn(1), pytest.raises(DatabaseBusyError), turns.turn(0.01):
        pytest.fail("two at once")
    assert not turns._waiting
    with turns.turn(0.01):
        pass


def test_a_frozen_postgresql_ends_the_wait(database_url: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own limits are no help when it is stopped: here it is only slow, and ours is the shorter one."""
    if database_url is None:
        pytest.skip("PostgreSQL only")
    from stillmine.exchange.database.postgresql import base
    from stillmine.exchange.settings.config import ExchangeConfig, database_settings

    config = ExchangeConfig(home=Path("unused"), database_url=database_url, is_answering=True)
    wrapper = base.DatabaseWrapper({**PLAIN, **database_settings(config)}, "waiting")
    with wrapper.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == (f"{base.ANSWER_SECONDS}s",)
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == (f"{base.LOCK_SECONDS}s",)
        monkeypatch.setattr(base, "ANSWER_SECONDS", 0.2)
        with pytest.raises(OperationalError) as ended:
            cursor.execute("SELECT pg_sleep(60)")
    assert isinstance(refusal_of(ended.value), DatabaseUnavailableError)
    assert wrapper.connection.closed
    wrapper.close()


def test_what_nearly_every_request_says_is_planned_once_for_a_connection_and_nothing_else_is(database_url: str | None) -> None:
    if database_url is None:
        pytest.skip("PostgreSQL only")
    from stillmine.exchange.database.postgresql import base
    from stillmine.exchange.settings.config import ExchangeConfig, database_settings

    config = ExchangeConfig(home=Path("unused"), database_url=database_url, is_answering=True)
    wrapper = base.DatabaseWrapper({**PLAIN, **database_settings(config)}, "repeating")
    for number in (1, 2, 1):
        with wrapper.repeating_cursor() as cursor:
            cursor.execute("SELECT 1 + %s", [number])
            assert cursor.fetchone() == (1 + number,)
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT 2 + %s", [number])
    with pytest.raises(ProgrammingError), wrapper.repeating_cursor() as cursor:  # as Django's own say it
        cursor.execute("SELECT * FROM no_such_table")
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        assert [row[0] for row in cursor.fetchall()] == ["SELECT 1 + $1"]
    wrapper.close()


def test_a_connection_that_postgresql_ended_is_made_again_and_one_that_works_costs_no_question(
    database_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_url is None:
        pytest.skip("PostgreSQL only")
    from django.db.backends.postgresql import base as postgresql

    from stillmine.exchange.database.postgresql import base
    from stillmine.exchange.settings.config import ExchangeConfig, database_settings

    config = ExchangeConfig(home=Path("unused"), database_url=database_url, is_answering=True)
    wrapper = base.DatabaseWrapper({**PLAIN, **database_settings(config)}, "ended")
    questions: list[None] = []
    ask: Callable[[base.DatabaseWrapper], bool] = postgresql.DatabaseWrapper.is_usable

    def asked(self: base.DatabaseWrapper) -> bool:
        questions.append(None)
        return ask(self)

    monkeypatch.setattr(postgresql.DatabaseWrapper, "is_usable", asked)

    def backend() -> int:
        """As at the beginning of a request."""
        wrapper.close_if_unusable_or_obsolete()
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    first = backend()
    assert backend() == first
    questions.clear()
    assert [backend() for _ in range(3)] == [first] * 3
    assert not questions
    monkeypatch.setattr(base, "PAUSE_SECONDS", 0.0)
    assert backend() == first
    assert questions
    monkeypatch.setattr(base, "PAUSE_SECONDS", 3600.0)
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [first])
    while not select.select([wrapper.connection.fileno()], [], [], 10)[0]:
        pass
    assert backend() != first
    wrapper.close()


PLAIN: dict[str, object] = {
    "ATOMIC_REQUESTS": False,
    "AUTOCOMMIT": True,
    "TIME_ZONE": None,
    "TEST": {},
}
