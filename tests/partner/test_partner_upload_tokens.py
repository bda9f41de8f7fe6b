# SPDX-License-Identifier: Apache-2.0
"""Upload tokens: the same upload of one uploader on one day is one, and nothing can be read from them."""

from hashlib import sha256
from pathlib import Path

import pytest

from stillmine.partner.ground.home import UPLOAD_TOKEN_KEY_FILE, prepare_home, upload_token_key
from stillmine.partner.screening.upload_tokens import UploadTokens, upload_of
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, Numbers, Partner

UPLOAD = bytes(32)


def test_one_upload_of_one_uploader_on_one_day_is_one_token() -> None:
    clock = Clock()
    tokens = UploadTokens(Secret(b"one key"), clock)
    first = tokens.token(UPLOAD, "account 1")
    clock.move(3600)
    assert tokens.token(UPLOAD, "account 1") == first
    assert len(first) == 16
    others = {
        tokens.token(UPLOAD, "account 2"),
        tokens.token(UPLOAD, None),
        tokens.token(bytes(31) + b"1", "account 1"),
        UploadTokens(Secret(b"another key"), clock).token(UPLOAD, "account 1"),
    }
    clock.move(86_400)
    others.add(tokens.token(UPLOAD, "account 1"))
    assert len(others | {first}) == 6


def test_fingerprints_of_one_upload_stand_for_it_in_any_order() -> None:
    one, two = (Fingerprint(Kind.PDQ, sign * 64, 90) for sign in "ab")
    assert upload_of([one, two]) == upload_of([two, one]) != upload_of([one])


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    home = prepare_home(tmp_path / "home")
    key = upload_token_key(home, Numbers())
    path = home / UPLOAD_TOKEN_KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert bytes(upload_token_key(home, Numbers())) == bytes(key)
    path.write_text("damaged")
    with pytest.raises(NotConfiguredError):
        upload_token_key(home, Numbers())


def test_what_is_reported_carries_the_token(partner: Partner, exchange: FakeExchange) -> None:
    upload = b"any file, also one that can't be read"
    exchange.add("f", sha256(upload).digest(), Kind.SHA256)
    partner.sync.run()
    for uploader in ("account 1", "account 1", "account 2", None):
        assert partner.screen(upload, uploader).matches
    reported = [row.upload_token for row in partner.store.waiting_feedback(10)]
    assert (len(reported), len(set(reported))) == (3, 3), "the same upload again is reported once"
    assert not any(b"account" in path.read_bytes() for path in partner.home.iterdir()), "nothing of the uploader is kept"


def test_a_flag_is_shown_with_a_match(partner: Partner, exchange: FakeExchange) -> None:
    exchange.add("f", b"\x0f" * 32)
    partner.sync.run()
    asked = [Fingerprint(Kind.PDQ, "0f" * 32, 90)]
    assert [match.is_flagged for match in partner.screening.screen_fingerprints(asked).matches] == [False]
    exchange.flag("f")
    partner.sync.run()
    assert [match.is_flagged for match in partner.screening.screen_fingerprints(asked).matches] == [True]
