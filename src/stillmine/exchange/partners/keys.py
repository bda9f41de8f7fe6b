# SPDX-License-Identifier: Apache-2.0
"""The form of a partner key, as spec/feed.md gives it, and what is stored of it.

A key holds 32 random bytes, so that one fast hash is enough; it is never stored, logged or shown again.
"""

import base64
import hashlib
import re

KEY_PREFIX = "smk"

_KEY = re.compile(rf"{KEY_PREFIX}_([0-9a-f]{{8}})_[A-Za-z0-9_-]{{43}}", re.ASCII)


def key_text(key_id: str, secret: bytes) -> str:
    """Return a key; `key_id` is 8 hex digits, `secret` 32 random bytes."""
    return f"{KEY_PREFIX}_{key_id}_{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def key_id_of(key: str) -> str | None:
    """Return the id in a key, or None if the text is not in the form of a key."""
    found = _KEY.fullmatch(key)
    return found.group(1) if found else None


def key_hash(key: str) -> str:
    """Return what is stored of a key."""
    return hashlib.sha256(key.encode()).hexdigest()
