# SPDX-License-Identifier: Apache-2.0
"""Commands for reviewers, and settings of the review page that don't go together."""

from pathlib import Path

import pytest

from stillmine.partner.review.sessions import hashed
from stillmine.partner.store.desk import Desk
from tests.partner.partner_parts import Run


def test_reviewers_come_and_go(run: Run, home: Path) -> None:
    keys = [run("reviewer", "add", name).stdout.strip() for name in ("Ada", "Bo Li")]
    assert len(set(keys)) == 2
    assert run("reviewer", "list").stdout == "Ada\nBo Li\n"
    assert all(key not in path.read_text("latin-1") for key in keys for path in home.iterdir())
    desk = Desk(home)
    assert [desk.begin_session(hashed(key), bytes([number]) * 32, 0, 10) for number, key in enumerate([*keys, "smr_x"])] == [
        True,
        True,
        False,
    ]
    assert run("reviewer", "remove", "Ada").exit_code == 0
    assert [desk.name_of(bytes([number]) * 32, 5) for number in range(2)] == [None, "Bo Li"]
    desk.close()
    assert run("reviewer", "list").stdout == "Bo Li\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "Ada"), "reviewer_exists"),
        (("remove", "Bob"), "reviewer_not_found"),
        (("add", ""), "not_configured"),
        (("add", " Ada"), "not_configured"),
        (("add", "A\u202eda"), "not_configured"),
        (("add", "A" * 61), "not_configured"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, arguments: tuple[str, ...], code: str) -> None:
    run("reviewer", "add", "Ada")
    refused = run("reviewer", *arguments)
    assert getattr(refused.exception, "code", None) == code
    assert run("reviewer", "list").stdout == "Ada\n"


@pytest.mark.parametrize(
    "options",
    [
        ("--media-url", "https://media.example/{content_id}?{expires}&{signature}"),
        ("--review-break", "10"),
        ("--review-page", "--media-url", "https://media.example/"),
        ("--coop-key", "coop.pem"),
        ("--coop-actions", "actions.json"),
        ("--coop-key", "coop.pem", "--coop-actions", "actions.json"),
    ],
)
def test_settings_that_do_not_go_together_start_nothing(run: Run, home: Path, options: tuple[str, ...]) -> None:
    assert getattr(run("serve", *options).exception, "code", None) == "not_configured"
    assert not (home / "service.key").exists()
