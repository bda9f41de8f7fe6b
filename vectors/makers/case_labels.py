# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/case_labels.json: a person's own names for the files of a case, as the portal keeps them. Contract: spec/portal.md.

Only the portal seals and opens them; this is a second hand, which derives and seals with another library.
"""

import json

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stillmine.wire.case_key import case_key_text
from vectors.makers.case_key import SECRETS

STEP_BYTES = 2048
ABOUT = b"stillmine-labels 1"
NAMES: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "no file has a name": ("all zero", []),
    "one name": ("multiples of 37", [(1, "red coat, on the ferry")]),
    "three, in other scripts": ("counting", [(2, "Mökillä 🌊"), (7, "من الصيف"), (100, '"quoted" \\ and <tag>')]),
    "more than one step": ("all one", [(number, f"{number:02} " + "x" * 57) for number in range(1, 101)]),
}


def sealed(secret: bytes, names: list[tuple[int, str]], nonce: bytes) -> str:
    """Return names sealed as the portal keeps them."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"stillmine/case-labels/v1").derive(secret)
    text = json.dumps(names, ensure_ascii=False, separators=(",", ":")).encode()
    return (nonce + AESGCM(key).encrypt(nonce, text.ljust(-(-len(text) // STEP_BYTES) * STEP_BYTES), ABOUT)).hex()


def texts() -> dict[str, str]:
    """Return case_labels.json."""
    rows = []
    for place, (name, (key, names)) in enumerate(NAMES.items()):
        secret = SECRETS[key]
        row = {"name": name, "text": case_key_text(secret), "labels": names, "sealed": sealed(secret, names, bytes([place]) * 12)}
        rows.append(row)
    comment = "Own names for files: spec/portal.md. Made by vectors/generate.py. No key here belongs to a case."
    return {"case_labels.json": json.dumps({"_comment": comment, "labels": rows}, indent=2, ensure_ascii=False) + "\n"}
