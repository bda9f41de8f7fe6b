# SPDX-License-Identifier: Apache-2.0
"""Vectors are what their makers make, and the list of them says who reads each."""

import re
from pathlib import Path

from vectors import generate

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path.name for path in (ROOT / "vectors").glob("*.json"))
ROW = re.compile(r"^- \*\*`([\w.]+)`\*\*: .*?; read by (.+?); (made|by hand)$", re.M)


def rows() -> dict[str, tuple[list[str], str]]:
    text = re.sub(r"\n  +", " ", (ROOT / "vectors/README.md").read_text())
    return {name: (re.findall(r"`([^`]+)`", readers), how) for name, readers, how in ROW.findall(text)}


def test_nothing_made_is_out_of_date() -> None:
    assert list(generate.differing()) == []


def test_the_list_has_each_file_and_says_how_it_came_to_be() -> None:
    assert sorted(rows()) == FILES
    assert {name for name, (_, how) in rows().items() if how == "made"} == set(generate.texts())


def test_each_reader_reads_what_the_list_says() -> None:
    for name, (readers, _) in rows().items():
        assert readers, name
        for reader in readers:
            assert name.removesuffix(".json") in (ROOT / reader).read_text(), f"{reader} does not name {name}"
