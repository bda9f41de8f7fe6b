# SPDX-License-Identifier: Apache-2.0
"""The token of an upload: it lets an exchange count the same upload once, and tells it nothing else.

An HMAC with a key that never leaves this service, over the day, the upload's bytes and whoever uploaded them. So one account that uploads
one file a thousand times in a day is one upload, and nobody else can tell which file or account it was, or link two days.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from stillmine.wire.case_key import Secret
from stillmine.wire.fingerprint import Fingerprint

TOKEN_BYTES = 16
_LABEL = b"stillmine/upload-token/v1"


class UploadTokens:
    """Makes the tokens of one service."""

    def __init__(self, key: Secret, clock: Callable[[], datetime]) -> None:
        self._key = bytes(key)
        self._clock = clock

    def token(self, upload: bytes, uploader: str | None) -> bytes:
        """Return the token of an upload, given as the SHA-256 of its bytes, by `uploader`, where the platform said who that is."""
        day = f"{self._clock().astimezone(UTC):%Y-%m-%d}"
        by = hashlib.sha256((uploader or "").encode()).digest()
        return hmac.digest(self._key, b"\0".join((_LABEL, day.encode(), upload + by)), "sha256")[:TOKEN_BYTES]


def upload_of(fingerprints: Sequence[Fingerprint]) -> bytes:
    """Return what stands for an upload of which only fingerprints are known: the same for the same ones, in whatever order."""
    rows = sorted(f"{fingerprint.kind} {fingerprint.value}" for fingerprint in fingerprints)
    return hashlib.sha256("\n".join(rows).encode()).digest()
