# SPDX-License-Identifier: Apache-2.0
"""The case key: the shared vectors, how forgiving reading is, and what it must catch."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from stillmine.wire.case_key import (
    ALPHABET,
    Secret,
    case_key_secret,
    case_key_text,
    credentials,
    parse_authorization,
)
from stillmine.wire.errors import CaseKeyMalformedError

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors/case_key.json").read_text())
ten_bytes = st.binary(min_size=10, max_size=10)


@pytest.mark.parametrize("vector", VECTORS["normal"], ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, str]) -> None:
    secret = bytes.fromhex(vector["secret"])
    assert case_key_text(secret) == vector["text"]
    assert credentials(secret).case_id.hex() == vector["case_id"]
    assert bytes(credentials(secret).token).hex() == vector["token"]
    assert credentials(secret).authorization() == vector["authorization"]


@pytest.mark.parametrize("vector", VECTORS["tolerant"], ids=lambda vector: vector["name"])
def test_readings(vector: dict[str, str]) -> None:
    assert case_key_secret(vector["text"]) == bytes.fromhex(vector["secret"])


@pytest.mark.parametrize("vector", VECTORS["must_fail"], ids=lambda vector: vector["name"])
def test_must_fail(vector: dict[str, str]) -> None:
    with pytest.raises(CaseKeyMalformedError):
        case_key_secret(vector["text"])


@given(ten_bytes)
def test_round_trip(secret: bytes) -> None:
    assert case_key_secret(case_key_text(secret)) == secret
    shown = credentials(secret)
    assert parse_authorization(shown.authorization()) == shown


@settings(derandomize=True)
@given(ten_bytes, st.integers(0, 19), st.sampled_from(ALPHABET))
def test_one_wrong_sign_is_caught(secret: bytes, place: int, sign: str) -> None:
    """The check has 20 bits, so one in a million gets through; the examples are the same in every run and none may."""
    digits = list(case_key_text(secret).replace("-", ""))
    if digits[place] == sign:
        return
    digits[place] = sign
    with pytest.raises(CaseKeyMalformedError):
        case_key_secret("".join(digits))


@given(ten_bytes)
def test_derivation_is_rfc_5869(secret: bytes) -> None:
    def derived(label: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=label).derive(secret)

    assert credentials(secret).case_id == derived(b"stillmine/case-id/v1")[:16]
    assert credentials(secret).token == derived(b"stillmine/case-token/v1")


def test_secrets_do_not_show_themselves() -> None:
    shown = credentials(bytes(range(10)))
    assert bytes(shown.token).hex() not in f"{shown} {shown!r} {shown.token} {shown.token!r} {Secret(b'abc')!r}"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Case",
        "Case x.y",
        "Bearer " + "0" * 32 + "." + "0" * 64,
        "Case " + "0" * 31 + "." + "0" * 64,
        "Case " + "G" * 32 + "." + "0" * 64,
    ],
)
def test_malformed_authorization_is_refused(header: str) -> None:
    with pytest.raises(CaseKeyMalformedError):
        parse_authorization(header)
