# SPDX-License-Identifier: Apache-2.0
"""The commands for what matched: the list in words and as JSON, a decision, and what doesn't go together."""

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stillmine.partner.commands import match_commands
from stillmine.partner.commands.service_commands import app
from stillmine.partner.store.matches import Wanted
from stillmine.partner.store.schema import FILE_NAME
from stillmine.wire.codec import decode
from stillmine.wire.errors import MatchNotFoundError, NotConfiguredError
from stillmine.wire.feedback import Outcome
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, KeptMatch
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Partner, Run

FILE = b"any file, also one that can't be read"


@pytest.fixture
def match_id(partner: Partner, exchange: FakeExchange) -> str:
    """The newest match of two; the store stays open, as beside a running service."""
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    partner.sync.run()
    partner.screen(FILE)
    return partner.screen(FILE, content_id="post 7").matches[0].match_id


def run(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"STILLMINE_PARTNER_HOME": str(home)})


def test_the_list_and_a_decision(home: Path, partner: Partner, match_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_commands, "MAXIMUM_MATCHES_PER_PAGE", 1)
    listed = run(home, "matches").stdout.splitlines()
    assert len(listed) == 2, "every page of it"
    assert listed[1] == f"2030-05-17 12:34Z  open  post 7  the same file, match id {match_id}"
    decided = run(home, "review", match_id, "not_removed", "--reason", "not_intimate", "--vote", "agree")
    assert (decided.exit_code, decided.stdout) == (0, "")
    assert len(run(home, "matches").stdout.splitlines()) == 1
    assert "not_removed (not_intimate)" in run(home, "matches", "--state", "reviewed").stdout
    (line,) = run(home, "matches", "--state", "all", "--content-id", "post 7", "--json").stdout.splitlines()
    assert decode(line.encode(), KeptMatch) == partner.store.match(bytes.fromhex(match_id))
    assert json.loads(line)["decision"] == "not_removed"
    assert [report.outcome for report in partner.store.waiting_feedback(10)] == [Outcome.FOUND, Outcome.FOUND, Outcome.NOT_REMOVED]
    assert len(partner.store.waiting_votes(10)) == 1


@pytest.mark.parametrize("wrong", ["0" * 32, "0" * 30, "x", ""])
def test_an_unknown_match_is_refused(home: Path, match_id: str, wrong: str) -> None:
    assert isinstance(run(home, "review", wrong, "removed").exception, MatchNotFoundError)


@pytest.mark.parametrize("options", [["not_removed"], ["removed", "--reason", "not_the_same"], ["removed", "--vote", "disagree"]])
def test_what_does_not_go_together_is_refused(home: Path, partner: Partner, match_id: str, options: list[str]) -> None:
    assert isinstance(run(home, "review", match_id, *options).exception, NotConfiguredError)
    assert len(partner.store.matches(Wanted()).matches) == 2


def test_a_folder_without_a_store_is_not_an_empty_list(tmp_path: Path) -> None:
    for command in (("matches",), ("review", "0" * 32, "removed")):
        assert isinstance(run(tmp_path / "mistyped", *command).exception, NotConfiguredError)
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.usefixtures("match_id")
@pytest.mark.parametrize("word", ["", " a", "a\nb", "a" * 201, "\udcff"])
def test_a_word_that_no_upload_can_have_is_refused(home: Path, word: str) -> None:
    assert isinstance(run(home, "matches", "--content-id", word).exception, NotConfiguredError)


def test_commands_in_a_process_of_their_own_beside_a_store_that_was_looked_through(
    home: Path, partner: Partner, exchange: FakeExchange, match_id: str
) -> None:
    """A process that closes any descriptor of the file drops its locks on it; the next program to close would take the log away."""
    exchange.add("g", sha256(b"g").digest(), Kind.SHA256)
    partner.sync.run()
    exchange.withdraw("g")
    partner.sync.run()  # the file is looked through for what was erased
    program = [sys.executable, "-c", "from stillmine.partner.commands.service_commands import app; app()"]
    for command in (["matches"], ["review", match_id, "removed"]):
        subprocess.run([*program, *command, "--home", str(home)], check=True, capture_output=True)
    assert (home / f"{FILE_NAME}-wal").exists()
    assert partner.store.match(bytes.fromhex(match_id)).decision is Decision.REMOVED
    assert [report.outcome for report in partner.store.waiting_feedback(10)] == [Outcome.REMOVED]


def test_signs_that_turn_or_hide_what_is_seen_are_shown_in_words(home: Path, partner: Partner, match_id: str) -> None:
    partner.screen(FILE, content_id="a\u202eb\u200bc\u00adé文")
    assert "  a\\u202eb\\u200bc\\xadé文  the same file" in run(home, "matches").stdout.splitlines()[-1]
    assert json.loads(run(home, "matches", "--json").stdout.splitlines()[-1])["content_id"] == "a\u202eb\u200bc\u00adé文"


def test_a_files_name_and_what_an_exchange_says_are_shown_in_words(run: Run, exchange: FakeExchange, tmp_path: Path) -> None:
    file = tmp_path / "a\u202eb"
    file.write_bytes(b"no picture")
    exchange.scopes = ["ask", "feedback", "\u202etsil"]
    said = run("screen", str(file)).stdout + run("doctor").stdout
    assert "\u202e" not in said
    assert said.count("\\u202e") == 2
