# SPDX-License-Identifier: Apache-2.0
"""The second factor: RFC 6238 by `cryptography`, sealed at rest, shown once as text and QR code.

A step that was accepted must not be accepted again; who calls `matching_step` stores it in the same transaction.
"""

import base64
import hmac
import io
from datetime import datetime

import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from stillmine.exchange.ground.secret import derive
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError

SECRET_BYTES = 20
STEP_SECONDS = 30
DIGITS = 6
ISSUER = "Stillmine"

_NONCE_BYTES = 12
_LABEL = "stillmine/console-totp/v1"


def seal(exchange: Context, secret: bytes, operator_random_id: str) -> str:
    """Return the secret sealed for one operator, in hex."""
    nonce = exchange.random_bytes(_NONCE_BYTES)
    return (nonce + _cipher(exchange).encrypt(nonce, secret, operator_random_id.encode())).hex()


def unseal(exchange: Context, sealed: str, operator_random_id: str) -> Secret:
    """Return an operator's secret; raises NotConfiguredError where it was sealed under another exchange's secret."""
    raw = bytes.fromhex(sealed)
    try:
        return Secret(_cipher(exchange).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], operator_random_id.encode()))
    except InvalidTag:
        raise NotConfiguredError("an operator's second factor was sealed with another secret: `operator reset` makes a new one") from None


def matching_step(secret: Secret, code: str, at: datetime) -> int | None:
    """Return the step whose code this is, of the present one and one either side; None for any other text."""
    digits = "".join(code.split())
    now = int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), digits.encode()):
            found = step
    return found


def code_at(secret: bytes, step: int) -> str:
    """Return the code of one step."""
    return _totp(secret).generate(step * STEP_SECONDS).decode()


def secret_text(secret: bytes) -> str:
    """Return the secret as apps take it, in groups of four."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def qr_code(secret: bytes, operator: str) -> str:
    """Return the QR code that an app scans, as SVG to stand in a page: no style attribute, which the policy forbids."""
    address = _totp(secret).get_provisioning_uri(operator, ISSUER)
    svg = io.BytesIO()
    options = {"scale": 5, "border": 4, "dark": "#000", "light": "#fff", "xmldecl": False, "svgns": False, "nl": False}
    segno.make(address, error="m", micro=False).save(svg, kind="svg", svgclass="qr", lineclass=None, **options)
    return svg.getvalue().decode()


def _totp(secret: bytes) -> TOTP:
    return TOTP(bytes(secret), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303 (what authenticator apps know; HMAC-SHA1 is not broken)


def _cipher(exchange: Context) -> AESGCM:
    return AESGCM(bytes(derive(exchange.secret, _LABEL)))
