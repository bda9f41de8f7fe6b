# SPDX-License-Identifier: Apache-2.0
"""Every kind has a rule and a sample, and the sample comes back from each form in which the wire carries it."""

from pathlib import Path

import pytest

from stillmine.wire import codec
from stillmine.wire.ask import Ask, AskQuery, decode_ask, encode_ask
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import KindNotAcceptedError
from stillmine.wire.feed import FeedEntry
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import (
    ACCEPTED_KINDS,
    KIND_OF_NUMBER,
    KIND_RULES,
    LISTED_KINDS,
    MAXIMUM_DISTANCE_BITS,
    Kind,
    value_bytes,
    value_text,
)
from stillmine.wire.snapshot import SnapshotBlock, SnapshotHead, SnapshotReader, SnapshotWriter
from tests.kind_samples import SAMPLES

NUMBERS_GIVEN = {"pdq": 1, "vpdq": 2, "regions": 3, "chromaprint": 4, "sha256": 5, "md5": 6}
"""In messages that were sent already: a number stays its kind's for ever."""

SPEC_PAGES = ("case.md", "feed.md", "ask.md", "glossary.md")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_rule(kind: Kind) -> None:
    assert kind in KIND_RULES, f"wire/kinds.py: KIND_RULES has no rule for {kind.value}"
    rule = KIND_RULES[kind]
    assert 1 <= rule.number <= 63, "two bits of its byte say something else in an ask"
    assert KIND_OF_NUMBER[rule.number] is kind, "another kind has this number"
    assert not (rule.is_whole_file and (rule.is_seen or rule.has_duration))


@pytest.mark.parametrize("kind", Kind)
def test_the_spec_names_every_kind_and_its_number(kind: Kind, root: Path) -> None:
    said = {page: " ".join((root / "spec" / page).read_text(encoding="utf-8").split()) for page in SPEC_PAGES}
    assert f"`{kind.value}`" in said["glossary.md"], "spec/glossary.md: kind"
    assert f"{KIND_RULES[kind].number} `{kind.value}`" in said["feed.md"], "spec/feed.md: the blocks of a snapshot"
    if kind in ACCEPTED_KINDS:
        assert f"| `{kind.value}` |" in said["case.md"], "spec/case.md: the table of kinds"
    if kind in LISTED_KINDS:
        assert f"{KIND_RULES[kind].number} `{kind.value}`" in said["ask.md"], "spec/ask.md: the binary form"


def test_no_number_changes_its_kind() -> None:
    assert {kind: KIND_RULES[Kind(kind)].number for kind in NUMBERS_GIVEN} == NUMBERS_GIVEN


@pytest.mark.parametrize("kind", sorted(ACCEPTED_KINDS))
def test_every_kind_that_a_case_may_hold_has_a_sample(kind: Kind) -> None:
    assert kind in SAMPLES, f"vectors/kinds.json has no sample of {kind.value}"


@pytest.mark.parametrize("kind", sorted(set(Kind) - LISTED_KINDS))
def test_what_no_list_has_is_in_none_and_is_not_asked_about_by_value(kind: Kind) -> None:
    sample = SAMPLES[kind]
    with pytest.raises(KindNotAcceptedError, match=r"queries\[0\]: accepted: chromaprint, md5"):
        Ask(1, [AskQuery(kind, sample.value)])
    with pytest.raises(KindNotAcceptedError):
        FeedEntry("ab" * 16, kind, FingerprintState.ACTIVE, sample.value, sample.quality)
    block = SnapshotBlock(kind, b"i" * 16, bytes([sample.quality]), [value_bytes(kind, sample.value)])
    with pytest.raises(ValueError, match="a block"):
        SnapshotWriter().block(block)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_sample_comes_back_from_every_form(sample: Fingerprint) -> None:
    assert codec.decode(codec.encode(sample), Fingerprint) == sample
    compact = value_bytes(sample.kind, sample.value)
    rule = KIND_RULES[sample.kind]
    as_text = len(sample.value) * 3 // 4 if rule.is_base64url else len(sample.value)
    assert len(compact) == (rule.fixed_bytes or as_text)
    assert value_text(sample.kind, compact) == sample.value
    if sample.kind not in LISTED_KINDS:
        return
    query = AskQuery(sample.kind, sample.value, "ab" * 16, as_it_is=True)
    assert list(decode_ask(encode_ask([query])).queries) == [query]
    block = SnapshotBlock(sample.kind, b"i" * 16, bytes([sample.quality]), [compact])
    writer = SnapshotWriter()
    stream = [writer.head(SnapshotHead("7.abc", 1)), writer.block(block), writer.end()]
    assert list(SnapshotReader(stream).blocks()) == [block]


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("kernel/src/index_layout.h", "#define STILLMINE_USUAL_DISTANCE {}\n"),
        ("spec/glossary.md", "a distance of {} bits"),
        ("spec/screen.md", "distance <= {} bits"),
        ("spec/fingerprint.md", "distance <= {}"),
        ("docs/develop.md", "({} bits for PDQ)"),
    ],
)
def test_the_distance_of_a_match_is_one_number_everywhere(page: str, sentence: str) -> None:
    """The kernel plans its index for it, and the pages say it."""
    assert sentence.format(MAXIMUM_DISTANCE_BITS) in (Path(__file__).resolve().parents[2] / page).read_text()
