# SPDX-License-Identifier: Apache-2.0
"""A made-up country, language, regime and situation reach the built pages by the files that docs/develop.md lists, and by no others.

Builds the portal once, in a copy of the repository. What is left out is named by `make check-content`, whichever file it is.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from check_content import content_problems, problems
from content_check.reviews import reviews
from content_check.schemas import documents

from tests.house.made_up_content import ADD, COUNTRY, EMERGENCY, LANGUAGE, MARK, POLICE, REGIME, SITUATION, UNDER_18

pytestmark = pytest.mark.long
ROOT = Path(__file__).resolve().parents[2]


def listed(heading: str) -> list[re.Pattern[str]]:
    """Return the paths that a list of docs/develop.md names, as patterns: `<name>` stands for a part of a name."""
    text = (ROOT / "docs/develop.md").read_text(encoding="utf-8")
    section = re.search(rf"^### {heading}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"docs/develop.md has no list for {heading}"
    paths = re.findall(r"^- `([^`]+)`", section[1], re.MULTILINE)
    assert len(paths) > 1
    parts = [re.escape(path).replace(r"\*\*/", "(?:[^/]+/)*").replace(r"\*", "[^/]*") for path in paths]
    return [re.compile(re.sub(r"<\w+>", "[a-z_]+", part)) for part in parts]


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a copy, as it is."""
    files = (path for path in folder.rglob("*") if path.is_file() and not {"node_modules", "dist", ".astro"} & set(path.parts))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@dataclass(frozen=True)
class Copy:
    """A copy of the repository with all that was made up, built."""

    root: Path
    today: date
    touched: dict[str, dict[str, bytes | None]]
    """By heading: each file that was touched, with what was in it before."""

    def problems(self) -> list[str]:
        return problems(self.root / "content", self.root / "portal/dist", self.root / "deploy/nginx.conf", self.today)

    def page(self, address: str) -> str:
        return (self.root / f"portal/dist{address}index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    root = tmp_path_factory.mktemp("copy")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in (name for name in names if name and (ROOT / name).is_file()):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    (root / "portal/node_modules").symlink_to(ROOT / "portal/node_modules")
    today = max(text for _, document in documents(root / "content") for _, text in reviews(document))
    touched = {}
    for heading, add in ADD.items():
        before = contents(root)
        add(root, today)
        touched[heading] = {name: before.get(name) for name, text in contents(root).items() if before.get(name) != text}
    way = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["npm", "run", "build"], cwd=root / "portal", env=os.environ | {"PATH": way}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return Copy(root, date.fromisoformat(today), touched)


def test_no_file_is_touched_but_those_that_the_document_lists(copy: Copy) -> None:
    for heading, files in copy.touched.items():
        patterns = listed(heading)
        assert [name for name in files if not any(pattern.fullmatch(name) for pattern in patterns)] == []
        assert [pattern.pattern for pattern in patterns if not any(pattern.fullmatch(name) for name in files)] == []


def test_the_check_has_nothing_to_say(copy: Copy) -> None:
    assert copy.problems() == []


def test_the_country_is_on_every_page_that_shows_countries(copy: Copy) -> None:
    for address in ("/", "/help/", f"/help/{COUNTRY}/", f"/threat/{COUNTRY}/", "/under-18/"):
        assert EMERGENCY in copy.page(address), address
    assert POLICE in copy.page("/police/")
    assert POLICE in copy.page(f"/help/{COUNTRY}/")
    assert UNDER_18 in copy.page("/under-18/")
    assert "At any station of Zedland." in copy.page(f"/threat/{COUNTRY}/")
    assert "0999 001 005" in copy.page(f"/threat/{COUNTRY}/")
    assert "0999 001 004" in copy.page("/feelings/")
    assert "Made-up Act" in copy.page(f"/facts/{COUNTRY}/")
    assert f'value="{COUNTRY}"' in copy.page("/")


def test_the_regime_is_offered_for_its_country_before_the_plain_report(copy: Copy) -> None:
    page = copy.page("/remove/")
    data = re.search(r'id="notice-data"[^>]*>(.*?)</script>', page, re.DOTALL)
    words = re.search(r'id="words"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert data
    assert words
    regimes = json.loads(data[1])["regimes"]
    assert [regime["id"] for regime in regimes[-2:]] == [REGIME, "plain"]
    assert [regime["countries"] for regime in regimes if regime["id"] == REGIME] == [[COUNTRY]]
    assert json.loads(words[1])["words"][f"notice.law.{REGIME}"] == "Zedland: Made-up Act"


def test_the_situation_has_its_choice_and_its_plan_in_every_country(copy: Copy) -> None:
    assert f'href="/{SITUATION}/"' in copy.page("/")
    assert "It is all made up" in copy.page("/not-sure/")
    assert "Made-up why of look." in copy.page(f"/{SITUATION}/")
    assert "0999 001 005" in copy.page(f"/{SITUATION}/{COUNTRY}/")
    assert "0800 733 843" in copy.page(f"/{SITUATION}/nz/")


def test_the_language_has_every_page_in_its_own_words_and_is_offered_on_the_others(copy: Copy) -> None:
    pages = [path.parent.relative_to(copy.root / "portal/dist").as_posix() for path in (copy.root / "portal/dist").rglob("index.html")]
    assert {f"{LANGUAGE}/{page}" for page in pages if not page.startswith(("fi", LANGUAGE, "."))} <= set(pages)
    assert f'href="/{LANGUAGE}/threat/"' in copy.page("/threat/")
    assert f"{MARK}English" in copy.page("/threat/")
    assert f"{MARK}Zedland" in copy.page(f"/{LANGUAGE}/help/")
    assert f"{LANGUAGE} made-up police" in copy.page(f"/{LANGUAGE}/help/{COUNTRY}/").lower()
    assert (copy.root / f"portal/dist/{LANGUAGE}/404.html").is_file()


@pytest.mark.parametrize("heading", list(ADD))
def test_each_file_that_is_left_out_is_missed(copy: Copy, heading: str) -> None:
    """One file of each line of the list: the check has something to say without it, and names it or what it holds."""
    files = copy.touched[heading]
    for pattern in listed(heading):
        name = next(name for name in files if pattern.fullmatch(name))
        path, before = copy.root / name, files[name]
        added = path.read_bytes()
        path.unlink() if before is None else path.write_bytes(before)
        found = content_problems(copy.root / "content", copy.root / "deploy/nginx.conf", copy.today)
        path.write_bytes(added)
        assert [problem for problem in found if re.search(rf"\b({COUNTRY}|{LANGUAGE}|{REGIME}|{SITUATION}|made.up)\b", problem)], name
