# SPDX-License-Identifier: Apache-2.0
"""Backfill from the command line: each item once, whatever ends a run midway, and the same matches as a living service's."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest

from stillmine.partner.backfill.journal import Journal
from stillmine.partner.commands.backfill_command import journal_of
from stillmine.partner.ground.errors import BackfillRunningError, NeverSyncedError
from stillmine.partner.ground.home import sole_user, upload_token_key
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.wire.errors import NotConfiguredError, PartnerKeyUnknownError
from stillmine.wire.feedback import Outcome
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenResult
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.partner_parts import Clock, Run

COPY, OTHER, LAST = b"a copy", b"something else", b"the last one"


@pytest.fixture(autouse=True)
def not_nice(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process runs other tests afterwards."""
    monkeypatch.setattr("stillmine.partner.commands.backfill_command.NICENESS", 0)


@pytest.fixture
def held(tmp_path: Path, root: Path, exchange: FakeExchange, run: Run) -> Path:
    """What a platform holds: two copies of a protected file, a picture, what nobody can read; the list is synced."""
    folder = tmp_path / "held"
    (folder / "posts" / "7").mkdir(parents=True)
    (folder / "posts" / "7" / "a.bin").write_bytes(COPY)
    (folder / "posts" / "b.bin").write_bytes(COPY)
    (folder / "c.bin").write_bytes(OTHER)
    (folder / "d.jpg").write_bytes((root / "media/clothing/hat.jpg").read_bytes())
    (folder / "e.bin").write_bytes(LAST)
    exchange.add("f", sha256(COPY).digest(), Kind.SHA256)
    assert run("sync").exit_code == 0
    return folder


def lines(file: Path) -> dict[str, dict[str, object]]:
    """Return the results by place, each once."""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len({row["place"] for row in rows}) == len(rows)
    return {row["place"]: row["result"] for row in rows}


def outcomes(file: Path) -> dict[str, object]:
    return {place: result["outcome"] for place, result in lines(file).items()}


EXPECTED = {"posts/7/a.bin": "match", "posts/b.bin": "match", "c.bin": "not_screened", "d.jpg": "no_match", "e.bin": "not_screened"}


def test_every_file_has_one_answer_and_matches_are_kept_and_reported_as_older(
    run: Run, held: Path, home: Path, exchange: FakeExchange, tmp_path: Path
) -> None:
    result = run("backfill", "--threads", "1", str(held), "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stdout) == (
        1,
        "5 items: 2 matched, 2 not screened. 2 reports wait for the next sync.\n",
    ), result.exception
    assert outcomes(tmp_path / "out") == EXPECTED
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o600
    assert lines(tmp_path / "out")["posts/b.bin"]["content_id"] == "posts/b.bin"
    shown = [json.loads(line) for line in run("matches", "--json").stdout.splitlines()]
    assert sorted(match["content_id"] for match in shown) == ["posts/7/a.bin", "posts/b.bin"]
    assert run("sync").exit_code == 0
    reports = list(exchange.feedback.values())
    assert [(report.outcome, report.is_older) for report in reports] == [(Outcome.FOUND, True)] * 2
    assert len({report.upload_token for report in reports}) == 1, "all that is older is one upload of the day"


def test_an_exchange_that_does_not_know_what_is_older_is_told_without_the_word(run: Run, held: Path, exchange: FakeExchange) -> None:
    exchange.knows_older = False
    assert run("backfill", "--threads", "1", str(held)).exit_code == 1
    assert run("sync").exit_code == 0
    assert [(report.outcome, report.is_older) for report in exchange.feedback.values()] == [(Outcome.FOUND, False)] * 2


def test_the_match_id_is_that_of_the_living_service(run: Run, held: Path, tmp_path: Path, home: Path, clock: Clock) -> None:
    assert run("backfill", "--threads", "1", str(held), "--out", str(tmp_path / "out")).exit_code == 1
    tokens = UploadTokens(upload_token_key(home, os.urandom), clock)
    identity = tokens.identify(sha256(COPY).digest(), None, "posts/b.bin")
    (match,) = cast("list[dict[str, str]]", lines(tmp_path / "out")["posts/b.bin"]["matches"])
    fingerprint_id = bytes.fromhex(FakeExchange().id_of("f"))
    assert match["match_id"] == tokens.match_id(identity, fingerprint_id).hex()


def test_a_second_run_looks_at_nothing_but_what_changed(run: Run, held: Path, tmp_path: Path, exchange: FakeExchange) -> None:
    assert run("backfill", "--threads", "1", str(held), "--out", str(tmp_path / "out")).exit_code == 1
    before = (tmp_path / "out").read_bytes()
    exchange.add("g", sha256(OTHER).digest(), Kind.SHA256)
    exchange.add("h", sha256(LAST).digest(), Kind.SHA256)
    assert run("sync").exit_code == 0
    assert run("backfill", "--threads", "1", str(held), "--out", str(tmp_path / "out")).exit_code == 1
    assert (tmp_path / "out").read_bytes() == before, "nothing changed, so nothing was looked at"
    os.utime(held / "c.bin", ns=(1, 1))
    assert run("backfill", "--threads", "1", str(held), "--out", str(tmp_path / "out")).exit_code == 1
    assert outcomes(tmp_path / "out") == {**EXPECTED, "c.bin": "match"}
    assert run("backfill", "--threads", "1", str(held), "--out", str(tmp_path / "out"), "--retry-not-screened").exit_code == 1
    assert outcomes(tmp_path / "out") == {**EXPECTED, "c.bin": "match", "e.bin": "match"}
    (held / "posts" / "b.bin").unlink()
    exchange.withdraw("f")
    assert run("sync").exit_code == 0
    assert run("backfill", "--threads", "1", str(held), "--out", str(tmp_path / "out"), "--again").exit_code == 1
    assert outcomes(tmp_path / "out") == {"posts/7/a.bin": "not_screened", "c.bin": "match", "d.jpg": "no_match", "e.bin": "match"}


KILLED_AT = {
    "listing": "from stillmine.partner.backfill.journal import Journal; hold(Journal, '_transaction', 2)",
    "before a match is recorded": "from stillmine.partner.store.store import Store; hold(Store, 'record_upload', 2)",
    "after a match is recorded": "from stillmine.partner.store.store import Store; hold(Store, 'record_upload', 2, after=True)",
    "before answers are written": "from stillmine.partner.backfill.journal import Journal; hold(Journal, 'answer', 2)",
    "after answers are written": "from stillmine.partner.backfill.journal import Journal; hold(Journal, 'answer', 2, after=True)",
    "before the end": "from stillmine.partner.backfill.journal import Journal; hold(Journal, 'end_run', 1)",
    "while results are written": "from stillmine.partner.backfill.journal import Journal; hold(Journal, 'results', 1)",
}

KILLING = """
import os, signal
from stillmine.partner.backfill import run
run.WRITTEN_AT_ONCE = 1

def hold(owner, name, times, after=False):
    inner, calls = getattr(owner, name), []
    def held(*arguments, **named):
        calls.append(name)
        if len(calls) == times and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = inner(*arguments, **named)
        if len(calls) == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    setattr(owner, name, held)

{at}
from stillmine.partner.commands.service_commands import app
app()
"""


@pytest.mark.parametrize("at", KILLED_AT)
def test_killed_at_any_step_and_begun_again_it_ends_the_same(
    at: str, run: Run, held: Path, home: Path, url: str, exchange: FakeExchange, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    environment = {**os.environ, "STILLMINE_PARTNER_HOME": str(home), "STILLMINE_PARTNER_EXCHANGE": url, "STILLMINE_PARTNER_KEY": KEY}
    command = [sys.executable, "-c", KILLING.replace("{at}", KILLED_AT[at]), "backfill", str(held), "--out", str(out), "--threads", "1"]
    killed = subprocess.run(command, env=environment, check=False, capture_output=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not out.exists()
    assert run("backfill", "--threads", "1", str(held), "--out", str(out)).exit_code == 1
    assert outcomes(out) == EXPECTED
    assert run("sync").exit_code == 0
    assert len(exchange.feedback) == 2, "each copy is reported once"
    assert len(run("matches", "--json").stdout.splitlines()) == 2


def test_a_list_that_grows_during_a_run_is_read_again(
    run: Run, held: Path, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (held / "posts" / "b.bin").write_bytes(LAST + LAST)
    for name, value in {"in_step.READ_AGAIN_SECONDS": 0.0, "run.WRITTEN_AT_ONCE": 1, "run.AHEAD": 1}.items():
        monkeypatch.setattr(f"stillmine.partner.backfill.{name}", value)
    answer = Journal.answer
    synced: list[str] = []

    def answer_and_sync(journal: Journal, answers: Sequence[tuple[int, ScreenResult]]) -> None:
        answer(journal, answers)
        if not synced:
            synced.append(exchange.add("g", sha256(LAST + LAST).digest(), Kind.SHA256))
            assert run("sync").exit_code == 0

    monkeypatch.setattr(Journal, "answer", answer_and_sync)
    assert run("backfill", "--threads", "1", str(held), "--out", str(tmp_path / "out")).exit_code == 1
    assert outcomes(tmp_path / "out") == EXPECTED, "what was protected meanwhile is found among the last of them"


def test_an_interrupted_run_keeps_what_was_answered(
    run: Run, held: Path, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stillmine.partner.backfill.run.WRITTEN_AT_ONCE", 2)
    monkeypatch.setattr("stillmine.partner.backfill.journal.Journal.end_run", interrupt)
    result = run("backfill", "--threads", "1", str(held))
    assert result.exit_code == 130
    assert "The same command goes on" in result.stderr
    with Journal(journal_of(home, str(held))) as journal:
        assert journal.counts().done == 5
    monkeypatch.undo()


def test_a_second_run_at_the_same_time_is_refused(run: Run, held: Path, home: Path) -> None:
    with Journal(journal_of(home, str(held))):
        assert isinstance(run("backfill", "--threads", "1", str(held)).exception, BackfillRunningError)
        assert run("backfill", "--threads", "1", str(held), "--journal", str(home / "other")).exit_code == 1


def test_it_works_beside_whoever_has_the_home_folder(run: Run, held: Path, home: Path, tmp_path: Path) -> None:
    with sole_user(home):
        assert run("backfill", "--threads", "1", str(held), "--out", str(tmp_path / "out")).exit_code == 1
    assert outcomes(tmp_path / "out") == EXPECTED


class Files(BaseHTTPRequestHandler):
    """Gives the copy under one address, and nothing under any other."""

    def do_GET(self) -> None:
        body = COPY if self.path == "/copy" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_manifest_names_addresses_that_are_fetched_only_where_that_is_allowed(run: Run, held: Path, tmp_path: Path) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    origin, out = f"http://127.0.0.1:{server.server_port}", tmp_path / "out"
    rows: list[dict[str, str]] = [
        {"content_id": "post 1", "url": f"{origin}/copy", "uploader": "u"},
        {"content_id": "post 2", "url": f"{origin}/copy"},
        {"content_id": "post 3", "url": f"{origin}/gone"},
        {"content_id": "post 4", "url": "http://127.0.0.1:1/copy"},
        {"content_id": "post 5", "path": str(held / "d.jpg")},
    ]
    manifest = tmp_path / "held.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    try:
        arguments = ("backfill", "--threads", "1", str(manifest), "--fetch-from", origin, "--regions", "off", "--out", str(out))
        assert run(*arguments).exit_code == 1
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    results = [json.loads(line)["result"] for line in out.read_text().splitlines()]
    assert {result["content_id"]: result["reason"] or result["outcome"] for result in results} == {
        "post 1": "match",
        "post 2": "match",
        "post 3": "url_unreachable",
        "post 4": "url_not_allowed",
        "post 5": "no_match",
    }
    assert len(run("matches", "--json").stdout.splitlines()) == 2


def test_what_can_not_be_looked_up_ends_the_run_and_is_no_answer(run: Run, tmp_path: Path, home: Path, exchange: FakeExchange) -> None:
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "a").write_bytes(COPY)
    assert isinstance(
        run("backfill", "--threads", "1", str(tmp_path / "held"), "--way", "list", "--regions", "off").exception, NeverSyncedError
    )
    wrong = {"STILLMINE_PARTNER_KEY": "smk_01234567_" + "B" * 43}
    assert isinstance(run("backfill", "--threads", "1", str(tmp_path / "held"), "--way", "ask", **wrong).exception, PartnerKeyUnknownError)
    with Journal(journal_of(home, str(tmp_path / "held"))) as journal:
        assert (journal.counts().total, journal.counts().done) == (1, 0)


def test_by_asking_it_leaves_queries_for_new_uploads(run: Run, held: Path, exchange: FakeExchange, tmp_path: Path) -> None:
    result = run(
        "backfill", "--threads", "1", str(held), "--way", "ask", "--regions", "off", "--out", str(tmp_path / "out"), "--leave-queries", "0"
    )
    assert result.exit_code == 1, result.exception
    assert outcomes(tmp_path / "out") == EXPECTED
    assert len({query.upload_token for queries in exchange.asks for query in queries}) == 1


def test_progress_as_json_and_the_sum_on_standard_output(run: Run, held: Path) -> None:
    result = run("backfill", "--threads", "1", str(held), "--json")
    assert json.loads(result.stdout) == {
        "listed": 5,
        "done": 5,
        "total": 5,
        "matches": 2,
        "not_screened": 2,
        "waiting": None,
        "seconds_left": None,
    }
    assert json.loads(next(line for line in result.stderr.splitlines() if line.startswith("{")))["total"] == 5


@pytest.mark.parametrize("arguments", [("nowhere",), (".", "--endpoint-url", "http://127.0.0.1:1"), ("s3://",)])
def test_what_is_no_source_is_refused_with_a_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    assert isinstance(run("backfill", "--threads", "1", *arguments).exception, NotConfiguredError)
