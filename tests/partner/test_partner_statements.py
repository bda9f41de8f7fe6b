# SPDX-License-Identifier: Apache-2.0
"""Statements of reasons: one for each removed upload, whole and within the database's rules, or what it lacks by name."""

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stillmine.partner.statements import rules
from stillmine.partner.statements.given import CONTENT_TYPES, read_facts, read_words
from stillmine.partner.statements.rules import broken_rules
from stillmine.partner.statements.statement import puid_of
from stillmine.partner.store.store import Store
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import Kind
from tests.partner.statement_parts import DAY, WORDS, decide, found, id_of, keep, removed, run

ROOT = Path(__file__).parents[2]
State = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """A store that stays open, as beside a running service."""
    with closing(Store(home)) as opened:
        yield opened


@pytest.fixture
def state(home: Path, tmp_path: Path) -> State:
    """Run the command with words and options; return the statements."""

    def run_it(*options: str, words: str = WORDS, code: int = 0) -> list[dict[str, Any]]:
        (tmp_path / "words.toml").write_text(words)
        result = run(home, "statements", "--words", str(tmp_path / "words.toml"), *options)
        assert result.exit_code == code, result.exception or result.stderr
        return [statement for line in result.stdout.splitlines() for statement in json.loads(line)["statements"]]

    return run_it


def test_a_removed_upload_is_stated_and_no_other(store: Store, state: State) -> None:
    removed(store, "post 1", found("post 1", "a"), found("post 1", "a", Kind.SHA256), at=DAY + timedelta(hours=23, minutes=59))
    keep(store, "post 2", [found("post 2", "b")])
    keep(store, "post 3", [found("post 3", "c")])
    decide(store, found("post 3", "c"), NotRemovedReason.NOT_INTIMATE)
    assert state() == [
        {
            "puid": puid_of(id_of("post 1")),
            "application_date": "2030-05-17",
            "content_date": "2030-05-17",
            "content_type": ["CONTENT_TYPE_IMAGE"],
            "category": "STATEMENT_CATEGORY_CYBER_VIOLENCE",
            "category_specification": ["KEYWORD_NON_CONSENSUAL_IMAGE_SHARING"],
            "automated_detection": "Yes",
            "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
            "source_type": "SOURCE_VOLUNTARY",
            "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
            "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
            "incompatible_content_ground": "Community rules, section 4",
            "incompatible_content_explanation": "Intimate pictures must not be shared without the consent of everybody in them.",
            "decision_ground_reference_url": "https://social.example/rules#4",
            "decision_facts": "The upload resembles a file that somebody asked to have stopped. A reviewer confirmed it.",
            "territorial_scope": ["AT", "FI"],
        }
    ]


def test_a_decision_that_was_corrected_is_not_stated_and_what_was_withdrawn_is(store: Store, state: State) -> None:
    removed(store, "post 1", found("post 1", "a"))
    removed(store, "post 2", found("post 2", "a"))
    decide(store, found("post 1", "a"), NotRemovedReason.NOT_THE_SAME)
    store.note_no_match(id_of("post 2"))
    assert [statement["puid"] for statement in state()] == [puid_of(id_of("post 2"))]


def test_nothing_that_only_the_platform_or_the_exchange_may_know_is_in_a_statement(store: Store, state: State) -> None:
    removed(store, "post 4711", found("post 4711", "a"), at=DAY + timedelta(hours=13, minutes=7))
    text = json.dumps(state())
    for secret in (id_of("post 4711"), id_of("a", Kind.PDQ), id_of("token", "post 4711"), id_of("post 4711", "a", Kind.PDQ)):
        assert secret.hex() not in text
    assert "4711" not in text
    assert "13:07" not in text


def test_since_and_the_day_of_the_first_decision(store: Store, state: State) -> None:
    for number in range(3):
        match = found(f"post {number}", "a")
        keep(store, f"post {number}", [match])
        decide(store, match, at=DAY + timedelta(days=number))
    assert [statement["application_date"] for statement in state()] == ["2030-05-17", "2030-05-18", "2030-05-19"]
    assert [statement["application_date"] for statement in state("--since", "2030-05-18")] == ["2030-05-18", "2030-05-19"]
    later = found("post 0", "b")
    keep(store, "post 0", [found("post 0", "a"), later], DAY + timedelta(days=5))
    decide(store, later, at=DAY + timedelta(days=5))
    assert len(state()) == 3, "one for each upload"
    assert [statement["application_date"] for statement in state("--since", "2030-05-18")] == ["2030-05-18", "2030-05-19"]


@pytest.mark.parametrize(
    ("kinds", "moves", "expected"),
    [
        ([Kind.PDQ], False, "IMAGE"),
        ([Kind.REGIONS, Kind.SHA256], False, "IMAGE"),
        ([Kind.PDQ], True, "VIDEO"),
        ([Kind.CHROMAPRINT, Kind.VPDQ], False, "VIDEO"),
        ([Kind.CHROMAPRINT], False, "AUDIO"),
    ],
)
def test_the_type_is_what_matched(store: Store, state: State, kinds: list[Kind], moves: bool, expected: str) -> None:
    removed(store, "post 1", *(found("post 1", "a", kind, moves=moves) for kind in kinds))
    assert state()[0]["content_type"] == [f"CONTENT_TYPE_{expected}"]


@pytest.mark.parametrize(
    ("said", "keywords"),
    [
        ([None, False], [rules.IMAGE_SHARING]),
        ([None], [rules.IMAGE_SHARING]),
        ([True, None], [rules.DEEPFAKE]),
        ([True, False], [rules.IMAGE_SHARING, rules.DEEPFAKE]),
    ],
)
def test_what_a_person_says_is_synthetic_has_its_keyword(store: Store, state: State, said: list[bool | None], keywords: list[str]) -> None:
    removed(store, "post 1", *(found("post 1", f"{number}", synthetic=word) for number, word in enumerate(said)))
    (statement,) = state()
    assert statement["category_specification"] == keywords
    assert ("CONTENT_TYPE_SYNTHETIC_MEDIA" in statement["content_type"]) == (True in said)


def test_facts_of_single_uploads_and_what_is_still_lacking(store: Store, state: State, home: Path, tmp_path: Path) -> None:
    for name in ("post 1", "post, \u202e2", "post 3", "post 4"):
        removed(store, name, found(name, "a", Kind.SHA256))
    keep(store, "nameless", [found("nameless", "a")], has_content_id=False)
    decide(store, found("nameless", "a"))
    facts = tmp_path / "uploads.csv"
    facts.write_text("content_id,content_date,content_type,leave_out\npost 1,2030-05-01,video,\npost 3,,,yes\npost 4,2030-05-18,image,\n")
    words = WORDS.replace('content_date = "day_of_match"', "")
    (statement,) = state("--uploads", str(facts), words=words, code=2)
    assert (statement["content_date"], statement["content_type"]) == ("2030-05-01", ["CONTENT_TYPE_VIDEO"])
    said = run(home, "statements", "--words", str(tmp_path / "words.toml"), "--uploads", str(facts)).stderr
    lines = [line for line in said.splitlines() if line.startswith("no statement")]
    assert sorted(lines) == [
        f"no statement about match id {id_of('nameless', 'a', Kind.PDQ).hex()}: content_date: missing",
        "no statement about post 4: content_date: after the decision of 2030-05-17",
        "no statement about post, \\u202e2: content_type: missing; content_date: missing",
    ]


def test_files_are_private_and_lead_from_a_statement_to_the_upload(store: Store, state: State, tmp_path: Path) -> None:
    for number in range(201):
        removed(store, f"post {number}", found(f"post {number}", "a"))
    out, puids = tmp_path / "out.jsonl", tmp_path / "puids.csv"
    out.write_text("older")
    out.chmod(0o644)
    assert state("--out", str(out), "--puids", str(puids)) == []
    sizes = [len(json.loads(line)["statements"]) for line in out.read_text().splitlines()]
    assert sizes == [100, 100, 1]
    rows = list(csv.DictReader(puids.read_text().splitlines()))
    assert {row["puid"]: row["content_id"] for row in rows} == {puid_of(id_of(f"post {n}")): f"post {n}" for n in range(201)}
    assert {path.stat().st_mode & 0o777 for path in (out, puids)} == {0o600}
    before = out.read_bytes()
    state("--out", str(out))
    assert out.read_bytes() == before


def test_what_is_no_plain_file_is_not_replaced(store: Store, home: Path, tmp_path: Path) -> None:
    removed(store, "post 1", found("post 1", "a"))
    (tmp_path / "words.toml").write_text(WORDS)
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path):
        result = run(home, "statements", "--words", str(tmp_path / "words.toml"), "--out", str(place))
        assert isinstance(result.exception, NotConfiguredError)
    assert (tmp_path / "pipe").is_fifo()


def test_without_a_removal_there_is_no_line_and_without_a_store_no_answer(store: Store, state: State, tmp_path: Path) -> None:
    assert state() == []
    missing = run(tmp_path / "mistyped", "statements", "--words", str(tmp_path / "words.toml"))
    assert isinstance(missing.exception, NotConfiguredError)
    assert not (tmp_path / "mistyped").exists()


def test_all_that_is_wrong_with_the_words_is_named_at_once() -> None:
    with pytest.raises(NotConfiguredError) as refused:
        read_words("")
    missing = re.findall(r"(\w+): missing", str(refused.value))
    assert missing == ["decision_ground", "decision_ground_reference_url", "decision_facts", "territorial_scope"]
    with pytest.raises(NotConfiguredError) as refused:
        read_words("decision_ground = 'x'\nurl = 'y'\ndecision_facts = 1\ncontent_date = 2030-05-17\nterritorial_scope = ['AT']\n")
    named = re.findall(r"(?:--words: |; )(\w+): ", str(refused.value))
    assert named == ["url", "decision_facts", "decision_ground_reference_url", "decision_ground", "content_date"]
    with pytest.raises(NotConfiguredError, match="illegal_content_explanation: missing") as refused:
        read_words(WORDS.replace("DECISION_GROUND_INCOMPATIBLE_CONTENT", rules.ILLEGAL))
    assert "incompatible_content_ground: goes with" in str(refused.value)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("source_identity = 'somebody'", "source_identity: does not go with"),
        ("source_type = 'SOURCE_ARTICLE_16'", "source_type: one of"),
        ("category = 'STATEMENT_CATEGORY_VIOLENCE'", "category: no such key"),
        ("decision_visibility = []", "decision_visibility: missing"),
        ("decision_visibility = 'DECISION_VISIBILITY_CONTENT_REMOVED'", "decision_visibility: a list"),
        ("incompatible_content_illegal = true", "incompatible_content_illegal: a text"),
        ("incompatible_content_illegal = 'yes'", "incompatible_content_illegal: one of No, Yes"),
        ("decision_visibility = [1]", "decision_visibility: a list"),
        ("decision_ground = ", "no TOML"),
    ],
)
def test_a_wrong_key_or_value_is_named(line: str, named: str) -> None:
    with pytest.raises(NotConfiguredError, match=f"--words: .*{named}"):
        read_words(f"{WORDS}{line}\n")


def test_other_words_are_taken() -> None:
    more = "source_type = 'SOURCE_TYPE_OTHER_NOTIFICATION'\nsource_identity = 'an exchange'\nincompatible_content_illegal = 'Yes'\n"
    fields = read_words(WORDS + more + "automated_decision = 'AUTOMATED_DECISION_PARTIALLY'\n").fields
    assert (fields["source_identity"], fields["automated_decision"]) == ("an exchange", "AUTOMATED_DECISION_PARTIALLY")


_RIGHT: dict[str, rules.Value] = {
    **read_words(WORDS).fields,
    "category": rules.CYBER_VIOLENCE,
    "content_type": [rules.IMAGE],
    "content_date": "2030-05-17",
    "application_date": "2030-05-17",
    "automated_detection": "Yes",
    "puid": "A-z_09",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "") for name in (*rules.REQUIRED, *rules.TEXTS_OF_GROUND[rules.INCOMPATIBLE]) if name not in rules.LISTS),
        *((name, list[str]()) for name in rules.LISTS - {"category_specification"}),
        *((name, "x" * (maximum + 1)) for name, maximum in rules.MAXIMUM_SIGNS.items()),
        *(("puid", word) for word in ("a b", "a\n", "é", "a.b")),
        *(("content_date", day) for day in ("1999-12-31", "2038-01-02", "2030-5-17", "20300517", "2030-02-30", "2030-05-18")),
        ("application_date", "2019-12-31"),
        *(("decision_ground_reference_url", word) for word in ("rules", "ftp://social.example", "https://", "https://a b", "https://[")),
        *(("territorial_scope", scope) for scope in (["XX"], ["at"], ["AT", "AT"], ["GB"])),
        ("content_type", ["CONTENT_TYPE_OTHER"]),
        ("category_specification", ["KEYWORD_NON_CONSENSUAL_IMAGE_SHARING_AGAINST_WOMEN"]),
    ],
)
def test_each_rule_is_checked(name: str, value: rules.Value) -> None:
    assert broken_rules(_RIGHT) == []
    assert any(said.startswith(f"{name}: ") for said in broken_rules({**_RIGHT, name: value}))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("content_date\n2030-05-17\n", 1),
        ("content_id,url\na,b\n", 1),
        ("content_id,content_id\na,b\n", 1),
        ("content_id,content_date\na,17.05.2030\n", 2),
        ("content_id,content_type\na,image\nb,picture\n", 3),
        ("content_id,leave_out\na,no\n", 2),
        ("content_id,leave_out\na,\na,yes\n", 3),
        ("content_id,leave_out\na\n", 2),
        ('content_id,leave_out\n"a"b,\n', 2),
    ],
)
def test_a_line_of_facts_that_cannot_be_used_is_named(text: str, line: int) -> None:
    with pytest.raises(NotConfiguredError, match=f"--uploads, line {line}: "):
        read_facts(text)


def test_facts_as_a_spreadsheet_writes_them() -> None:
    facts = read_facts('\ufeffcontent_id,content_type\r\n"post, 1",image\r\n\r\n')
    assert facts["post, 1"].content_type == CONTENT_TYPES["image"]


def test_the_guides_words_can_be_used() -> None:
    (block,) = re.findall(r"words.toml <<'END'\n(.*?)^END$", (ROOT / "docs/running-a-partner.md").read_text(), re.MULTILINE | re.DOTALL)
    assert read_words(block).is_posted_when_matched
