# SPDX-License-Identifier: Apache-2.0
"""What holds for every tree, entry and checkpoint, beside the definition of RFC 6962 written out as it stands there."""

import json
from collections.abc import Iterable
from datetime import date
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from stillmine.ledger.checkpoint import SigningKey, read_verifier_key
from stillmine.ledger.entry import Entry, EventName, commitment, ledger_salt, read_entry
from stillmine.ledger.errors import CheckpointMalformedError, EntryMalformedError, LedgerError, VerifierKeyMalformedError
from stillmine.ledger.proofs import consistency_proof, continues, includes, inclusion_path
from stillmine.ledger.tree import CompactRange, Place, Tree, leaf_hash, node_hash, tree_hash

leaf_lists = st.lists(st.binary(max_size=4), max_size=70)
hash_bytes = st.binary(min_size=32, max_size=32)
KEY = SigningKey(bytes(range(32)))


def defined_root(leaves: list[bytes]) -> bytes:
    """The tree hash by its recursive definition."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + defined_root(leaves[:half]) + defined_root(leaves[half:])).digest()


@given(leaf_lists)
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert Tree(leaves).root() == tree_hash(leaves) == defined_root(leaves)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70, unique=True), st.data())
def test_every_leaf_is_included_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    tree, index = Tree(leaves), data.draw(st.integers(0, len(leaves) - 1))
    path = inclusion_path(index, len(leaves), tree.read)
    assert includes(tree.root(), len(leaves), index, leaf_hash(leaves[index]), path)
    assert not includes(tree.root(), len(leaves), index, leaf_hash(leaves[index] + b"!"), path)
    other = data.draw(st.integers(-2, len(leaves) + 2))
    if other != index:
        assert not includes(tree.root(), len(leaves), other, leaf_hash(leaves[index]), path)


@given(leaf_lists, st.data())
def test_every_tree_continues_its_beginnings_and_no_fork(leaves: list[bytes], data: st.DataObject) -> None:
    new, old_size = Tree(leaves), data.draw(st.integers(0, len(leaves)))
    old = Tree(leaves[:old_size])
    proof = consistency_proof(old_size, len(leaves), new.read)
    assert continues(old_size, old.root(), len(leaves), new.root(), proof)
    if old_size:
        changed = data.draw(st.integers(0, old_size - 1))
        fork = Tree([*leaves[:changed], leaves[changed] + b"!", *leaves[changed + 1 : old_size]])
        assert not continues(old_size, fork.root(), len(leaves), new.root(), proof)


@given(st.integers(-3, 40), hash_bytes, st.integers(-3, 40), hash_bytes, st.lists(hash_bytes, max_size=8))
def test_no_invented_proof_holds(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> None:
    is_nothing_said = old == new and old_root == new_root and not proof
    assert continues(old, old_root, new, new_root, proof) is (is_nothing_said and old >= 0)
    assert not includes(new_root, new, old, old_root, proof) or (new == 1 and old == 0 and old_root == new_root)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 4), (4, 4)])
def test_no_path_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in this tree"):
        inclusion_path(index, size, Tree([b""] * 4).read)


@pytest.mark.parametrize(("old", "new"), [(3, 2), (-1, 2)])
def test_no_proof_backwards(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="not the smaller"):
        consistency_proof(old, new, Tree([b""] * 4).read)


@given(st.integers(1, 2**40), st.data())
def test_a_proof_of_a_huge_log_reads_few_hashes_once(size: int, data: st.DataObject) -> None:
    asked: list[Place] = []

    def read(places: Iterable[Place]) -> dict[Place, bytes]:
        asked.extend(places)
        return {place: bytes(32) for place in asked}

    inclusion_path(data.draw(st.integers(0, size - 1)), size, read)
    assert len(asked) <= 2 * size.bit_length()
    asked.clear()
    consistency_proof(data.draw(st.integers(0, size)), size, read)
    assert len(asked) <= 2 * size.bit_length() + 1
    assert all((place.number + 1) << place.level <= size for place in asked)


def test_a_compact_range_fits_its_size() -> None:
    with pytest.raises(ValueError, match="one hash for each bit"):
        CompactRange(3, (bytes(32),))


def test_an_inner_node_is_no_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right) == Tree([b"a", b"b"]).root()


names = st.text(min_size=1, max_size=60)
entries = st.builds(
    Entry,
    event=st.sampled_from(EventName),
    day=st.dates(),
    salt=hash_bytes,
    partner=st.none() | names,
    details=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
)


@given(entries, st.none() | st.tuples(st.integers(1, 10**9), hash_bytes))
def test_entries_are_read_as_they_were_written(entry: Entry, named: tuple[int, bytes] | None) -> None:
    if named is not None:
        entry = Entry(entry.event, entry.day, entry.salt, entry.partner, *named, entry.details)
    try:
        entry.text().encode("ascii")
        again = read_entry(entry.text())
    except EntryMalformedError:
        assert any("\ud800" <= sign <= "\udfff" for sign in entry.text().encode().decode("unicode-escape"))
        return
    assert again == entry


def test_an_entry_without_a_salt_or_with_half_of_its_items_is_refused() -> None:
    with pytest.raises(EntryMalformedError):
        Entry(EventName.WITHDRAWN, date(2026, 11, 25), b"short")
    with pytest.raises(EntryMalformedError):
        Entry(EventName.WITHDRAWN, date(2026, 11, 25), bytes(32), items=3)


GOOD = Entry(EventName.ACKNOWLEDGED, date(2026, 11, 25), bytes(32), "Example", details={"sequence": "3"}).text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "\udcff",
        GOOD + " ",
        GOOD.replace(":", ": "),
        GOOD.replace('"version":1', '"version":2'),
        GOOD.replace("acknowledged", "forgotten"),
        GOOD.replace("2026-11-25", "2026-11-31"),
        GOOD.replace("0" * 64, "0" * 62),
        GOOD.replace('"day"', '"dey"'),
        GOOD.replace("Example", "\\u0045xample"),
        json.dumps(dict(reversed(json.loads(GOOD).items())), separators=(",", ":")),
        GOOD.replace('"salt"', '"items":3,"salt"'),
    ],
)
def test_what_no_entry_looks_like_is_refused(text: str) -> None:
    assert read_entry(GOOD).details == {"sequence": "3"}
    with pytest.raises(EntryMalformedError):
        read_entry(text)


@given(hash_bytes)
def test_the_ledger_salt_is_rfc_5869(token: bytes) -> None:
    assert ledger_salt(token) == HKDF(SHA256(), 32, salt=None, info=b"stillmine/case-ledger/v1").derive(token)


@given(hash_bytes, hash_bytes, st.binary(min_size=16, max_size=16))
def test_a_commitment_is_of_one_case_and_one_fingerprint(token: bytes, other: bytes, fingerprint_id: bytes) -> None:
    made = commitment(ledger_salt(token), fingerprint_id.hex())
    assert made == sha256(b"stillmine/ledger/fingerprint/v1" + ledger_salt(token) + fingerprint_id).digest()
    assert (made == commitment(ledger_salt(other), fingerprint_id.hex())) is (token == other)


@given(hash_bytes, st.integers(0, 10**17), hash_bytes)
def test_checkpoints_open_with_their_key_alone(seed: bytes, size: int, root: bytes) -> None:
    key = SigningKey(seed)
    opened = read_verifier_key(key.verifier.text()).open(key.sign(size, root))
    assert (opened.size, opened.root, opened.origin) == (size, root, key.verifier.name)
    assert key.verifier.name == f"stillmine/{sha256(key.verifier.public_key).hexdigest()[:32]}"
    if key.verifier != KEY.verifier:
        with pytest.raises(LedgerError):
            KEY.verifier.open(key.sign(size, root))


@given(st.data())
def test_no_changed_sign_of_a_checkpoint_is_taken(data: st.DataObject) -> None:
    note = KEY.sign(12345, bytes(range(32)))
    place = data.draw(st.integers(0, len(note) - 1))
    sign = data.draw(st.characters().filter(lambda sign: sign != note[place]))
    with pytest.raises(LedgerError):
        KEY.verifier.open(note[:place] + sign + note[place + 1 :])


@given(st.text(max_size=200))
def test_any_other_text_is_no_checkpoint_and_no_key(text: str) -> None:
    with pytest.raises(CheckpointMalformedError):
        KEY.verifier.open(text)
    with pytest.raises(VerifierKeyMalformedError):
        read_verifier_key(text)


def test_another_signature_beside_ours_does_no_harm() -> None:
    note = KEY.sign(1, bytes(32))
    other = SigningKey(bytes(32)).sign(1, bytes(32)).rstrip("\n").rpartition("\n")[2]
    assert KEY.verifier.open(f"{note}{other}\n").size == 1
    with pytest.raises(CheckpointMalformedError):
        KEY.verifier.open(note + f"{other}\n" * 16)


@pytest.mark.parametrize("change", [("+", "-"), ("AY", "AZ"), ("stillmine/", "stillmime/")])
def test_a_mistyped_key_is_refused(change: tuple[str, str]) -> None:
    text = KEY.verifier.text()
    wrong = text.replace(*change) if change[0] in text else text[:-1]
    assert wrong != text
    with pytest.raises(VerifierKeyMalformedError):
        read_verifier_key(wrong)
