# SPDX-License-Identifier: Apache-2.0
"""The shared vectors, as every other reader takes them."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from stillmine.ledger.checkpoint import SigningKey, read_verifier_key
from stillmine.ledger.entry import commitment, entry_hash, ledger_salt, read_entry
from stillmine.ledger.errors import LedgerError, VerifierKeyMalformedError
from stillmine.ledger.promise import open_promise
from stillmine.ledger.proofs import consistency_proof, continues, includes, inclusion_path
from stillmine.ledger.tree import Tree, leaf_hash

ROOT = Path(__file__).resolve().parents[2]
VECTORS: dict[str, Any] = json.loads((ROOT / "vectors/ledger.json").read_text())
LEAVES = [bytes.fromhex(leaf) for leaf in VECTORS["leaves"]]


def hashes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def is_included(vector: dict[str, Any]) -> bool:
    leaf, root = hashes([vector["leaf"], vector["root"]])
    return includes(root, vector["size"], vector["index"], leaf, hashes(vector["path"]))


def is_continued(vector: dict[str, Any]) -> bool:
    old_root, new_root = hashes([vector["old_root"], vector["new_root"]])
    return continues(vector["old"], old_root, vector["new"], new_root, hashes(vector["proof"]))


@pytest.mark.parametrize("vector", VECTORS["trees"], ids=lambda vector: f"{vector['size']} leaves")
def test_roots(vector: dict[str, Any]) -> None:
    assert Tree(LEAVES[: vector["size"]]).root().hex() == vector["root"]


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda vector: f"{vector['index']} in {vector['size']}")
def test_inclusion(vector: dict[str, Any]) -> None:
    made = inclusion_path(vector["index"], vector["size"], Tree(LEAVES[: vector["size"]]).read)
    assert made == hashes(vector["path"])
    assert vector["leaf"] == leaf_hash(LEAVES[vector["index"]]).hex()
    assert is_included(vector)


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda vector: f"{vector['old']} to {vector['new']}")
def test_consistency(vector: dict[str, Any]) -> None:
    assert consistency_proof(vector["old"], vector["new"], Tree(LEAVES[: vector["new"]]).read) == hashes(vector["proof"])
    assert is_continued(vector)


@pytest.mark.parametrize("vector", VECTORS["inclusion_must_fail"], ids=lambda vector: vector["name"])
def test_inclusion_must_fail(vector: dict[str, Any]) -> None:
    assert not is_included(vector)


@pytest.mark.parametrize("vector", VECTORS["consistency_must_fail"], ids=lambda vector: vector["name"])
def test_consistency_must_fail(vector: dict[str, Any]) -> None:
    assert not is_continued(vector)


def test_the_signed_checkpoint() -> None:
    signed = VECTORS["checkpoint"]
    key = SigningKey(bytes.fromhex(signed["seed"]))
    assert key.verifier.text() == signed["key"]
    assert key.sign(signed["size"], bytes.fromhex(signed["root"])) == signed["note"]
    opened = read_verifier_key(signed["key"]).open(signed["note"])
    assert (opened.size, opened.root.hex()) == (signed["size"], signed["root"])


@pytest.mark.parametrize("vector", VECTORS["checkpoint"]["keys_must_fail"], ids=lambda vector: vector["name"])
def test_a_key_whose_name_is_not_made_from_it_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(VerifierKeyMalformedError):
        read_verifier_key(vector["key"])


@pytest.mark.parametrize("vector", VECTORS["checkpoint"]["must_fail"], ids=lambda vector: vector["name"])
def test_checkpoints_that_must_not_open(vector: dict[str, Any]) -> None:
    with pytest.raises(LedgerError):
        read_verifier_key(VECTORS["checkpoint"]["key"]).open(vector["note"])


def test_the_signed_promise() -> None:
    made = VECTORS["promise"]
    key, publish_by = SigningKey(bytes.fromhex(made["seed"])), datetime.fromisoformat(made["publish_by"])
    assert key.promise(bytes.fromhex(made["leaf"]), publish_by) == made["note"]
    opened = open_promise(read_verifier_key(made["key"]), made["note"])
    assert (opened.leaf.hex(), opened.publish_by) == (made["leaf"], publish_by)


@pytest.mark.parametrize("vector", VECTORS["promise"]["must_fail"], ids=lambda vector: vector["name"])
def test_promises_that_must_not_open(vector: dict[str, Any]) -> None:
    with pytest.raises(LedgerError):
        open_promise(read_verifier_key(VECTORS["promise"]["key"]), vector["note"])


def test_a_promise_is_no_checkpoint() -> None:
    with pytest.raises(LedgerError):
        read_verifier_key(VECTORS["promise"]["key"]).open(VECTORS["promise"]["note"])


def test_commitments() -> None:
    made = VECTORS["commitments"]
    salt = ledger_salt(bytes.fromhex(made["token"]))
    assert salt.hex() == made["ledger_salt"]
    for row in made["fingerprints"]:
        assert commitment(salt, row["fingerprint_id"]).hex() == row["commitment"]


@pytest.mark.parametrize("vector", VECTORS["entries"], ids=lambda vector: vector["name"])
def test_entries(vector: dict[str, Any]) -> None:
    assert read_entry(vector["text"]).text() == vector["text"]
    assert vector["text"].isascii()
    assert entry_hash(vector["text"]).hex() == vector["hash"]
