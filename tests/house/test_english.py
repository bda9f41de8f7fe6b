# SPDX-License-Identifier: Apache-2.0
"""Documents, errors, the console, help texts and the portal's words hold no phrase that reads as translated.

The list is tools/content_check/phrases.py; a phrase that slips in is shown with what to write instead.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from content_check.phrases import phrase_problems, phrases_in

from stillmine import cli
from tests.house.command_tree import every_command

ROOT = Path(__file__).resolve().parents[2]
FOLDERS_OF_DOCUMENTS = ("docs", "spec", "media", "vectors", "kernel", "tests")
DOCUMENTS = sorted({*ROOT.glob("*.md"), *(path for folder in FOLDERS_OF_DOCUMENTS for path in (ROOT / folder).rglob("*.md"))})


def paragraphs(page: str) -> Iterator[str]:
    """The prose, rows and items of a Markdown page, without blocks of commands."""
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    yield from re.split(r"\n\n|\n(?=\s*- |\||#)", re.sub(r"(?<=\n\n)(    .*\n)+", "", prose))


def problems(texts: Iterator[str]) -> list[str]:
    return [f"{problem} in: {text.strip()[:100]}" for text in texts for problem in phrases_in(text)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_reads_as_translated(path: Path) -> None:
    assert problems(paragraphs(path.read_text(encoding="utf-8"))) == []


def test_no_error_reads_as_translated() -> None:
    program = [sys.executable, str(Path(__file__).with_name("error_classes.py"))]
    lines = subprocess.run(program, capture_output=True, text=True, check=True).stdout.splitlines()
    sentences = [json.loads(line)["sentence"] for line in lines]
    assert len(sentences) > 60
    assert problems(iter(sentences)) == []


def test_no_page_of_the_console_reads_as_translated() -> None:
    pages = sorted((ROOT / "src/stillmine/exchange/console/templates").rglob("*.html"))
    assert len(pages) > 10
    assert problems(re.sub(r"<[^>]*>|{[%#{].*?[%#}]}", "", page.read_text(encoding="utf-8")) for page in pages) == []


def help_texts() -> Iterator[str]:
    """What `--help` says, of each command and of what it takes."""
    for _, command in every_command(cli.program(None), "stillmine"):
        yield command.help or ""
        yield from (getattr(parameter, "help", None) or "" for parameter in command.params)


def test_no_help_text_reads_as_translated() -> None:
    texts = list(help_texts())
    assert len(texts) > 100
    assert problems(iter(texts)) == []


def test_no_word_of_the_review_page_reads_as_translated() -> None:
    words = json.loads((ROOT / "src/stillmine/partner/review/words/en.json").read_text(encoding="utf-8"))
    assert len(words) > 80
    assert problems(iter(words.values())) == []


def test_no_message_of_the_portal_reads_as_translated() -> None:
    assert phrase_problems(ROOT / "content") == []


@pytest.mark.parametrize(
    ("slip", "native"),
    [
        ("The file is written anew.", "The file is rewritten."),
        ("This makes it dear.", "This makes it expensive."),
        ("This fingerprint has not the form of its kind.", "This fingerprint is not in the form of its kind."),
        ("Use at least 12 signs.", "Use at least 12 characters."),
        ("Who loses a phone is given a new code.", "Somebody who loses a phone gets a new code."),
        ("It is stopped; who asks keeps nothing of it.", "It is stopped; ask partners store nothing of it."),
        ("A key never may more than this.", "A key can never do more than this."),
        ("Nothing waits.", "Nothing is waiting for review."),
    ],
)
def test_a_planted_slip_is_found(slip: str, native: str) -> None:
    assert phrases_in(slip)
    assert not phrases_in(native)


def test_a_question_and_a_command_are_no_slips() -> None:
    assert not phrases_in("Who asks for it? Who can see it: everybody. It signs the checkpoint with `anew`.")


def test_a_slip_in_a_message_is_found_by_its_key(tmp_path: Path) -> None:
    folder = tmp_path / "messages/en"
    folder.mkdir(parents=True)
    (folder / "case.json").write_text(json.dumps({"case.one": "Do it anew.", "case.two": "Do it again."}))
    (problem,) = phrase_problems(tmp_path)
    assert problem.startswith("content/messages/en/case.json: case.one: “anew”")
