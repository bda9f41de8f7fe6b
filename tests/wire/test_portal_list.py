# SPDX-License-Identifier: Apache-2.0
"""The list of a portal's files: one form, the form of `sha256sum`, and no name that leads out of a folder."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from stillmine.wire.portal_list import (
    MAXIMUM_LIST_BYTES,
    PortalListMalformedError,
    address_of,
    list_of_folder,
    portal_list,
    read_portal_list,
)

HASH = "ab" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fi/help").mkdir(parents=True)
    for name in ("index.html", "index.html.br", "index.html.gz", "fi/help/index.html", "sw.js", "left.gz", "portal-files.txt"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    return tmp_path


def test_it_names_every_file_but_itself_and_the_compressed_copies(folder: Path) -> None:
    names = ["fi/help/index.html", "index.html", "left.gz", "sw.js"]
    expected = "".join(f"{hashlib.sha256(name.encode()).hexdigest()}  {name}\n" for name in names)
    assert list_of_folder(folder) == expected.encode()


def test_sha256sum_reads_it(folder: Path) -> None:
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict"], input=list_of_folder(folder), cwd=folder, capture_output=True, check=True
    )
    assert checked.stdout.count(b": OK") == 4


def test_reading_gives_what_was_written(folder: Path) -> None:
    hashes = read_portal_list(list_of_folder(folder))
    assert portal_list(hashes) == list_of_folder(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"{HASH}  index.html",
        f"{HASH} index.html\n",
        f"{HASH} *index.html\n",
        f"{HASH.upper()}  index.html\n",
        f"{HASH[:-1]}  index.html\n",
        f"{HASH}  /index.html\n",
        f"{HASH}  ../index.html\n",
        f"{HASH}  a/../../index.html\n",
        f"{HASH}  a//index.html\n",
        f"{HASH}  a/\n",
        f"{HASH}  a b\n",
        f"{HASH}  https://other.example/\n",
        f"{HASH}  a?b\n",
        f"{HASH}  b\n{HASH}  a\n",
        f"{HASH}  a\n{HASH}  a\n",
        f"{HASH}  a\r\n",
        f"# a remark\n{HASH}  a\n",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(PortalListMalformedError):
        read_portal_list(text.encode())


@pytest.mark.parametrize("data", [b"\xff\xfe", f"{HASH}  ä\n".encode(), b" " * (MAXIMUM_LIST_BYTES + 1)])
def test_bytes_that_are_no_list_are_refused(data: bytes) -> None:
    with pytest.raises(PortalListMalformedError):
        read_portal_list(data)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("index.html", "/"),
        ("fi/help/index.html", "/fi/help/"),
        ("404.html", "/404.html"),
        ("sw.js", "/sw.js"),
        ("aindex.html", "/aindex.html"),
    ],
)
def test_a_page_is_served_at_its_folder(name: str, address: str) -> None:
    assert address_of(name) == address
