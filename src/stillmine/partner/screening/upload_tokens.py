# SPDX-License-Identifier: Apache-2.0
"""What tells uploads apart: the token of an upload for the exchange, and the ids of it and of its matches for the platform.

The token lets an exchange count the same upload once, and tells it nothing else: an HMAC with a key that never leaves this service, over
the day, the upload's bytes and whoever uploaded them. So one account that uploads one file a thousand times in a day is one upload, and
nobody else can tell which file or account it was, or link two days. The ids are HMACs with the same key, so that the same upload has the
same ones whatever was lost meanwhile. Nothing of the platform's words may be readable in any of them.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from stillmine.client.upload_token import TOKEN_BYTES, upload_token
from stillmine.wire.case_key import Secret
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.screen import FIRST_SOURCE

_UPLOAD_LABEL = b"stillmine/upload-id/v1"
_CONTENT_LABEL = b"stillmine/content-mark/v1"
_MATCH_LABEL = b"stillmine/match-id/v1"
_SOURCE_LABEL = b"stillmine/source-token/v1"
_SHARE_LABEL = b"stillmine/source-share/v1"
_SHARE_BYTES = 6
_OLDER_LABEL = b"stillmine/older-uploads/v1"


@dataclass(frozen=True, slots=True)
class UploadIdentity:
    """Which upload it is: `same` is equal for the same upload and for no other."""

    token: bytes
    same: bytes
    upload_id: bytes
    content_id: str | None


class UploadTokens:
    """Makes the tokens and ids of one service."""

    def __init__(self, key: Secret, clock: Callable[[], datetime], *, is_older: bool = False) -> None:
        """`is_older`: of what was uploaded before; all of it that is looked up on one day has one token, which is that of no upload."""
        self._key = bytes(key)
        self._clock = clock
        self.is_older = is_older

    def token(self, upload: bytes, uploader: str | None) -> bytes:
        """Return the token of an upload, given as the SHA-256 of its bytes, by `uploader`, where the platform said who that is."""
        if self.is_older:
            upload, uploader = _OLDER_LABEL, None
        return bytes.fromhex(upload_token(self._key, upload, uploader or "", self._clock()))

    def identify(self, upload: bytes, uploader: str | None, content_id: str | None) -> UploadIdentity:
        """Return which upload this is: the same bytes with the same `content_id`; without one, the same token."""
        token = self.token(upload, uploader)
        same = b"token" + token if content_id is None else b"content" + upload + hashlib.sha256(content_id.encode()).digest()
        return UploadIdentity(token, same, self._keyed(_UPLOAD_LABEL, same), content_id)

    def match_id(self, identity: UploadIdentity, fingerprint_id: bytes, source: str = FIRST_SOURCE) -> bytes:
        """Return the id of the match of this upload with this fingerprint of a source."""
        if source == FIRST_SOURCE:
            return self._keyed(_MATCH_LABEL, identity.same + fingerprint_id)
        return self._keyed(_MATCH_LABEL, identity.same, source.encode(), fingerprint_id)

    def at_source(self, identity: UploadIdentity, source: str) -> bytes:
        """Return the token under which a source is told of an upload: another one at each, so that two can't tell that it is the same."""
        return identity.token if source == FIRST_SOURCE else self._keyed(_SOURCE_LABEL, source.encode(), identity.token)

    def place_of(self, upload: bytes, source: str) -> float:
        """Return where an upload stands among all that a source may be given a share of: from 0 to below 1, always the same."""
        return int.from_bytes(self._keyed(_SHARE_LABEL, source.encode(), upload)[:_SHARE_BYTES]) / (1 << 8 * _SHARE_BYTES)

    def content_mark(self, content_id: str) -> bytes:
        """Return what stands for the platform's word, 16 bytes, where that must not be read."""
        return self._keyed(_CONTENT_LABEL, content_id.encode())

    def _keyed(self, *parts: bytes) -> bytes:
        return hmac.digest(self._key, b"\0".join(parts), "sha256")[:TOKEN_BYTES]


def upload_of(fingerprints: Sequence[Fingerprint]) -> bytes:
    """Return what stands for an upload of which only fingerprints are known: the same for the same ones, in whatever order."""
    rows = sorted(f"{fingerprint.kind} {fingerprint.value}" for fingerprint in fingerprints)
    return hashlib.sha256("\n".join(rows).encode()).digest()
