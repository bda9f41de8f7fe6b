# SPDX-License-Identifier: Apache-2.0
"""Operators by command, and `serve` with and without the console: real processes, either database."""

import json
from pathlib import Path

import pytest

from tests import plain_http
from tests.exchange.served_exchange import Operator, serving


@pytest.fixture
def operator(tmp_path: Path, fresh_database_url: str | None) -> Operator:
    return Operator(tmp_path / "home", fresh_database_url)


def test_operators_by_command(operator: Operator) -> None:
    operator.run("migrate")
    assert "No operators yet" in operator.run("operator", "list")
    assert "never again" in operator.run("operator", "add", "Mia", "--role", "manager")
    added = json.loads(operator.run("operator", "add", "Rita", "--role", "reviewer", "--json"))
    assert (added["operator"], added["role"], len(added["enrolment_code"].replace("-", ""))) == ("Rita", "reviewer", 24)
    assert "already exists" in operator.run("operator", "add", "mia", "--role", "reviewer", expect=2)
    assert "manager or reviewer" in operator.run("operator", "add", "Eva", "--role", "owner", expect=2)
    assert "command line" in operator.run("operator", "add", "Command Line", "--role", "manager", expect=2)
    renewed = json.loads(operator.run("operator", "reset", "RITA", "--json"))
    assert renewed["enrolment_code"] != added["enrolment_code"]
    assert "no operator has this name" in operator.run("operator", "reset", "Nobody", expect=2)
    operator.run("operator", "remove", "Mia")
    assert json.loads(operator.run("operator", "list", "--json")) == {
        "operators": [{"operator": "Rita", "role": "reviewer", "enrolled": False}]
    }
    assert "not enrolled yet" in operator.run("operator", "list")


@pytest.mark.parametrize(("options", "expected"), [((), 404), (("--console",), 200)])
def test_the_console_is_there_only_when_it_is_asked_for(
    operator: Operator, portal_folder: Path, tmp_path: Path, options: tuple[str, ...], expected: int
) -> None:
    with serving(operator, portal_folder, tmp_path / "log", *options) as (url, _, _):
        answer = plain_http.get(f"{url}/console/sign-in", timeout=60)
        assert answer.status_code == expected
        assert ("set-cookie" in answer.headers) == (expected == 200)
