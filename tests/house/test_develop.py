# SPDX-License-Identifier: Apache-2.0
"""The way in for developers leads somewhere: every file and folder that `docs/develop.md` names is there, and every table too."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/develop.md").read_text()
OWN_MEDIA = {"photos/", "photos/heif/", "video/", "audio/"}
"""Folders of `STILLMINE_MEDIA`, which a reader brings along."""

BASES = (ROOT, ROOT / "src/stillmine", ROOT / "src/stillmine/exchange", ROOT / "portal", ROOT / "portal/src")


def named_paths() -> set[str]:
    """What looks like a path in this repository: a slash, no blank, nothing to be filled in."""
    return {
        name for name in re.findall(r"`([\w./-]+)`", PAGE) if "/" in name and not name.startswith(("/", "./", "node_modules"))
    } - OWN_MEDIA


def test_every_file_and_folder_that_is_named_is_there() -> None:
    assert len(named_paths()) > 60
    assert not sorted(name for name in named_paths() if not any((base / name).exists() for base in BASES))


def test_every_file_that_is_named_without_its_folder_is_somewhere() -> None:
    """Such a name stands beside one that says where it is."""
    named = set(re.findall(r"`([\w-]+\.(?:py|ts|mjs|html|json|yaml|toml))`", PAGE))
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert len(named) > 20
    assert not named - {Path(path).name for path in listed}, "name the file as it is called now"


def test_every_table_of_the_exchange_is_named_and_no_other() -> None:
    tables = set(
        re.findall(r'db_table = "(\w+)"', "".join(path.read_text() for path in (ROOT / "src/stillmine/exchange/rows").glob("*.py")))
    )
    begin = PAGE.index("## The data model")
    section = PAGE[begin : PAGE.index("\n## ", begin)]
    own = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", section)) - {"secret_check"}
    in_one_row = {"backup_backupfolder", "clock_clockstate", "erasure_heldup", "limits_attempts", "secret_check_secretcheck"}
    assert own - tables == set()
    assert tables - own == in_one_row


def test_every_command_that_runs_one_test_finds_it() -> None:
    by_keyword = re.findall(r"pytest [^`]*?(tests/[\w/]+\.py) -k (\w+)", PAGE)
    by_title = re.findall(r'vitest run (tests/[\w.]+)` \(`-t "([^"]+)"`', PAGE)
    assert by_keyword
    assert by_title
    for path, keyword in by_keyword:
        assert re.search(rf"def test\w*{keyword}", (ROOT / path).read_text()), (path, keyword)
    for path, title in by_title:
        assert re.search(rf'test\("[^"]*{re.escape(title)}', (ROOT / "portal" / path).read_text()), (path, title)
