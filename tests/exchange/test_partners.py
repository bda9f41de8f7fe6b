# SPDX-License-Identifier: Apache-2.0
"""Partners, keys, opaque ids: what is stored of them and what is not."""

import re

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import FeedCursorInvalidError, NotConfiguredError
from tests.exchange.exchange_parts import PartnerClient, Phone, code


def test_a_key_has_the_specified_form_and_only_its_hash_is_stored(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.rows.partners import Partner, PartnerKey

    assert re.fullmatch(r"smk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", partner.key)
    stored = str([*PartnerKey.objects.values(), *Partner.objects.values()])
    assert partner.key not in stored
    assert partner.key.split("_", 2)[2] not in stored


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "two\nlines", "tab\there", "\u202eright to left", "bell\a"])
def test_names_that_could_mislead_are_refused(exchange: Context, name: str) -> None:
    from stillmine.exchange.partners.actions import add_partner
    from stillmine.exchange.rows.partners import Partner

    with pytest.raises(NotConfiguredError):
        add_partner(exchange, name)
    assert not Partner.objects.exists()


@pytest.mark.parametrize(
    "name",
    [
        "Example S\u043ecial",  # Cyrillic o
        "Ex\u0430mple",
        "\u0395xample",  # Greek Epsilon
        "Ex\u200bample",  # a space of no width
        "Exam\u00adple",
        "Example\u034f",
        "Ex\u3164ample",
        "Example \ufe0f",
        "!!!",
        "Example\U0001d4d4\u0430",
    ],
)
def test_words_of_two_alphabets_and_signs_that_show_nothing_are_refused(exchange: Context, name: str) -> None:
    from stillmine.exchange.console.operators import add_operator
    from stillmine.exchange.partners.actions import add_partner
    from stillmine.exchange.rows.console import Role

    with pytest.raises(NotConfiguredError):
        add_partner(exchange, name)
    with pytest.raises(NotConfiguredError):
        add_operator(exchange, name, Role.REVIEWER)


NAMES = [
    "Forum Två", "Пример", "日本の例", "カタカナー例", "한국 포럼", "कथा मंच", "कथ मंच", "Παράδειγμα", "שלום", "مثال", "Été", "O’Brien 24/7",
    "Пример Social", "Example 1", "Example 2", "Omega Форум", "Straße", "C3",
]  # fmt: skip


def test_names_of_any_alphabet_are_taken_beside_each_other(exchange: Context) -> None:
    from stillmine.exchange.partners.actions import add_partner
    from stillmine.exchange.rows.partners import Partner

    for name in NAMES:
        add_partner(exchange, name)
    assert set(Partner.objects.values_list("name", flat=True)) == set(NAMES)


@pytest.mark.parametrize(
    ("there", "again"),
    [
        ("Meta", "\ua4df\ua4f0\ua4d4\ua4ee"),  # Lisu
        ("Meta", "\u1d0d\u1d07\u1d1b\u1d00"),  # small capitals
        ("HOP", "\u2c8e\u2c9e\u2ca2"),  # Coptic
        ("Zoo", "Z\u0e50\u0ce6"),  # zeros of Thai and Kannada
        ("coco", "\u0441\u043e\u0441\u043e"),  # a whole word in Cyrillic
        ("\u0421\u041e\u0421\u041e", "Coco"),
        ("Example Social", "Example  Social"),
        ("Example Social", "ExampleSocial"),
        ("Example Social", "Example-Social"),
        ("Example Social", "Examp1e S0cial"),
        ("Example Social", "ExampIe Social"),
        ("Example Social", "Exarnple Social"),
        ("Example Social", "Ex\u00e4mple Social"),
        ("Example Social", "\uff25xample Social"),
        ("Example Social", "Example \u0405\u043e\u0441\u0456\u0430\u04cf"),
    ],
)
def test_a_name_that_looks_like_another_is_refused(exchange: Context, there: str, again: str) -> None:
    from stillmine.exchange.console.operators import add_operator
    from stillmine.exchange.partners.actions import add_partner, revoke_partner
    from stillmine.exchange.rows.console import Role
    from stillmine.exchange.rows.partners import Partner

    add_partner(exchange, there)
    with pytest.raises(NotConfiguredError, match=r"already (here|exists)"):
        add_partner(exchange, again)
    revoke_partner(exchange, there)
    with pytest.raises(NotConfiguredError, match=r"already (here|exists)"):
        add_partner(exchange, again)
    add_operator(exchange, there, Role.REVIEWER)
    with pytest.raises(NotConfiguredError, match=r"already (here|exists)"):
        add_operator(exchange, again, Role.REVIEWER)
    assert Partner.objects.count() == 1


@pytest.mark.parametrize("again", ["Example Social", "example social", " EXAMPLE SOCIAL ", "Example\u00a0Social"])
def test_names_are_unique_whatever_their_case(exchange: Context, partner: PartnerClient, again: str) -> None:
    from stillmine.exchange.partners.actions import add_partner
    from stillmine.exchange.rows.partners import PartnerKey

    with pytest.raises(NotConfiguredError):
        add_partner(exchange, again)
    assert PartnerKey.objects.count() == 1


def test_two_keys_work_until_one_is_revoked(exchange: Context, partner: PartnerClient, phone: Phone) -> None:
    from stillmine.exchange.partners.actions import add_key, revoke_key

    phone.open(1)
    newer = PartnerClient(partner.web, add_key(exchange, "example social")[1])
    assert newer.fetch() == partner.fetch()
    revoke_key(exchange, partner.key.split("_")[1])
    assert code(partner.web.get("/api/v1/feed", headers=partner.headers)) == (403, "partner_key_revoked")
    newer.fetch()


def test_a_revoked_partner_gets_nothing_and_is_still_shown_to_people(exchange: Context, partner: PartnerClient, phone: Phone) -> None:
    from stillmine.exchange.partners.actions import add_key, revoke_partner

    phone.open(1)
    partner.sync()
    assert revoke_partner(exchange, "Example Social") == 1
    assert code(partner.web.get("/api/v1/feed", headers=partner.headers)) == (403, "partner_key_revoked")
    assert [status.partner for status in phone.show().fingerprints[0].partners] == ["Example Social"]
    with pytest.raises(NotConfiguredError):
        add_key(exchange, "Example Social")


@pytest.mark.parametrize("action", ["revoke_partner", "add_key", "revoke_key"])
def test_what_is_not_there_is_said(exchange: Context, action: str) -> None:
    from stillmine.exchange.partners import actions

    with pytest.raises(NotConfiguredError):
        getattr(actions, action)(exchange, "nobody")


def test_ids_are_a_permutation_that_only_its_key_reads_back(exchange: Context) -> None:
    from stillmine.exchange.partners.opaque import partner_ids

    ours, theirs = partner_ids(exchange.secret, "11" * 16), partner_ids(exchange.secret, "22" * 16)
    ids = [f"{number:032x}" for number in range(50)]
    entry_ids = ours.entry_ids(ids)
    assert ours.fingerprint_ids(entry_ids) == ids
    assert not {*ids, *entry_ids} & set(theirs.entry_ids(ids))
    assert not set(theirs.fingerprint_ids(entry_ids)) & set(ids)
    assert ours.entry_ids([]) == []


def test_ids_and_cursors_are_as_specified(exchange: Context) -> None:
    """Worked out here from the words of spec/feed.md with other tools than the code uses."""
    import hashlib
    import hmac

    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CTR
    from cryptography.hazmat.primitives.cmac import CMAC

    from stillmine.exchange.partners.opaque import partner_ids
    from stillmine.wire.case_key import Secret

    secret, partner = bytes(range(32)), bytes(range(16))
    extracted = hmac.digest(bytes(32), secret, hashlib.sha256)
    label = b"stillmine/partner-cursor-key/v2" + partner
    cursor_key = hmac.digest(extracted, label + b"\x01", hashlib.sha256)
    cursor_key += hmac.digest(extracted, cursor_key + label + b"\x02", hashlib.sha256)
    old_key = hmac.digest(extracted, b"stillmine/partner-cursor-key/v1" + partner + b"\x01", hashlib.sha256)
    id_key = hmac.digest(extracted, b"stillmine/partner-id-key/v1" + partner + b"\x01", hashlib.sha256)[:16]
    ids = partner_ids(Secret(secret), partner.hex())
    assert bytes(ids.id_key) == id_key

    def cmac(text: bytes) -> bytes:
        made = CMAC(AES(cursor_key[:32]))
        made.update(text)
        return made.finalize()

    def doubled(block: bytes) -> bytes:
        number = int.from_bytes(block) << 1
        return ((number ^ 0x87 if number >> 128 else number) & (2**128 - 1)).to_bytes(16)

    # AES-SIV of RFC 5297 without associated data: the vector, then the number in counter mode.
    number = (1234).to_bytes(8)
    padded = int.from_bytes(number + b"\x80" + bytes(7)) ^ int.from_bytes(doubled(cmac(bytes(16))))
    vector = cmac(padded.to_bytes(16))
    start = int.from_bytes(vector) & ~((1 << 63) | (1 << 31))
    counted = Cipher(AES(cursor_key[32:]), CTR(start.to_bytes(16))).encryptor()
    assert ids.cursor(1234) == (vector + counted.update(number)).hex()
    assert ids.sequence(ids.cursor(1234)) == 1234
    stamp = hmac.digest(old_key, b"1234", hashlib.sha256).hex()[:16]
    assert (ids.sequence("1234." + stamp), ids.sequence("1235." + stamp)) == (1234, None)
    with pytest.raises(FeedCursorInvalidError):
        ids.sequence("01234." + stamp)
