# SPDX-License-Identifier: Apache-2.0
"""Phrases that read as translated, each with what a native writer says: for pages, documents, errors and help texts alike.

A list like this holds only what it names. It keeps old slips from coming back; it does not make English good, and never claims to.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

READS_AS_TRANSLATED = {
    r"\banew\b": "again, or re-: rewritten, rebuilt",
    r"\bdear\b": "expensive",
    r"\b(has|have) not (the|a|an|its|\d+)\b": "does not have, is not in the form of",
    r"\b(at least|at most|more than|up to|the|\d+) (printable |other )?signs\b": "characters",
    r"(?:^|[.!?;|] |- )[Ww]ho (?!is\b|are\b|was\b|were\b|can\b|may\b|has\b|have\b|had\b|could\b|should\b|would\b|will\b|did\b|to\b|it\b|"
    r"else\b|the\b|you\b|they\b)[a-z]+\b(?=( [^ ]+){3})(?![^.|]*\?)": "somebody who, if someone",
    r"\bmay more\b": "can do more",
    r"\bnobody foresaw\b": "unexpected",
    r"\bturned by a quarter\b": "rotated by 90 degrees",
    r"\bby way of\b": "via",
    r"\bmade smaller\b": "scaled down",
    r"\bjust now\b": "right now",
    r"\bnothing waits\.": "nothing is waiting",
    r"\bsays something alone\b": "nothing is shown by ... alone",
    r"\bcopied whole\b": "all of it was copied",
    r"\bof (before|now)\b(?! (the|a|an|it|that|this|there|they)\b)": "earlier, today's",
    r"(?<!there )\bis no (proof|backup|snapshot|receipt|picture|video|sound)\b(?!')": "is not a",
}
"""Pattern, and what to write. Case does not matter but where a pattern names both."""


def phrases_in(text: str) -> list[str]:
    """Return each phrase of a text that reads as translated, with what to write instead."""
    plain = re.sub(r"`[^`]*`", "`…`", re.sub(r"\s+", " ", text))
    return [
        f"“{found[0].strip()}”: {better}"
        for pattern, better in READS_AS_TRANSLATED.items()
        for found in re.finditer(pattern, plain, 0 if "[Ww]" in pattern else re.IGNORECASE)
    ]


def phrase_problems(content: Path) -> list[str]:
    """Return what reads as translated in the English messages."""
    return [
        f"content/messages/en/{path.name}: {key}: {problem}"
        for path in sorted((content / "messages/en").rglob("*.json"))
        for key, problem in _of_messages(json.loads(path.read_text(encoding="utf-8")).items())
    ]


def _of_messages(messages: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(key, problem) for key, text in messages for problem in phrases_in(text)]
