# SPDX-License-Identifier: Apache-2.0
"""`stillmine partner doctor`: each thing that can be wrong is found, says what to do, and makes the exit code 2."""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from stillmine.client import Exchange, ExchangeSettings
from stillmine.fingerprint.ground.errors import AudioLibraryMissingError
from stillmine.partner.commands.doctor_commands import in_words
from stillmine.partner.commands.service_commands import app
from stillmine.partner.doctor import machine
from stillmine.partner.doctor.connection import Connection, connection_of
from stillmine.partner.doctor.findings import Finding, Level, is_right
from stillmine.partner.doctor.home import of_home
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.ground.home import sole_user
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.store.schema import FILE_NAME, VERSION
from stillmine.wire.ask import ExchangeStatus, IndexState
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import encode
from stillmine.wire.errors import NotConfiguredError, PartnerKeyRevokedError, PartnerKeyUnknownError, StillmineError
from stillmine.wire.partner_errors import PartnerKeyEndedError
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.partner_parts import Partner, Run

SETTINGS = ExchangeSettings("https://exchange.example", Secret(KEY.encode()))
NOW = datetime(2030, 5, 17, 12, 34, 56, tzinfo=UTC)
DATE = "Fri, 17 May 2030 12:34:56 GMT"


def status(**other: Any) -> ExchangeStatus:
    usual: dict[str, Any] = {"index": IndexState.READY, "behind_seconds": 0, "queries_today": 12, "queries_a_day": 1_000_000}
    return ExchangeStatus(version=1, **({**usual, "scopes": ["ask", "feedback", "submit"]} | other))


def report_of(answer: ExchangeStatus | StillmineError | Exception, date: str = DATE, way: WayChoice = WayChoice.AUTO) -> Connection:
    asked: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if isinstance(answer, StillmineError):
            return httpx.Response(answer.status, stream=httpx.ByteStream(encode(answer.message())))
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, headers={"Date": date} if date else {}, stream=httpx.ByteStream(encode(answer)))

    report = connection_of(SETTINGS, lambda settings: Exchange(settings, httpx.MockTransport(answered)), way, lambda: NOW)
    assert set(asked) == {"/api/v1/status"}
    return report


def codes(report: Connection) -> list[tuple[str, str]]:
    return [(finding.part, finding.code) for finding in report.findings if finding.code is not None and finding.level is Level.FAIL]


def test_all_is_right() -> None:
    report = report_of(status())
    assert is_right(report.findings)
    assert codes(report) == []
    words = in_words(report.findings)
    assert "999,988 of 1,000,000 queries are left" in words
    assert "the service asks" in words
    assert "fail" not in words


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (status(scopes=["feedback", "list"], index=IndexState.LOADING, behind_seconds=None), []),
        (status(scopes=["ask"]), [("feedback", "scope_missing")]),
        (status(scopes=["feedback", "submit"]), [("key", "scope_missing")]),
        (status(scopes=[]), [("key", "scope_missing"), ("feedback", "scope_missing")]),
        (status(index=IndexState.LOADING, behind_seconds=None), [("index", "index_loading")]),
        (status(queries_today=1_000_000), [("quota", "quota_used_up")]),
        (status(queries_today=1_000_001), [("quota", "quota_used_up")]),
        (PartnerKeyUnknownError(), [("key", "partner_key_unknown")]),
        (PartnerKeyRevokedError(), [("key", "partner_key_revoked")]),
        (PartnerKeyEndedError(), [("key", "partner_key_ended")]),
        (httpx.ConnectError("x"), [("exchange", "exchange_unreachable")]),
    ],
)
def test_what_is_wrong_is_found(answer: ExchangeStatus | StillmineError | Exception, found: list[tuple[str, str]]) -> None:
    report = report_of(answer)
    assert codes(report) == found
    assert is_right(report.findings) == (not found)
    assert in_words(report.findings).count("fail  ") == len(found)


def test_a_refused_key_is_not_a_fault_of_the_address() -> None:
    assert in_words(report_of(PartnerKeyUnknownError()).findings).startswith("ok    exchange  https://exchange.example answers")


LOADING = {"index": IndexState.LOADING, "behind_seconds": None}


@pytest.mark.parametrize(
    ("way", "answer", "found"),
    [
        (WayChoice.LIST, status(), [("key", "list_not_given")]),
        (WayChoice.LIST, status(scopes=["feedback", "list"], **LOADING), []),
        (WayChoice.ASK, status(scopes=["feedback", "list"]), [("key", "scope_missing")]),
        (WayChoice.ASK, status(scopes=["ask", "feedback", "list"], **LOADING), [("index", "index_loading")]),
        (WayChoice.BOTH, status(scopes=["ask", "feedback", "list"], queries_a_day=0), [("quota", "quota_used_up")]),
        (WayChoice.BOTH, status(scopes=["feedback"]), [("key", "list_not_given"), ("key", "scope_missing")]),
    ],
)
def test_what_is_wrong_depends_on_the_way_that_is_wanted(way: WayChoice, answer: ExchangeStatus, found: list[tuple[str, str]]) -> None:
    assert codes(report_of(answer, way=way)) == found


@pytest.mark.parametrize(
    ("date", "seconds", "is_right"),
    [
        ("Fri, 17 May 2030 12:34:56 GMT", 0, True),
        ("Fri, 17 May 2030 12:35:56 GMT", 60, True),
        ("Fri, 17 May 2030 12:35:57 GMT", 61, False),
        ("Fri, 17 May 2030 12:34:54 GMT", 0, True),
        ("Fri, 17 May 2030 12:30:54 GMT", -240, False),
        ("yesterday", None, True),
        ("", None, True),
    ],
)
def test_clocks_are_compared_where_the_answer_has_a_date(date: str, seconds: float | None, is_right: bool) -> None:
    report = report_of(status(), date)
    assert report.clock_difference_seconds == seconds
    assert codes(report) == ([] if is_right else [("clock", "clock_differs")])


@pytest.mark.parametrize("environment", [{}, {"STILLMINE_PARTNER_EXCHANGE": "http://exchange.example"}])
def test_settings_that_are_wrong_are_a_finding_too(home: Path, environment: dict[str, str]) -> None:
    done = CliRunner().invoke(
        app,
        ["doctor", "--json"],
        env={"STILLMINE_PARTNER_HOME": str(home), "STILLMINE_PARTNER_EXCHANGE": None, "STILLMINE_PARTNER_KEY": KEY, **environment},
    )
    assert done.exit_code == 2
    (finding,) = [one for one in json.loads(done.stdout)["findings"] if one["level"] == "fail"]
    assert (finding["part"], finding["code"]) == ("settings", NotConfiguredError.code)
    assert "--exchange" in finding["words"]


@pytest.mark.parametrize("environment", [{"HTTPS_PROXY": "socks5://127.0.0.1:1"}])
def test_a_proxy_that_cannot_be_used_is_a_finding_too(environment: dict[str, str]) -> None:
    base = {"STILLMINE_PARTNER_EXCHANGE": "https://exchange.example", "STILLMINE_PARTNER_KEY": KEY, "NO_PROXY": "", "no_proxy": ""}
    done = CliRunner().invoke(app, ["doctor"], env={**base, **environment})
    assert done.exit_code == 2
    assert "HTTPS_PROXY" in done.stdout


def levels(findings: Iterable[Finding]) -> dict[str, str]:
    return {finding.part: finding.level.value for finding in findings}


def test_this_machine_is_looked_at() -> None:
    """What the suite needs anyway: decoders, a worker that reads a picture."""
    assert levels([machine.of_versions(), *machine.of_decoders(), machine.of_files()]) == dict.fromkeys(
        ("versions", "decoders", "sound", "files"), "ok"
    )
    found = list(machine.of_worker(needs_sandbox=False))
    assert levels(found)["workers"] == "ok", found


def test_a_worker_that_reads_nothing_fails() -> None:
    found = list(machine.of_worker(needs_sandbox=True, fingerprinter=lambda: Fingerprinter(1, ("/bin/false",))))
    assert levels(found) == {"workers": "fail", "sandbox": "fail"}
    assert found[0].code == "decoder_stopped"
    assert levels(machine.of_worker(needs_sandbox=False, fingerprinter=lambda: Fingerprinter(1, ("/bin/false",))))["sandbox"] == "warn"
    assert levels(machine.of_worker(needs_sandbox=False, fingerprinter=lambda: Fingerprinter(1, ("/no/such/program",)))) == {
        "workers": "fail"
    }


def test_missing_decoders_and_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_library() -> None:
        raise AudioLibraryMissingError

    monkeypatch.setattr(machine, "CODECS", ("h264", "no_such_codec"))
    monkeypatch.setattr(machine, "load_library", no_library)
    decoders, sound = machine.of_decoders()
    assert (decoders.level, "no_such_codec" in decoders.words, "h264" in decoders.words) == (Level.FAIL, True, False)
    assert (sound.level, sound.code) == (Level.WARN, "audio_library_missing")


@pytest.mark.parametrize(
    ("limit", "used", "free"), [("max", "5", 2048 * 1024), ("1000", "400", 600), ("100", "400", 0), ("no number", "1", 2048 * 1024)]
)
def test_free_memory_is_that_of_the_container(tmp_path: Path, limit: str, used: str, free: int) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 4096 kB\nMemAvailable:    2048 kB\n")
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text(f"{used}\n")
    assert machine.free_memory(tmp_path, tmp_path) == free
    assert machine.free_memory(tmp_path, tmp_path / "nowhere") == 2048 * 1024
    assert machine.free_memory(tmp_path / "nowhere", tmp_path) is None


def test_memory_is_held_against_the_pictures_at_once() -> None:
    assert machine.of_memory(4, 4 * machine.PICTURE_BYTES).level is Level.OK
    assert machine.of_memory(4, 4 * machine.PICTURE_BYTES - 1).level is Level.WARN
    assert machine.of_memory(4, None).level is Level.OK


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    home = tmp_path / "later" / "home"
    assert levels(of_home(home)) == {"home": "ok", "store": "ok", "disk": "ok"}
    assert not home.parent.exists()


def test_a_home_in_use_is_whole(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add("f", b"\x55" * 32)
    partner.sync.run()
    (home, store, disk) = of_home(partner.home)
    assert levels([home, store, disk]) == {"home": "ok", "store": "ok", "disk": "ok"}
    assert store.words == "whole; fingerprints in the list: 1; matches that wait for a decision: 0"


def test_what_is_wrong_with_a_home_is_found(partner: Partner, exchange: FakeExchange, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.add("f", b"\x55" * 32)
    partner.sync.run()
    partner.close()
    path = home / FILE_NAME
    with sqlite3.connect(path) as db:
        db.execute("UPDATE fingerprints SET value = ?", (b"\x54" * 32,))
    assert levels(of_home(home))["store"] == "warn"
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    assert levels(of_home(home))["store"] == "fail"
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {VERSION - 1}")
    assert levels(of_home(home))["store"] == "ok"
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (VERSION - 1,), "a look changes nothing"
    path.write_bytes(b"no database" * 1000)
    (home / "service.key").touch(mode=0o644)
    home.chmod(0o755)
    assert levels(of_home(home)) == {"home": "fail", "keys": "fail", "store": "fail", "disk": "ok"}
    monkeypatch.setattr("stillmine.partner.doctor.home.free_bytes", lambda _folder: 1024**2)
    assert levels(of_home(home))["disk"] == "warn"
    monkeypatch.setattr("stillmine.partner.doctor.home.free_bytes", lambda _folder: 1024)
    assert levels(of_home(home))["disk"] == "fail"


def test_the_command_looks_at_everything_also_while_a_service_holds_the_home(run: Run, home: Path) -> None:
    with sole_user(home):
        done = run("doctor", "--json")
    report = json.loads(done.stdout)
    parts = {finding["part"] for finding in report["findings"]}
    assert {"versions", "decoders", "workers", "sandbox", "memory", "files", "home", "store", "disk", "exchange"} <= parts
    assert done.exit_code == (0 if report["is_right"] else 2)
    assert report["is_right"] == all(finding["level"] != "fail" for finding in report["findings"])
    assert KEY not in done.output


def test_each_exchange_of_a_file_of_sources_is_looked_at(run: Run, url: str, tmp_path: Path, exchange: FakeExchange, home: Path) -> None:
    for name in ("one.key", "two.key"):
        (tmp_path / name).touch(mode=0o600)
    (tmp_path / "one.key").write_text(KEY)
    (tmp_path / "two.key").write_text("smk_01234567_" + "B" * 43)
    (tmp_path / "partner.toml").write_text(
        f"""
        [[source]]
        name = "exchange"
        type = "stillmine"
        url = "{url}"
        key_file = "one.key"
        [[source]]
        name = "other"
        type = "stillmine"
        url = "{url}"
        key_file = "two.key"
        [[source]]
        name = "own"
        type = "bank"
        """
    )
    only_file = {"STILLMINE_PARTNER_EXCHANGE": None, "STILLMINE_PARTNER_CONFIG": str(tmp_path / "partner.toml")}
    done = run("doctor", "--json", **only_file)
    found = [(one["source"], one["part"], one["code"]) for one in json.loads(done.stdout)["findings"]]
    assert (None, "key", None) in found
    assert ("other", "key", "partner_key_unknown") in found
    assert done.exit_code == 2
    assert "other: " in run("doctor", **only_file).stdout
    for name in ("own", "ownn"):
        run("bank", "add", name, "--value", f"md5:{'ab' * 16}")
    (bank,) = (line for line in run("doctor", **only_file).stdout.splitlines() if "bank  " in line)
    assert bank.startswith("warn  bank      ownn: not looked up, since no source in --config has this name")
    assert bank.endswith(f"delete {home}/sources/ownn")
    both = json.loads(run("doctor", "--json", STILLMINE_PARTNER_CONFIG=str(tmp_path / "partner.toml")).stdout)
    assert [one["code"] for one in both["findings"] if one["level"] == "fail"] == [NotConfiguredError.code]


def test_all_that_is_wrong_with_a_file_of_sources_stands_on_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "partner.toml").write_text('[[source]]\nname = "own"\ntype = "bnak"\n')
    done = run("doctor", STILLMINE_PARTNER_EXCHANGE=None, STILLMINE_PARTNER_CONFIG=str(tmp_path / "partner.toml"))
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("fail"))
    assert "source 1 (own): type: one of stillmine, stopncii, bank / name: one source" in line
