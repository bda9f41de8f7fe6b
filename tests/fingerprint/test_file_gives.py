# SPDX-License-Identifier: Apache-2.0
"""Which kinds come of a file is what the table of the spec says, for a case and for an upload."""

import json
from pathlib import Path
from typing import Any

import pytest

from stillmine.fingerprint.container.sniff import FileType
from stillmine.fingerprint.gives import Finding, Reader, Subject, is_refused, kinds_given

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "file_gives.json"
FILES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["files"]


def name_of(row: dict[str, Any]) -> str:
    return " ".join([row["file"], *(f"{subject}={finding}" for subject, finding in row["found"].items())])


@pytest.mark.parametrize("reader", Reader)
@pytest.mark.parametrize("row", FILES, ids=name_of)
def test_a_file_gives_what_the_table_says(row: dict[str, Any], reader: Reader) -> None:
    file_type = FileType(row["file"])
    found = {Subject(subject): Finding(finding) for subject, finding in row["found"].items()}
    given = None if is_refused(reader, file_type, found) else list(kinds_given(reader, file_type, found))
    assert given == row["gives"][reader]


def test_the_table_has_each_type_of_file_and_each_finding() -> None:
    assert {row["file"] for row in FILES} == set(FileType)
    assert {finding for row in FILES for finding in row["found"].values()} == set(Finding)
