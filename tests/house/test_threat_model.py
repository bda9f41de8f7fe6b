# SPDX-License-Identifier: Apache-2.0
"""Each claim of the threat model names what holds it, and that is there.

A claim is an item of a list under "Today:"; its marks, `[✓][name]`, lead to definitions at the end:
`[name]: file "test or words"`. In a file of Python tests the words are a test's name; in any other they stand in it somewhere.
"""

import re
from pathlib import Path

import pytest

THREAT_MODEL = "spec/threat-model.md"
_MARK = re.compile(r"\[✓\]\[([a-z0-9-]+)\]")
_DEFINITION = re.compile(r'^\[([a-z0-9-]+)\]: (\S+) "([^"]+)"$', re.MULTILINE)
_TODAY = re.compile(r"^Today:\n\n((?:(?:- |  ).*\n)+)", re.MULTILINE)


def problems(text: str, folder: Path) -> list[str]:
    """Return what is wrong with the threat model `text`, whose definitions are relative to `folder`; nothing if all is held."""
    claims = _claims(text)
    definitions = {name: (folder / path, words) for name, path, words in _DEFINITION.findall(text)}
    used = {name for claim in claims for name in _MARK.findall(claim)}
    found = [f"no mark: {claim}" for claim in claims if not _MARK.search(claim)]
    found += [f"not defined: {name}" for name in sorted(used - definitions.keys())]
    found += [f"not used: {name}" for name in sorted(definitions.keys() - used)]
    found += [f"not there: {name}: {path.name}: {words}" for name, (path, words) in definitions.items() if not _holds(path, words)]
    return found


def _claims(text: str) -> list[str]:
    lists = [found.replace("\n  ", " ") for found in _TODAY.findall(text)]
    return [item.removeprefix("- ") for found in lists for item in found.splitlines()]


def _holds(path: Path, words: str) -> bool:
    if not path.is_file():
        return False
    text = path.read_text()
    is_test = path.suffix == ".py" and path.name.startswith("test_")
    return re.search(rf"^def {re.escape(words)}\(", text, re.MULTILINE) is not None if is_test else words in text


def test_each_claim_names_what_holds_it_and_that_is_there(root: Path) -> None:
    text = (root / THREAT_MODEL).read_text()
    assert len(_claims(text)) > 60
    assert len(_TODAY.findall(text)) == text.count("\nToday:\n") == text.count("\nLeft open: ")
    assert problems(text, (root / THREAT_MODEL).parent) == []


SMALL = """
### Somebody

Today:

- one thing
  holds [✓][one]
- another too [✓][two]

Left open: nothing.

[one]: test_held.py "test_one"
[two]: other.md "two words"
"""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (" [✓][two]", "", "no mark: another too"),
        ("[✓][two]", "[✓][three]", "not defined: three"),
        ("- another", "- and a third\n- another", "no mark: and a third"),
        ('"test_one"', '"test_on"', "not there: one: test_held.py: test_on"),
        ('"two words"', '"three words"', "not there: two: other.md: three words"),
        ("test_held.py", "test_gone.py", "not there: one: test_gone.py: test_one"),
    ],
)
def test_what_is_not_held_is_found(tmp_path: Path, old: str, new: str, problem: str) -> None:
    (tmp_path / "test_held.py").write_text("def test_one() -> None:\n    pass\n")
    (tmp_path / "other.md").write_text("It has two words.\n")
    assert problems(SMALL, tmp_path) == []
    assert problem in problems(SMALL.replace(old, new, 1), tmp_path)
