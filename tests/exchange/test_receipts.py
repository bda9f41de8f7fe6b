# SPDX-License-Identifier: Apache-2.0
"""Deletion receipts: what they say, what they never hold, and that a changed one is noticed."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState
from stillmine.wire.receipt import ReceiptInvalidError, ReceiptPartner, SignedReceipt, receipt_text, reference_of
from tests.exchange.exchange_parts import START_MINUTE, Clock, PartnerClient, Phone, code, value

VECTORS = json.loads((Path(__file__).resolve().parents[2] / "vectors" / "receipt.json").read_text())


def receipt_of(phone: Phone) -> SignedReceipt:
    answer = phone.web.get("/api/v1/case/receipt", headers=phone.headers)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=SignedReceipt)


def key_of(phone: Phone) -> str:
    return str(phone.web.get("/api/v1/receipt-key").json()["key"])


def verified(phone: Phone, note: str) -> str:
    from stillmine.exchange.person.receipt_note import read_verifier, verified_text

    return verified_text(read_verifier(key_of(phone)), note)


def test_there_is_none_before_something_is_erased(phone: Phone) -> None:
    phone.open(1)
    assert code(phone.web.get("/api/v1/case/receipt", headers=phone.headers)) == (409, "nothing_erased")


def test_it_says_what_was_erased_who_had_it_and_who_confirmed(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient, clock: Clock
) -> None:
    phone.open(1, 2)
    partner.sync()
    clock.forward(minutes=1)
    other_partner.sync()
    clock.forward(minutes=1)
    phone.withdraw()
    clock.forward(minutes=1)
    partner.sync()
    partner.acknowledge()
    signed = receipt_of(phone)
    (part,) = signed.receipt.erased
    minutes = [START_MINUTE + timedelta(minutes=number) for number in range(4)]
    assert (signed.receipt.state, signed.receipt.kept, signed.receipt.made_at) == (CaseState.WITHDRAWN, 0, minutes[3])
    assert (part.file_number, part.kinds, part.erased_at) == (1, ["pdq"], minutes[2])
    assert part.partners == [
        ReceiptPartner("Example Forum", given_on=minutes[1].date(), confirmed_at=None),
        ReceiptPartner("Example Social", given_on=minutes[0].date(), confirmed_at=minutes[3]),
    ]
    text = verified(phone, signed.note)
    assert text == receipt_text(signed.receipt)
    assert "Given to Example Social: 2026-11-22. Confirmed that it no longer looks for it: 2026-11-22 14:08 UTC." in text
    assert "Given to Example Forum: 2026-11-22. Not confirmed yet that it no longer looks for it." in text


def test_what_is_withdrawn_of_an_open_case_has_a_receipt_too(phone: Phone, clock: Clock) -> None:
    opened = phone.open(1, 2)
    clock.forward(minutes=1)
    phone.withdraw(opened.fingerprints[0].id)
    receipt = receipt_of(phone).receipt
    assert (receipt.state, receipt.kept, len(receipt.erased)) == (CaseState.OPEN, 1, 1)
    assert "No partner had it." in receipt_of(phone).note


def test_a_value_kept_to_tell_a_partner_is_said_until_it_is_gone(phone: Phone, partner: PartnerClient, clock: Clock) -> None:
    phone.open(1, 2)
    partner.fetch_hashes()
    clock.forward(minutes=1)
    phone.withdraw()
    signed = receipt_of(phone)
    assert signed.receipt.kept_to_tell == 2
    assert "for at most 30 days, and in copies for 48 hours more: the values of 2 of these fingerprints." in signed.note
    start = int(clock.now.timestamp()) + 120
    partner.fetch_hashes(start)
    assert receipt_of(phone).receipt.kept_to_tell == 0
    assert "30 days" not in receipt_of(phone).note


def test_an_expired_case_has_one(phone: Phone, exchange: Context, clock: Clock) -> None:
    from stillmine.exchange.protection.expiry import expire_cases

    phone.open(1, term_months=1)
    clock.forward(days=40)
    expire_cases(exchange)
    assert receipt_of(phone).receipt.state is CaseState.EXPIRED


def test_no_value_id_or_key_is_in_it(phone: Phone, partner: PartnerClient) -> None:
    opened = phone.open(1)
    partner.sync()
    phone.withdraw()
    answer = phone.web.get("/api/v1/case/receipt", headers=phone.headers).text
    case_id, _, token = phone.headers["Authorization"].removeprefix("Case ").partition(".")
    for private in (value(1), opened.fingerprints[0].id, next(iter(partner.entries)), case_id, token):
        assert private not in answer
    assert reference_of(bytes.fromhex(case_id)) in answer


def test_another_exchange_has_another_key() -> None:
    from stillmine.exchange.person.receipt_note import signing_key
    from stillmine.wire.case_key import Secret

    keys = {signing_key(Secret(bytes([number]) * 32)).public.text() for number in range(2)}
    assert len(keys) == 2


def test_vector_of_a_signed_receipt() -> None:
    from stillmine.exchange.person.receipt_note import read_verifier, signing_key, verified_text
    from stillmine.wire.case_key import Secret

    key = signing_key(Secret(bytes.fromhex(VECTORS["secret"])))
    assert key.public.text() == VECTORS["key"]
    assert key.note(VECTORS["text"]) == VECTORS["note"]
    assert verified_text(read_verifier(VECTORS["key"]), VECTORS["note"]) == VECTORS["text"]
    assert reference_of(bytes.fromhex(VECTORS["case_id"])) == VECTORS["reference"]


@pytest.mark.parametrize("name", VECTORS["must_fail"])
def test_vectors_that_must_fail(name: str) -> None:
    from stillmine.exchange.person.receipt_note import read_verifier, verified_text

    wrong = VECTORS["must_fail"][name]
    with pytest.raises(ReceiptInvalidError):
        verified_text(read_verifier(wrong.get("key", VECTORS["key"])), wrong.get("note", VECTORS["note"]))


def verify(file: Path, key: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from stillmine.cli import main; main()", "exchange", "receipt", "verify", str(file), "--key", key]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_checks_a_file_without_an_exchange(tmp_path: Path) -> None:
    file = tmp_path / "receipt.txt"
    file.write_bytes(VECTORS["note"].replace("\n", "\r\n").encode() + b"\r\n")
    done = verify(file, VECTORS["key"])
    assert (done.returncode, done.stderr) == (0, "")
    assert "Case reference" in done.stdout
    file.write_text(VECTORS["note"].replace("Erased", "Erasad"))
    done = verify(file, VECTORS["key"])
    assert (done.returncode, done.stdout) == (1, "")
    assert "receipt_invalid" in done.stderr


@pytest.mark.parametrize("name", VECTORS["older_notes"])
def test_a_receipt_of_an_older_version_is_still_believed(name: str) -> None:
    from stillmine.exchange.person.receipt_note import read_verifier, verified_text

    assert "Erased at the exchange" in verified_text(read_verifier(VECTORS["key"]), VECTORS["older_notes"][name])
