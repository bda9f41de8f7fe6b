# SPDX-License-Identifier: Apache-2.0
"""Numbers for a trust report: tens alone, none under ten, and none that one person's pictures make."""

import csv
import io
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stillmine.partner.commands import statement_commands
from stillmine.partner.statements.report import UNDER_STEP
from stillmine.partner.store.store import Store
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import MatchClass
from tests.partner.statement_parts import decide, found, id_of, keep, removed, run

MAY = datetime(2020, 5, 31, 23, 59, tzinfo=UTC)
JUNE = datetime(2020, 6, 1, tzinfo=UTC)


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with closing(Store(home)) as opened:
        yield opened


def report(home: Path, month: str = "2020-05") -> dict[tuple[str, str], str]:
    result = run(home, "report", "--month", month)
    assert result.exit_code == 0, result.exception
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["month"] for row in rows} == {month}
    return {(row["of"], row["value"]): row["uploads"] for row in rows}


def test_tens_of_a_month(store: Store, home: Path) -> None:
    for number in range(29):
        name = f"post {number}"
        removed(store, name, found(name, f"{number}"), found(name, f"{number}", Kind.SHA256), at=MAY)
    for number in range(29, 40):
        name = f"post {number}"
        keep(store, name, [found(name, f"{number}", Kind.VPDQ)], MAY)
        decide(store, found(name, f"{number}", Kind.VPDQ), NotRemovedReason.NOT_INTIMATE, at=JUNE)
    keep(store, "june", [found("june", "j")], JUNE)
    keep(store, "post 0", [found("post 0", "0"), found("post 0", "new")], JUNE)  # matched first in May
    for number in range(12):
        store.note_no_match(id_of(f"post {number}"))
    numbers = report(home)
    shown = {line: number for line, number in numbers.items() if number != UNDER_STEP}
    assert shown == {
        ("all", "all"): "40",
        ("class", "near"): "40",
        ("kind", "pdq"): "20",
        ("kind", "sha256"): "20",
        ("kind", "vpdq"): "10",
        ("decision", "removed"): "20",
        ("decision", "not_removed"): "10",
        ("reason", "not_intimate"): "10",
        ("withdrawn", "yes"): "10",
    }
    assert set(report(home, "2020-06").values()) == {UNDER_STEP}
    assert set(numbers) == set(report(home, "2020-04")), "a value that never came has its line too"
    assert {value for of, value in numbers if of == "class"} == {name.value for name in MatchClass}


def test_nine_are_not_shown_and_ten_are(store: Store, home: Path) -> None:
    for number in range(9):
        removed(store, f"post {number}", found(f"post {number}", f"{number}"), at=MAY)
    assert set(report(home).values()) == {UNDER_STEP}
    removed(store, "post 9", found("post 9", "9"), at=MAY)
    assert report(home)["decision", "removed"] == "10"


def test_a_hundred_uploads_of_one_persons_picture_are_not_shown(store: Store, home: Path) -> None:
    for number in range(100):
        name = f"post {number}"
        removed(store, name, *(found(name, "one", kind) for kind in Kind), at=MAY)
    assert set(report(home).values()) == {UNDER_STEP}


def test_an_upload_of_which_something_waits_is_open(store: Store, home: Path) -> None:
    for number in range(10):
        name, first = f"post {number}", found(f"post {number}", f"{number}")
        keep(store, name, [first], MAY)
        decide(store, first, NotRemovedReason.NOT_THE_SAME, at=MAY)
        keep(store, name, [first, found(name, f"later {number}")], JUNE)
    numbers = report(home)
    assert (numbers["decision", "open"], numbers["decision", "not_removed"]) == ("10", UNDER_STEP)
    assert numbers["reason", "not_the_same"] == UNDER_STEP, "it is not decided yet"


@pytest.mark.usefixtures("store")
def test_a_month_that_is_not_over_is_refused(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.csv"
    december = datetime(2029, 12, 1, tzinfo=UTC)
    with pytest.raises(NotConfiguredError, match="--month"):
        statement_commands.write_report(home, december, datetime(2029, 12, 31, 23, 59, tzinfo=UTC), out)
    assert not out.exists()
    statement_commands.write_report(home, december, datetime(2030, 1, 1, tzinfo=UTC), out)
    assert out.read_text().startswith("month,of,value,uploads\n2029-12,all,all,under 10\n")
    assert isinstance(run(tmp_path / "mistyped", "report", "--month", "2020-05").exception, NotConfiguredError)
