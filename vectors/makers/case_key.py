# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/case_key.json and vectors/open_case.json from the wire package.

The portal makes case keys and OpenCase bytes in TypeScript; these files are what both sides are held to.
The secrets are fixed patterns: they must never come from a real case.
"""

import json

from stillmine.wire.case import OpenCase, Role, Statement
from stillmine.wire.case_key import case_key_secret, case_key_text, credentials
from stillmine.wire.codec import encode
from stillmine.wire.errors import CaseKeyMalformedError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind

SECRETS = {
    "all zero": bytes(10),
    "all one": b"\xff" * 10,
    "counting": bytes(range(10)),
    "counting down": bytes(range(255, 245, -1)),
    "one bit at the top": b"\x80" + bytes(9),
    "one bit at the bottom": bytes(9) + b"\x01",
    "multiples of 37": bytes(37 * place % 256 for place in range(10)),
    "multiples of 151": bytes((151 * place + 7) % 256 for place in range(10)),
}
PLAIN = SECRETS["multiples of 37"]


def tolerant_readings() -> list[dict[str, str]]:
    """Return texts that differ from the written form and still open the same case."""
    text = case_key_text(PLAIN)
    zero, one = case_key_text(SECRETS["all zero"]), case_key_text(SECRETS["one bit at the bottom"])
    readings = {
        "lower case": (text.lower(), PLAIN),
        "no hyphens": (text.replace("-", ""), PLAIN),
        "spaces for hyphens": (text.replace("-", " "), PLAIN),
        "spaces around": (f"  {text} ", PLAIN),
        "line end": (f"{text}\n", PLAIN),
        "hyphens in other places": (text.replace("-", "")[:7] + "-" + text.replace("-", "")[7:], PLAIN),
        "O for 0": (zero.replace("0", "O"), SECRETS["all zero"]),
        "small o for 0": (zero.replace("0", "o"), SECRETS["all zero"]),
        "I for 1": (one.replace("1", "I"), SECRETS["one bit at the bottom"]),
        "small l for 1": (one.replace("1", "l"), SECRETS["one bit at the bottom"]),
    }
    return [{"name": name, "text": reading, "secret": secret.hex()} for name, (reading, secret) in readings.items()]


def must_fail() -> list[dict[str, str]]:
    """Return texts that no reader may accept; `problem` is the kind that the portal names."""
    text = case_key_text(PLAIN)
    digits = text.replace("-", "")
    place = next(place for place in range(len(digits)) if digits[place] != digits[place + 1])
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    changed = ("Z" if digits[0] != "Z" else "Y") + digits[1:]
    broken = [
        ("empty", "", "length"),
        ("only hyphens", "----", "length"),
        ("one sign short", digits[:-1], "length"),
        ("one sign long", digits + "0", "length"),
        ("twice", text + text, "length"),
        ("the letter U", "U" + digits[1:], "sign"),
        ("a sign of no alphabet", "!" + digits[1:], "sign"),
        ("a letter of another script", "Д" + digits[1:], "sign"),
        ("a full-width digit", "１" + digits[1:], "sign"),
        ("one sign changed", changed, "check"),
        ("two signs swapped", swapped, "check"),
        ("another key's check", digits[:16] + case_key_text(SECRETS["counting"])[-4:], "check"),
    ]
    for name, wrong, _ in broken:
        try:
            case_key_secret(wrong)
        except CaseKeyMalformedError:
            continue
        raise SystemExit(f"the wire package reads a text that must fail: {name}")
    return [{"name": name, "text": wrong, "problem": problem} for name, wrong, problem in broken]


def case_key_document() -> dict[str, object]:
    """Return what vectors/case_key.json holds."""
    normal = []
    for name, secret in SECRETS.items():
        shown = credentials(secret)
        entry = {"name": name, "secret": secret.hex(), "text": case_key_text(secret)}
        entry |= {"case_id": shown.case_id.hex(), "token": bytes(shown.token).hex(), "authorization": shown.authorization()}
        normal.append(entry)
    comment = "Case keys: spec/case.md. Made by vectors/generate.py. No secret here belongs to a case."
    return {"_comment": comment, "normal": normal, "tolerant": tolerant_readings(), "must_fail": must_fail()}


def open_case_document() -> dict[str, object]:
    """Return what vectors/open_case.json holds: the exact bytes of OpenCase, as text."""
    patterns = ["0f" * 32, "a5" * 31 + "00", "0123456789abcdef" * 4]
    cases = []
    openings = (
        ("one picture", Role.PERSON, 1, 24, False),
        ("three, asked", Role.ASKED_BY_PERSON, 3, 24, False),
        ("half a year", Role.PERSON, 1, 6, False),
        ("with the delay", Role.PERSON, 1, 24, True),
    )
    for name, role, count, term_months, delays in openings:
        fingerprints = [Fingerprint(Kind.PDQ, value, 50 + 25 * place, place + 1) for place, value in enumerate(patterns[:count])]
        message = OpenCase(1, Statement(role, is_adult_now=True, was_adult_then=True), fingerprints, term_months, delays)
        cases.append({"name": name, "body": encode(message).decode()})
    return {"_comment": "Exact bodies of POST /api/v1/case. Made by vectors/generate.py.", "open_case": cases}


def texts() -> dict[str, str]:
    """Return case_key.json and open_case.json."""
    documents = {"case_key.json": case_key_document(), "open_case.json": open_case_document()}
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in documents.items()}
