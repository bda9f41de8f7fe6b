# SPDX-License-Identifier: Apache-2.0
"""The audit against answers that no honest exchange gives: every one is a sentence, none a traceback, none a yes."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from stillmine import cli
from stillmine.auditor import commands
from stillmine.auditor.client import LogClient
from stillmine.auditor.errors import LogAnswerError, LogUnreachableError
from stillmine.ledger.checkpoint import SigningKey
from stillmine.ledger.tree import CompactRange, leaf_hash
from stillmine.wire.errors import NotConfiguredError, StillmineError

KEY = SigningKey(bytes(range(32)))


class FakeLog:
    """A log of any length, whose every answer can be replaced."""

    def __init__(self, size: int) -> None:
        self.leaves = [leaf_hash(str(number).encode()) for number in range(size)]
        self.answers: dict[str, httpx.Response] = {}
        self.pages: list[int] = []

    def note(self) -> str:
        tree = CompactRange()
        for leaf in self.leaves:
            tree, _ = tree.with_leaf(leaf)
        return KEY.sign(tree.size, tree.root())

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """As from a network: the body comes in pieces and was not read before."""
        answer = self.answer(request)
        headers = {name: text for name, text in answer.headers.items() if name != "content-length"}
        return httpx.Response(answer.status_code, headers=headers, content=iter([answer.content]))

    def answer(self, request: httpx.Request) -> httpx.Response:
        what = request.url.path.removeprefix("/api/v1/ledger/")
        if what in self.answers:
            return self.answers[what]
        if what == "key":
            return httpx.Response(200, json={"version": 1, "key": KEY.verifier.text()})
        if what == "checkpoint":
            return httpx.Response(200, text=self.note())
        start, limit = (int(request.url.params[name]) for name in ("start", "limit"))
        page = self.leaves[start : start + limit]
        self.pages.append(len(page))
        return httpx.Response(200, json={"version": 1, "start": start, "leaves": [leaf.hex() for leaf in page]})


@pytest.fixture
def log() -> FakeLog:
    return FakeLog(11)


@pytest.fixture
def audit(log: FakeLog, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setattr(commands, "LogClient", partial(LogClient, transport=httpx.MockTransport(log)))
    return lambda *options: CliRunner().invoke(commands.app, ["audit", "https://exchange.example", *map(str, options)])


def test_a_long_log_is_read_in_pages(log: FakeLog, audit: Callable[..., Result]) -> None:
    log.leaves = [leaf_hash(b"%d" % number) for number in range(4096 * 2 + 5)]
    assert audit().stdout.startswith("The log holds: its 8197 entries")
    assert log.pages == [4096, 4096, 5]


def test_an_empty_log_holds(log: FakeLog, audit: Callable[..., Result]) -> None:
    log.leaves = []
    assert audit().exit_code == 0


def test_what_is_not_shown_was_not_signed_in_earnest(log: FakeLog, audit: Callable[..., Result]) -> None:
    log.answers["leaves"] = httpx.Response(200, json={"version": 1, "start": 0, "leaves": []})
    found = audit()
    assert (found.exit_code, found.stderr) == (1, "Wrong root: 11 entries were signed, but only 0 are shown.\n")


@pytest.mark.parametrize("note", ["", "hello", "\n\n\n", KEY.sign(11, bytes(32)).replace("11", "1e1")])
def test_what_is_no_checkpoint_is_no_yes(log: FakeLog, audit: Callable[..., Result], note: str) -> None:
    log.answers["checkpoint"] = httpx.Response(200, text=note)
    found = audit()
    assert (found.exit_code, found.stderr) == (1, "Wrong signature: the newest checkpoint is not signed by this ledger's key.\n")


LEAF = "0" * 64


@pytest.mark.parametrize(
    ("what", "answer", "expected"),
    [
        ("key", httpx.Response(404), LogAnswerError),
        ("key", httpx.Response(503), LogUnreachableError),
        ("key", httpx.Response(301, headers={"location": "https://elsewhere.example"}), LogAnswerError),
        ("key", httpx.Response(200, text="<html>"), LogAnswerError),
        ("checkpoint", httpx.Response(200, content=b"\xff\xfe"), LogAnswerError),
        ("checkpoint", httpx.Response(200, content=b"x" * 20_000), LogAnswerError),
        ("leaves", httpx.Response(200, json={"version": 1, "start": 1, "leaves": []}), LogAnswerError),
        ("leaves", httpx.Response(200, json={"version": 1, "start": 0, "leaves": [LEAF] * 12}), LogAnswerError),
        ("leaves", httpx.Response(200, json={"version": 1, "start": 0, "leaves": ["00"]}), LogAnswerError),
        ("leaves", httpx.Response(200, content=b" " * 600_000), LogAnswerError),
    ],
)
def test_answers_that_can_not_be_read(
    log: FakeLog, audit: Callable[..., Result], what: str, answer: httpx.Response, expected: type[StillmineError]
) -> None:
    log.answers[what] = answer
    assert isinstance(audit().exception, expected)


def test_what_was_packed_to_swell_on_arrival_is_not_unpacked() -> None:
    """We ask for what is not packed; a small answer that unpacks to a large one would fill the memory before it is measured."""
    packed = gzip.compress(json.dumps({"version": 1, "key": KEY.verifier.text()}).encode())
    answer = httpx.Response(200, headers={"content-encoding": "gzip"}, content=iter([packed]))
    client = LogClient("https://exchange.example", transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(LogAnswerError):
        client.key()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "exchange.example",
        "http://exchange.example",
        "https://",
        "ftp://127.0.0.1",
        "https://a.example/?x=1",
        "https://u@a.example",
        "https://a:x",
    ],
)
def test_only_an_address_that_can_be_trusted_is_asked(address: str) -> None:
    with pytest.raises(NotConfiguredError):
        LogClient(address)


def test_this_machine_may_be_asked_in_clear() -> None:
    LogClient("http://127.0.0.1:8080").close()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"version":1,"key":"x","checkpoint":"y"}'])
def test_a_spoilt_state_is_refused_and_kept(audit: Callable[..., Result], tmp_path: Path, content: bytes) -> None:
    state = tmp_path / "state"
    state.write_bytes(content)
    found = audit("--state", state)
    assert getattr(found.exception, "code", None) == "audit_file_unreadable"
    assert state.read_bytes() == content


def test_a_missing_file_to_compare_with_is_said(audit: Callable[..., Result], tmp_path: Path) -> None:
    assert getattr(audit("--against", tmp_path / "nothing").exception, "code", None) == "audit_file_unreadable"


def test_a_given_key_that_is_not_the_saved_one(audit: Callable[..., Result], tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert audit("--state", state).exit_code == 0
    found = audit("--state", state, "--key", SigningKey(bytes(32)).verifier.text())
    assert found.exit_code == 1
    assert found.stderr == "Wrong signature: the key that you give is not the one that was saved the last time.\n"
    assert json.loads(state.read_text())["key"] == KEY.verifier.text()


def test_a_checkpoint_newer_than_what_is_shown(log: FakeLog, audit: Callable[..., Result], tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text(FakeLog(12).note())
    found = audit("--against", theirs)
    assert (found.exit_code, found.stderr) == (1, "Shrunk: the log has 11 entries, but the other checkpoint has 12.\n")


def test_the_command_stands_beside_the_others() -> None:
    assert "audit" in CliRunner().invoke(cli.program("ledger"), ["ledger", "--help"]).stdout


DUE = datetime(2026, 11, 26, 7, tzinfo=UTC)


def saved(path: Path, *leaves: bytes, key: SigningKey = KEY) -> Path:
    path.write_text("".join(key.promise(leaf, DUE) for leaf in leaves))
    return path


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the auditor's clock."""
    return lambda time: monkeypatch.setattr(commands, "now", lambda: time)


def test_a_promise_that_was_kept_holds(log: FakeLog, audit: Callable[..., Result], at: Callable[[datetime], None], tmp_path: Path) -> None:
    at(DUE + timedelta(days=1))
    found = audit("--promise", saved(tmp_path / "one", *log.leaves[:2]), "--promise", saved(tmp_path / "other", log.leaves[10]))
    assert (found.exit_code, found.stdout.splitlines()[1]) == (0, "Promised entries in the log: 3; not due yet: 0.")


def test_a_broken_promise_is_evidence(log: FakeLog, audit: Callable[..., Result], at: Callable[[datetime], None], tmp_path: Path) -> None:
    lost, state = leaf_hash(b"lost"), tmp_path / "state.json"
    assert audit("--state", state).exit_code == 0
    before = state.read_bytes()
    path = saved(tmp_path / "promises.txt", log.leaves[0], lost)
    at(DUE)
    assert audit("--state", state, "--promise", path).stdout.splitlines()[1] == "Promised entries in the log: 1; not due yet: 1."
    at(DUE + timedelta(seconds=1))
    found = audit("--state", state, "--promise", path)
    assert found.exit_code == 1
    assert found.stderr.startswith(f"Broken promise: what {path} promises to be in the log by 2026-11-26 07:00:00 UTC is not in it (leaf ")
    assert lost.hex() in found.stderr
    assert KEY.promise(lost, DUE) in (tmp_path / "state.json.evidence").read_text()
    assert state.read_bytes() == before


def test_a_promise_of_another_key_is_no_evidence(audit: Callable[..., Result], tmp_path: Path) -> None:
    path = saved(tmp_path / "promises.txt", leaf_hash(b"lost"), key=SigningKey(bytes(32)))
    found = audit("--promise", path)
    assert (found.exit_code, found.stderr) == (1, "Wrong signature: a promise is not signed by this ledger's key.\n")


@pytest.mark.parametrize(
    "change", [lambda _: "", lambda text: text[:-1], lambda text: f"{text}\n", lambda text: text.replace("ledger promise", "receipt")]
)
def test_what_is_no_file_of_promises_is_said(audit: Callable[..., Result], tmp_path: Path, change: Callable[[str], str]) -> None:
    path = tmp_path / "promises.txt"
    path.write_text(change(KEY.promise(leaf_hash(b"lost"), DUE)))
    assert getattr(audit("--promise", path).exception, "code", None) == "ledger_promise_malformed"


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_file_of_promises_is_called_empty(audit: Callable[..., Result], tmp_path: Path, text: str) -> None:
    path = tmp_path / "promises.txt"
    path.write_text(text)
    assert f"({path} is empty" in str(audit("--promise", path).exception)


def test_a_file_of_promises_that_is_not_there_is_said(audit: Callable[..., Result], tmp_path: Path) -> None:
    assert getattr(audit("--promise", tmp_path / "nothing").exception, "code", None) == "audit_file_unreadable"
