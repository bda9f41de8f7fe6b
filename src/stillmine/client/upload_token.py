# SPDX-License-Identifier: Apache-2.0
"""The 16 bytes by which an exchange counts one upload once, and by which it must learn nothing else of it."""

import hashlib
import hmac
from datetime import UTC, datetime

TOKEN_BYTES = 16
_LABEL = b"stillmine/upload-token/v1"


def upload_token(key: bytes, sha256: bytes, uploader: str, at: datetime) -> str:
    """Return the upload token of a file with this SHA-256, uploaded by `uploader` (an account's id, or nothing) on the day (UTC) of `at`.

    `key`: 32 random bytes of your own, made once and never sent to anybody. Without it nobody can make a token, link two days or learn
    which file or account it was.
    """
    day = f"{at.astimezone(UTC):%Y-%m-%d}"
    by = hashlib.sha256(uploader.encode()).digest()
    return hmac.digest(key, b"\0".join((_LABEL, day.encode(), sha256 + by)), "sha256")[:TOKEN_BYTES].hex()
