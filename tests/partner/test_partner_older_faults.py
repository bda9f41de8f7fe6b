# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811 (a fixture, used here by name)
"""Older content and what goes wrong: kill -9 at each step, damage, an exchange that is away, a store that takes nothing."""

import signal
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import httpx
import pytest

from stillmine.partner.older.days import FOLDER, Days
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.way import LookedUp
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.store.store import Store
from tests.partner.fake_exchange import ASK, FakeExchange
from tests.partner.older_killed import FILE, STEPS
from tests.partner.older_parts import DAY, HOUR, TWO_DAYS, RememberingPartner, files, newcomers
from tests.partner.partner_parts import Clock
from tests.partner.test_partner_full_disk import fails
from tests.partner.test_partner_older import Open, both_ways, open_case, open_remembering, protect_file  # noqa: F401 (a fixture)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_it_finds_the_upload_once_after_the_next_start(
    home: Path, exchange: FakeExchange, clock: Clock, root: Path, step: str
) -> None:
    killed = subprocess.run([sys.executable, "-m", "tests.partner.older_killed", str(home), step], cwd=root, check=False)
    assert killed.returncode == -signal.SIGKILL
    clock.move(4 * DAY if step == "key overwritten" else 3 * HOUR)
    partner = RememberingPartner(home, exchange, clock, TWO_DAYS, WayChoice.ASK if step == "asked" else WayChoice.LIST)
    partner.round()
    open_case(partner, lambda: protect_file(exchange))
    is_gone = step in ("key overwritten", "key made")
    assert [found.content_id for found in partner.kept()] == ([] if is_gone else ["post 7"])
    assert newcomers(home) == 0
    left = [path.name for path in files(home / FOLDER)]
    assert not any(name.endswith(".new") for name in left)
    partner.round()
    assert len(exchange.feedback) == len(partner.kept())
    partner.close()


def hour_file(home: Path) -> Path:
    (path,) = (path for path in files(home / FOLDER) if path.name != "key")
    return path


def test_what_was_cut_off_at_the_end_is_written_over(open_remembering: Open, exchange: FakeExchange, home: Path) -> None:
    open_remembering().screen(FILE, "first")
    path = hour_file(home)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-1])
    partner = open_remembering()
    assert partner.health().uploads == 1
    partner.screen(FILE, "second")
    open_case(partner, lambda: protect_file(exchange))
    assert {found.content_id for found in partner.kept()} == {"first", "second"}


def test_a_damaged_block_is_passed_over_and_said(
    open_remembering: Open, exchange: FakeExchange, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    partner = open_remembering()
    for word in ("first", "second", "third"):
        partner.screen(FILE, word)
    path = hour_file(home)
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    partner = open_remembering()
    open_case(partner, lambda: protect_file(exchange))
    assert {found.content_id for found in partner.kept()} == {"first", "third"}
    assert "1 blocks of remembered uploads" in caplog.text


def test_a_block_of_another_place_or_day_does_not_open(open_remembering: Open, exchange: FakeExchange, home: Path) -> None:
    partner = open_remembering()
    partner.screen(FILE, "first")
    path = hour_file(home)
    path.with_name("03").write_bytes(path.read_bytes())
    path.write_bytes(2 * path.read_bytes())
    partner = open_remembering()
    assert partner.health().uploads == 3
    open_case(partner, lambda: protect_file(exchange))
    assert [found.content_id for found in partner.kept()] == ["first"]
    partner.clock.move(HOUR)
    partner.work()


def test_hours_that_are_over_are_packed_and_still_found(open_remembering: Open, exchange: FakeExchange, home: Path) -> None:
    partner = open_remembering()
    for number in range(100):
        partner.screen(FILE + bytes([number]), f"post {number}")
    before = hour_file(home).stat().st_size
    partner.clock.move(HOUR)
    partner.work()
    assert hour_file(home).stat().st_size < before - 90 * 30
    assert partner.health().uploads == 100
    open_case(partner, lambda: protect_file(exchange, FILE + bytes([57])))
    assert [found.content_id for found in partner.kept()] == ["post 57"]


@both_ways
def test_while_the_exchange_is_away_it_waits_and_goes_on_afterwards(open_remembering: Open, exchange: FakeExchange, way: WayChoice) -> None:
    partner = open_remembering(way=way)
    for number in range(3):
        partner.screen(FILE + bytes([number]), f"post {number}")
    for number in range(3):
        protect_file(exchange, FILE + bytes([number]), f"f{number}")
    exchange.answers[ASK] = httpx.ConnectError("away")
    if way is WayChoice.LIST:
        exchange.answers["/api/v1/feed"] = httpx.ConnectError("away")
    else:
        partner.clock.move(DAY + HOUR)
        partner.parts.following._look()
    for _ in range(5):
        assert partner.older.work() > 0
        partner.clock.move(60)
    assert partner.kept() == []
    exchange.answers.clear()
    partner.clock.move(60)
    partner.round()
    partner.work()
    partner.clock.move(60)
    partner.work()
    assert [found.content_id for found in partner.kept()] == ["post 0", "post 1", "post 2"]


def test_a_store_that_takes_nothing_loses_no_match(open_remembering: Open, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = open_remembering()
    partner.screen(FILE)
    protect_file(exchange)
    partner.round()
    with monkeypatch.context() as full:
        full.setattr(Store, "record_upload", fails)
        assert partner.older.work() > 0
    assert newcomers(partner.home) == 1
    partner.work()
    assert len(partner.kept()) == 1
    assert newcomers(partner.home) == 0


def test_an_upload_that_can_not_be_looked_up_holds_no_other_up(
    open_remembering: Open, exchange: FakeExchange, caplog: pytest.LogCaptureFixture
) -> None:
    """The exchange will not read one of them."""
    partner = open_remembering(way=WayChoice.ASK)
    for number in range(3):
        partner.screen(FILE + bytes([number]), f"post {number}")
        protect_file(exchange, FILE + bytes([number]), f"f{number}")
    partner.clock.move(DAY + HOUR)
    partner.round()
    look_up = partner.parts.asking.look_up
    tried: list[bytes] = []

    def refused(made: Made, token: bytes, withdrawn: Collection[bytes] = ()) -> LookedUp:
        tried.append(made.upload)
        found = look_up(made, token, withdrawn)
        return LookedUp([], ["fingerprint_malformed"], found.as_of) if made.upload == tried[0] else found

    partner.parts.asking.look_up = refused  # type: ignore[method-assign,assignment]
    for _ in range(5):
        partner.work()
    assert [found.content_id for found in partner.kept()] == ["post 1", "post 2"]
    assert len(tried) == 3 + 2
    assert "passed over" in caplog.text


def test_files_that_are_no_days_are_left_alone(open_remembering: Open, home: Path) -> None:
    open_remembering().screen(FILE)
    (home / FOLDER / "notes.txt").write_text("not ours")
    (home / FOLDER / "2030-05-17" / "notes.txt").write_text("not ours")
    assert open_remembering().health().uploads == 1


def test_a_clock_that_is_set_back_writes_where_it_was(open_remembering: Open, exchange: FakeExchange) -> None:
    partner = open_remembering()
    partner.screen(FILE, "first")
    partner.clock.move(2 * HOUR)
    partner.work()
    partner.screen(FILE, "second")
    partner.clock.set_back(2 * HOUR)
    partner.screen(FILE, "third")
    open_case(partner, lambda: protect_file(exchange))
    assert {found.content_id for found in partner.kept()} == {"first", "second", "third"}
    assert isinstance(partner.older._kept.days, Days)
