# SPDX-License-Identifier: Apache-2.0
"""Coop's callbacks of actions, made as its documentation says: only what it signed and a person decided is recorded, once."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from stillmine.partner.review.coop import read_choice
from stillmine.partner.review.coop_signature import public_key
from stillmine.partner.review.routes import ReviewChoice
from stillmine.partner.store.matches import Wanted
from stillmine.partner.store.store import Store
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.feedback import NotRemovedReason, Outcome
from stillmine.wire.screen import Decision, MatchState
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock
from tests.partner.review_parts import matched, served
from tests.partner.service_client import ServiceClient
from tests.partner.test_partner_service import refusal, wait_until

ACTIONS = {"remove": {"decision": "removed", "vote": "agree"}, "keep": {"decision": "not_removed", "reason": "not_the_same"}}


@pytest.fixture(scope="module")
def coop_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    encoding = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.public_key().public_bytes(*encoding).decode()


@pytest.fixture
def client(home: Path, exchange: FakeExchange, clock: Clock, tmp_path: Path, coop_key: rsa.RSAPrivateKey) -> Iterator[ServiceClient]:
    (tmp_path / "coop.pem").write_text(pem_of(coop_key))
    (tmp_path / "actions.json").write_text(json.dumps(ACTIONS))
    choice = ReviewChoice(coop=read_choice(tmp_path / "coop.pem", tmp_path / "actions.json"))
    with served(home, exchange, clock, choice) as running:
        yield running


def callback(item_id: str, action_id: str = "remove", **more: object) -> bytes:
    """A callback for a decision in Coop's review console."""
    said = {
        "item": {"id": item_id, "typeId": "t1", "typeName": "Photo"},
        "action": {"id": action_id},
        "policies": [{"id": "p1", "name": "Intimate images", "penalty": "HIGH"}],
        "rules": [],
        "custom": {"reason": "a note of the moderator's"},
        "actorEmail": "moderator@example.com",
        "actorNote": "ünïcode",
        "userStrikeCount": 3,
        **more,
    }
    return json.dumps({name: value for name, value in said.items() if value is not None}, ensure_ascii=False).encode()


def signature(key: rsa.RSAPrivateKey, body: bytes) -> dict[str, str]:
    signed = key.sign(body, padding.PKCS1v15(), hashes.SHA256())
    return {"Coop-Signature": base64.b64encode(signed).decode(), "Content-Type": "application/json"}


def kept(home: Path) -> list[tuple[str | None, Decision | None, NotRemovedReason | None]]:
    store = Store(home)
    matches = store.matches(Wanted(MatchState.ALL)).matches
    store.close()
    return [(match.content_id, match.decision, match.reason) for match in matches]


def test_a_decision_at_coop_is_recorded_and_reported_once(
    client: ServiceClient, home: Path, exchange: FakeExchange, coop_key: rsa.RSAPrivateKey
) -> None:
    exchange.add("f", bytes(32))
    matched(home, exchange, "post 1", "f", "g")
    matched(home, exchange, "post 2")
    for _ in range(3):
        body = callback("post 1")
        answer = client.post("/review/coop", body, signature(coop_key, body))
        assert (answer.status_code, answer.content) == (204, b"")
    assert kept(home) == [("post 1", Decision.REMOVED, None)] * 2 + [("post 2", None, None)]
    wait_until(lambda: len(exchange.votes) == 1)
    outcomes = [report.outcome for report in exchange.feedback.values()]
    assert outcomes == [Outcome.FOUND, Outcome.FOUND, Outcome.REMOVED]
    body = callback("post 1", "keep")
    assert client.post("/review/coop", body, signature(coop_key, body)).status_code == 204
    assert kept(home)[0] == ("post 1", Decision.NOT_REMOVED, NotRemovedReason.NOT_THE_SAME), "the last decision counts"


def test_nothing_of_people_is_kept_or_logged(
    client: ServiceClient, home: Path, exchange: FakeExchange, coop_key: rsa.RSAPrivateKey, caplog: pytest.LogCaptureFixture
) -> None:
    matched(home, exchange, "post 1")
    body = callback("post 1")
    client.post("/review/coop", body, signature(coop_key, body))
    files = b"".join(path.read_bytes() for path in home.iterdir() if path.is_file())
    assert b"moderator" not in files
    assert "moderator" not in caplog.text


def test_what_coop_did_not_sign_is_refused(client: ServiceClient, home: Path, exchange: FakeExchange, coop_key: rsa.RSAPrivateKey) -> None:
    matched(home, exchange, "post 1")
    body, other = callback("post 1"), rsa.generate_private_key(65537, 2048)
    right = signature(coop_key, body)["Coop-Signature"]
    zeros = base64.b64encode(bytes(256)).decode()
    larger = base64.b64encode(b"\xff" * 256).decode()
    wrong = ["", "x", "é", right[:-4], right + right, zeros, larger, signature(other, body)["Coop-Signature"]]
    wrong.append(signature(coop_key, callback("post 2"))["Coop-Signature"])
    wrong.append(base64.b64encode(coop_key.sign(body, padding.PKCS1v15(), hashes.SHA1())).decode())
    wrong.append(base64.b64encode(coop_key.sign(body, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())).decode())
    for one in wrong:
        refusal(client.request("POST", "/review/coop", body, {"Coop-Signature": one.encode("latin-1")}), 401, "coop_signature_wrong")
    refusal(client.post("/review/coop", body), 401, "coop_signature_wrong")
    assert kept(home) == [("post 1", None, None)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (callback("post 1", "of-another-team"), 404, "coop_action_unknown"),
        (callback("post 1", actorEmail=None), 403, "coop_without_reviewer"),
        (callback(""), 400, "malformed_message"),
        (callback("post\n1"), 400, "malformed_message"),
        (callback("post 1", action=None), 400, "malformed_message"),
        (b"[]", 400, "malformed_message"),
        (b"\xff", 400, "malformed_message"),
    ],
)
def test_what_is_no_decision_of_a_person_changes_nothing(
    client: ServiceClient, home: Path, exchange: FakeExchange, coop_key: rsa.RSAPrivateKey, body: bytes, status: int, code: str
) -> None:
    matched(home, exchange, "post 1")
    refusal(client.post("/review/coop", body, signature(coop_key, body)), status, code)
    assert kept(home) == [("post 1", None, None)]


def test_an_item_that_matched_nothing_is_no_fault(client: ServiceClient, home: Path, coop_key: rsa.RSAPrivateKey) -> None:
    body = callback("post 99")
    assert client.post("/review/coop", body, signature(coop_key, body)).status_code == 204
    assert kept(home) == []


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_our_verification_agrees_with_another(bits: int) -> None:
    key = rsa.generate_private_key(65537, bits)
    own = public_key(pem_of(key))
    assert (own.modulus, own.exponent) == (key.public_key().public_numbers().n, 65537)
    for data in (b"", b"{}", b"x" * 1000):
        assert own.has_signed(data, base64.b64encode(key.sign(data, padding.PKCS1v15(), hashes.SHA256())).decode())
        assert not own.has_signed(data + b" ", base64.b64encode(key.sign(data, padding.PKCS1v15(), hashes.SHA256())).decode())


def test_keys_and_files_that_are_none_are_refused(tmp_path: Path, coop_key: rsa.RSAPrivateKey) -> None:
    key_file, actions_file = tmp_path / "coop.pem", tmp_path / "actions.json"
    actions_file.write_text(json.dumps(ACTIONS))
    right = pem_of(coop_key)
    lines = right.splitlines()
    short = pem_of(rsa.generate_private_key(65537, 1024))
    curve = pem_of(ec.generate_private_key(ec.SECP256R1()))
    for text in ("", right.replace("PUBLIC", "PRIVATE"), "\n".join([*lines[:3], lines[-1]]), short, curve, right.replace("M", "é")):
        key_file.write_text(text)
        with pytest.raises(NotConfiguredError):
            read_choice(key_file, actions_file)
    key_file.write_text(right)
    assert set(read_choice(key_file, actions_file).reviews) == set(ACTIONS)
    for text in ("", "[]", '{"a": {"decision": "gone"}}', '{"a": {"decision": "not_removed"}}', '{"a": {"decision": "removed", "x": 1}}'):
        actions_file.write_text(text)
        with pytest.raises(NotConfiguredError):
            read_choice(key_file, actions_file)
