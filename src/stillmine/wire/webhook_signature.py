# SPDX-License-Identifier: Apache-2.0
"""How a webhook of ours is signed, a partner's and an exchange's alike: the form of Standard Webhooks (spec/webhooks.md)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from stillmine.wire.case_key import Secret

SECRET_PREFIX = b"whsec_"
"""Before the base64 of a secret, in its file."""


def signatures(secrets: Sequence[Secret], webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the header's value: one signature for each secret."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    digests = [hmac.digest(bytes(secret), signed, hashlib.sha256) for secret in secrets]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
