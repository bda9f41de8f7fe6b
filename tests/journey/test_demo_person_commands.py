# SPDX-License-Identifier: Apache-2.0
"""`stillmine demo person` plays a person at an exchange on this machine only, and never loses or overwrites a case key."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stillmine.demo.commands import app
from stillmine.wire.case_key import case_key_text
from stillmine.wire.errors import NotConfiguredError, StillmineError

pytestmark = pytest.mark.any_database  # a person's commands, which reach the exchange by HTTP only

PHOTOGRAPH = Path(__file__).resolve().parents[2] / "media/skimage/rocket.jpg"
NOBODY = "http://127.0.0.1:9"


def refusal(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["person", *arguments])
    assert isinstance(result.exception, StillmineError), result.output
    return str(result.exception)


@pytest.mark.parametrize("address", ["https://exchange.example", "http://192.0.2.1:8080", "http://127.0.0.1.example", "127.0.0.1"])
def test_an_exchange_elsewhere_is_refused_and_no_key_is_made(address: str, tmp_path: Path) -> None:
    key = tmp_path / "case.key"
    assert "on this machine" in refusal("protect", str(PHOTOGRAPH), "--exchange", address, "--case-key", str(key))
    assert not key.exists()


def test_the_key_of_another_case_is_not_overwritten(tmp_path: Path) -> None:
    key = tmp_path / "case.key"
    key.write_text("the only way into another case")
    assert "another case" in refusal("protect", str(PHOTOGRAPH), "--exchange", NOBODY, "--case-key", str(key))
    assert key.read_text() == "the only way into another case"


def test_where_nothing_answers_it_says_how_to_start_an_exchange_and_leaves_no_key(tmp_path: Path) -> None:
    key = tmp_path / "case.key"
    assert "stillmine exchange serve" in refusal("protect", str(PHOTOGRAPH), "--exchange", NOBODY, "--case-key", str(key))
    assert not key.exists()


@pytest.mark.parametrize("command", ["show", "withdraw"])
def test_show_and_withdraw_say_the_same(command: str, tmp_path: Path) -> None:
    key = tmp_path / "case.key"
    key.write_text(case_key_text(b"0123456789") + "\n")
    assert "stillmine exchange serve" in refusal(command, "--exchange", NOBODY, "--case-key", str(key))
    key.write_text("")
    result = CliRunner().invoke(app, ["person", command, "--exchange", NOBODY, "--case-key", str(key)])
    assert isinstance(result.exception, StillmineError)
    assert not isinstance(result.exception, NotConfiguredError)
