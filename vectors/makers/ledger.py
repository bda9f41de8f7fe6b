# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/ledger.json: trees, proofs, must-fail proofs, a signed checkpoint, promises, entries and commitments, for every reader.

The roots and the proofs marked `published` are those of the certificate-transparency project's tests, written down here as they
stand there: what the package makes has to agree with them.
"""

import json
from datetime import UTC, date, datetime

from stillmine.ledger.checkpoint import Checkpoint, SigningKey
from stillmine.ledger.entry import Entry, EventName, commitment, entry_hash, items_tree, ledger_salt
from stillmine.ledger.errors import LedgerError
from stillmine.ledger.promise import open_promise
from stillmine.ledger.proofs import consistency_proof, continues, includes, inclusion_path
from stillmine.ledger.signed_note import NoteKey, NoteSigner
from stillmine.ledger.tree import Tree, leaf_hash

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
PUBLISHED_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PUBLISHED_PATHS = {
    (0, 8): ["96a296d2", "5f083f0a", "6b47aaf2"],
    (5, 8): ["bc1a0643", "ca854ea1", "d37ee418"],
}
PUBLISHED_PROOFS = {
    (1, 8): ["96a296d2", "5f083f0a", "6b47aaf2"],
    (6, 8): ["0ebc5d34", "ca854ea1", "d37ee418"],
    (2, 5): ["5f083f0a", "bc1a0643"],
}
TOKEN = bytes(range(32))
SEED = bytes(range(100, 132))

Proof = dict[str, object]


def tree(size: int) -> Tree:
    """Return the tree of the first leaves."""
    return Tree(bytes.fromhex(leaf) for leaf in LEAVES[:size])


def trees() -> list[Proof]:
    """Return each tree's root, checked against the published one."""
    found: list[Proof] = [{"size": size, "root": tree(size).root().hex()} for size in range(len(LEAVES) + 1)]
    if [one["root"] for one in found] != PUBLISHED_ROOTS:
        raise SystemExit("the package's roots are not the published ones")
    return found


def inclusion() -> list[Proof]:
    """Return the path of each leaf in each tree."""
    found: list[Proof] = []
    for size in range(1, len(LEAVES) + 1):
        for index in range(size):
            path = [one.hex() for one in inclusion_path(index, size, tree(size).read)]
            leaf = leaf_hash(bytes.fromhex(LEAVES[index])).hex()
            found.append({"size": size, "index": index, "leaf": leaf, "path": path, "root": tree(size).root().hex()})
            _require_published(PUBLISHED_PATHS.get((index, size)), path)
    return found


def consistency() -> list[Proof]:
    """Return the proof between each two trees."""
    found: list[Proof] = []
    for new in range(len(LEAVES) + 1):
        for old in range(new + 1):
            proof = [one.hex() for one in consistency_proof(old, new, tree(new).read)]
            roots = {"old_root": tree(old).root().hex(), "new_root": tree(new).root().hex()}
            found.append({"old": old, "new": new, "proof": proof, **roots})
            _require_published(PUBLISHED_PROOFS.get((old, new)), proof)
    return found


def broken_inclusion() -> list[Proof]:
    """Return changes of one good path that no reader may take."""
    good = next(one for one in inclusion() if (one["size"], one["index"]) == (7, 4))
    path = list(_texts(good["path"]))
    changes: dict[str, Proof] = {
        "another leaf's place": {"index": 3},
        "a place outside of the tree": {"index": 7},
        "a place below zero": {"index": -1},
        "another size": {"size": 5},
        "no size": {"size": 0, "index": 0},
        "another root": {"root": PUBLISHED_ROOTS[8]},
        "another leaf": {"leaf": leaf_hash(b"another").hex()},
        "a hash too few": {"path": path[:-1]},
        "a hash too many": {"path": [*path, path[0]]},
        "hashes in another order": {"path": path[::-1]},
        "no hashes": {"path": []},
        "a shortened hash": {"path": [path[0][:-2], *path[1:]]},
        "a node as a leaf": {"size": 4, "index": 1, "leaf": path[0], "path": path[1:]},
    }
    broken: list[Proof] = [{"name": name, **good, **change} for name, change in changes.items()]
    for one in broken:
        leaf, root = (bytes.fromhex(str(one[name])) for name in ("leaf", "root"))
        if includes(root, _number(one["size"]), _number(one["index"]), leaf, [bytes.fromhex(part) for part in _texts(one["path"])]):
            raise SystemExit(f"the package takes what must fail: {one['name']}")
    return broken


def broken_consistency() -> list[Proof]:
    """Return changes of good proofs that no reader may take."""
    good = next(one for one in consistency() if (one["old"], one["new"]) == (6, 8))
    proof = list(_texts(good["proof"]))
    changes: dict[str, Proof] = {
        "a fork: another old root": {"old_root": PUBLISHED_ROOTS[5]},
        "another new root": {"new_root": PUBLISHED_ROOTS[7]},
        "a shrunk log": {"old": 8, "new": 6, "old_root": PUBLISHED_ROOTS[8], "new_root": PUBLISHED_ROOTS[6]},
        "another old size": {"old": 5},
        "another new size": {"new": 9},
        "a hash too few": {"proof": proof[:-1]},
        "a hash too many": {"proof": [*proof, proof[0]]},
        "hashes in another order": {"proof": proof[::-1]},
        "no hashes": {"proof": []},
        "a shortened hash": {"proof": [proof[0][:-2], *proof[1:]]},
        "the same size, two roots": {"old": 8, "proof": [], "old_root": PUBLISHED_ROOTS[7]},
        "the same size, with hashes": {"old": 8, "old_root": PUBLISHED_ROOTS[8]},
        "from nothing, with hashes": {"old": 0, "old_root": PUBLISHED_ROOTS[0]},
        "from nothing, with another root": {"old": 0, "proof": [], "old_root": PUBLISHED_ROOTS[1]},
        "an old size below zero": {"old": -1},
    }
    broken: list[Proof] = [{"name": name, **good, **change} for name, change in changes.items()]
    for one in broken:
        old_root, new_root = (bytes.fromhex(str(one[name])) for name in ("old_root", "new_root"))
        hashes = [bytes.fromhex(part) for part in _texts(one["proof"])]
        if continues(_number(one["old"]), old_root, _number(one["new"]), new_root, hashes):
            raise SystemExit(f"the package takes what must fail: {one['name']}")
    return broken


def checkpoints() -> Proof:
    """Return one signed checkpoint, and texts that must not open with its key."""
    key = SigningKey(SEED)
    note = key.sign(8, tree(8).root())
    name, signature = key.verifier.name, note.rstrip("\n").rpartition(" ")[2]
    other = SigningKey(bytes(32))
    changes: dict[str, str] = {
        "another size": note.replace("\n8\n", "\n7\n"),
        "a size with a zero before": note.replace("\n8\n", "\n08\n"),
        "another root": note.replace(note.split("\n")[2], other.sign(8, tree(7).root()).split("\n")[2]),
        "another origin": note.replace(f"{name}\n8", "example.org/log\n8"),
        "another ledger's checkpoint": other.sign(8, tree(8).root()),
        "another key under this name": other.sign(8, tree(8).root()).replace(other.verifier.name, name),
        "a changed signature": note.replace(signature, signature[:-5] + ("A" if signature[-5] != "A" else "B") + signature[-4:]),
        "no signature": note[: note.index("\n\n") + 2],
        "no end of line": note.rstrip("\n"),
        "a line more": note.replace("\n\n", "\nextension\n\n"),
        "a hyphen for the dash": note.replace("— ", "- "),
        "line ends of another system": note.replace("\n", "\r\n"),
        "a receipt": NoteSigner(SEED).note("Stillmine deletion receipt\n\nCase reference: 0123456789abcdef\n"),
        "a promise": key.promise(leaf_hash(b"a leaf"), datetime(2026, 11, 26, 7, tzinfo=UTC)),
        "a receipt of three lines": NoteSigner(SEED).note(f"Stillmine deletion receipt\n8\n{note.split(chr(10))[2]}\n"),
        "empty": "",
    }
    for name_of_change, text in changes.items():
        try:
            key.verifier.open(text)
        except LedgerError:
            continue
        raise SystemExit(f"the package opens what must fail: {name_of_change}")
    must_fail = [{"name": name_of_change, "note": text} for name_of_change, text in changes.items()]
    names = {"half of its name": name[:-16], "a name of its own choice": "example.org/log", "another key's name": other.verifier.name}
    keys_must_fail = [
        {"name": said, "key": NoteKey(wrong, key.verifier.public_key).text(), "note": _under(key, wrong)} for said, wrong in names.items()
    ]
    made = {"seed": SEED.hex(), "key": key.verifier.text(), "size": 8, "root": PUBLISHED_ROOTS[8], "note": note}
    return made | {"must_fail": must_fail, "keys_must_fail": keys_must_fail}


def _under(key: SigningKey, name: str) -> str:
    """Return a checkpoint that this key signed under a name that is not made from it."""
    signer = NoteSigner(SEED)
    signer.public = NoteKey(name, key.verifier.public_key)
    return signer.note(Checkpoint(name, 8, tree(8).root()).body())


def promises() -> Proof:
    """Return one signed promise, and texts that must not open with its key."""
    key, other = SigningKey(SEED), SigningKey(bytes(32))
    name, leaf, publish_by = key.verifier.name, entry_hash(str(entries()[0]["text"])), datetime(2026, 11, 26, 7, tzinfo=UTC)
    note = key.promise(leaf, publish_by)
    title, _, encoded, time = note.split("\n")[:4]
    signer, another = NoteSigner(SEED), other.promise(leaf_hash(b"another"), publish_by).split("\n")[2]
    signature = note.rstrip("\n").rpartition(" ")[2]
    changes: dict[str, str] = {
        "another leaf": note.replace(encoded, another),
        "a later time": note.replace(time, "2026-11-27T07:00:00Z"),
        "another ledger's promise": other.promise(leaf, publish_by),
        "another key under this name": other.promise(leaf, publish_by).replace(other.verifier.name, name),
        "another ledger's name under this key": signer.note(f"{title}\n{other.verifier.name}\n{encoded}\n{time}\n"),
        "a checkpoint": key.sign(8, tree(8).root()),
        "a receipt": signer.note("Stillmine deletion receipt\n\nCase reference: 0123456789abcdef\n"),
        "a receipt of four lines": signer.note(f"Stillmine deletion receipt\n{name}\n{encoded}\n{time}\n"),
        "no title": signer.note(f"{name}\n{encoded}\n{time}\n"),
        "a line more": signer.note(f"{title}\n{name}\n{encoded}\n{time}\nextension\n"),
        "a short leaf": signer.note(f"{title}\n{name}\n{encoded[4:]}\n{time}\n"),
        "a leaf in another form": signer.note(f"{title}\n{name}\n{leaf.hex()}\n{time}\n"),
        "a time without its zone": signer.note(f"{title}\n{name}\n{encoded}\n{time[:-1]}\n"),
        "a time in another form": signer.note(f"{title}\n{name}\n{encoded}\n2026-11-26T7:00:00Z\n"),
        "a day that there is not": signer.note(f"{title}\n{name}\n{encoded}\n2026-02-30T07:00:00Z\n"),
        "a leap second": signer.note(f"{title}\n{name}\n{encoded}\n2026-12-31T23:59:60Z\n"),
        "two signatures": note + note.splitlines(keepends=True)[-1],
        "a changed signature": note.replace(signature, signature[:-5] + ("A" if signature[-5] != "A" else "B") + signature[-4:]),
        "no signature": note[: note.index("\n\n") + 2],
        "no end of line": note.rstrip("\n"),
        "line ends of another system": note.replace("\n", "\r\n"),
        "empty": "",
    }
    for name_of_change, text in changes.items():
        try:
            open_promise(key.verifier, text)
        except LedgerError:
            continue
        raise SystemExit(f"the package opens what must fail: {name_of_change}")
    must_fail = [{"name": name_of_change, "note": text} for name_of_change, text in changes.items()]
    made = {"leaf": leaf.hex(), "publish_by": "2026-11-26T07:00:00Z", "note": note}
    return {"seed": SEED.hex(), "key": key.verifier.text(), **made, "must_fail": must_fail}


def commitments() -> Proof:
    """Return the commitments of three fingerprints of one case."""
    ids = [(b"%c" % number * 16).hex() for number in (1, 2, 255)]
    salt = ledger_salt(TOKEN)
    rows = [{"fingerprint_id": one, "commitment": commitment(salt, one).hex()} for one in ids]
    return {"token": TOKEN.hex(), "ledger_salt": salt.hex(), "fingerprints": rows}


def entries() -> list[Proof]:
    """Return entries with the texts that are hashed."""
    named = items_tree(sorted(commitment(ledger_salt(TOKEN), (b"%c" % number * 16).hex()) for number in (1, 2, 255)))
    size, root, shape = named.size, named.root(), {"shape": "native"}
    made = {
        "a page": Entry(EventName.DISCLOSED, date(2026, 11, 25), bytes(range(32)), "Example Social", size, root, shape),
        "a name of other letters": Entry(EventName.PARTNER_ADDED, date(2026, 1, 2), bytes(32), 'Füür "Форум"', details={"key": "0a1b2c3d"}),
        "a withdrawal": Entry(EventName.WITHDRAWN, date(2027, 12, 31), b"\xff" * 32, items=named.size, root=named.root()),
    }
    return [{"name": name, "text": entry.text(), "hash": entry_hash(entry.text()).hex()} for name, entry in made.items()]


def texts() -> dict[str, str]:
    """Return ledger.json."""
    document: Proof = {
        "_comment": "The ledger: spec/ledger.md. Made by vectors/generate.py. Roots as published by certificate-transparency's tests.",
        "leaves": LEAVES,
        "trees": trees(),
        "inclusion": inclusion(),
        "inclusion_must_fail": broken_inclusion(),
        "consistency": consistency(),
        "consistency_must_fail": broken_consistency(),
        "checkpoint": checkpoints(),
        "promise": promises(),
        "commitments": commitments(),
        "entries": entries(),
    }
    return {"ledger.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n"}


def _require_published(published: list[str] | None, made: list[str]) -> None:
    if published is not None and [one[:8] for one in made] != published:
        raise SystemExit("the package's proofs are not the published ones")


def _texts(hashes: object) -> list[str]:
    return [str(one) for one in hashes] if isinstance(hashes, list) else []


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1
