# SPDX-License-Identifier: Apache-2.0
"""Whether every language has every message, and whether each is read as easily as content/reading.yaml wants it.

The measure is our own and small: words per sentence and LIX (words per sentence plus the percentage of words of more than
six letters). It sees long sentences and long words; it does not see whether a text is clear, and never claims to.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEFAULT_LANGUAGE = "en"
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’)»]*\s+")
WORD = re.compile(r"[^\W\d_][\w’'-]*")
LONG_WORD_LETTERS = 7
LABEL_WORDS = 3
"""Up to so many words it is a label, not a sentence."""
ENOUGH_SENTENCES = 5
"""Fewer say nothing about an average."""


@dataclass(frozen=True)
class Measure:
    """How a file of messages reads."""

    sentences: int
    words_per_sentence: float
    lix: float
    longest: str
    longest_words: int


def measure(texts: Iterable[str]) -> Measure | None:
    """Return how texts read; None if there is no sentence in them."""
    sentences = [part for text in texts for part in SENTENCE_END.split(re.sub(r"\{\w+\}", "x", text))]
    read = [(words, sentence) for sentence in sentences if len(words := WORD.findall(sentence)) > LABEL_WORDS]
    if not read:
        return None
    words = [word for own, _ in read for word in own]
    long_words = sum(len(word) >= LONG_WORD_LETTERS for word in words)
    average = len(words) / len(read)
    longest, text = max(read, key=lambda pair: len(pair[0]))
    return Measure(len(read), average, average + 100 * long_words / len(words), text, len(longest))


def messages(content: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Return the messages by language and file, `site` or `countries/nz`."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for path in sorted((content / "messages").rglob("*.json")):
        language, _, name = path.relative_to(content / "messages").with_suffix("").as_posix().partition("/")
        found.setdefault(language, {})[name] = json.loads(path.read_text(encoding="utf-8"))
    return found


def translation_problems(content: Path) -> list[str]:
    """Return messages that a language lacks or leaves empty, and those that only it has."""
    found = messages(content)
    keys = {language: {key: text for own in files.values() for key, text in own.items()} for language, files in found.items()}
    english = keys.get(DEFAULT_LANGUAGE, {})
    problems = [] if english else [f"content/messages/{DEFAULT_LANGUAGE}: no messages"]
    for language, own in keys.items():
        problems += [
            f"content/messages/{language}: no words for {key}: translate it from {DEFAULT_LANGUAGE}"
            for key in english
            if not own.get(key, "").strip()
        ]
        extra = [key for key in own if key not in english and f"{key.rpartition('.')[0]}.other" not in english]
        problems += [f"content/messages/{language}: {key} is no message in {DEFAULT_LANGUAGE}: take it out" for key in extra]
    return problems


def by_subject(files: dict[str, dict[str, str]]) -> dict[str, list[str]]:
    """Return the texts of a language by what they are measured with: a country's words about plans count with all words about plans."""
    subjects: dict[str, list[str]] = {}
    for name, own in files.items():
        for key, text in own.items():
            subjects.setdefault(key.partition(".")[0] if "/" in name else name, []).append(text)
    return subjects


def reading_problems(content: Path) -> list[str]:
    """Return sentences that are too long, and subjects that read harder than their language's target."""
    path = content / "reading.yaml"
    targets: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    problems = []
    for language, files in messages(content).items():
        target = targets.get(language)
        if target is None:
            problems.append(f"content/reading.yaml: no target for {language}: measure it with `python tools/check_content.py --measure`")
            continue
        for name, own in files.items():
            problems += [f"content/messages/{language}/{name}.json: {problem}" for problem in _too_long(target, measure(own.values()))]
        for name, texts in by_subject(files).items():
            problems += [f"content/messages/{language}/{name}.json: {problem}" for problem in _harder_than(target, measure(texts))]
    return problems


def _too_long(target: dict[str, int], found: Measure | None) -> list[str]:
    if found is None or found.longest_words <= target["longest_sentence"]:
        return []
    return [f"a sentence of {found.longest_words} words, at most {target['longest_sentence']}: {found.longest}"]


def _harder_than(target: dict[str, int], found: Measure | None) -> list[str]:
    if found is None or found.sentences < ENOUGH_SENTENCES:
        return []
    problems = []
    if found.words_per_sentence > target["words_per_sentence"]:
        problems.append(f"{found.words_per_sentence:.1f} words per sentence, at most {target['words_per_sentence']}")
    if found.lix > target["lix"]:
        problems.append(f"LIX {found.lix:.1f}, at most {target['lix']}")
    return problems
