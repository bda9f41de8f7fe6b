# SPDX-License-Identifier: Apache-2.0
"""One thing that is looked up: where it is, what the platform calls it, and which state of it that is."""

import hashlib

import msgspec

from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.screen import MAXIMUM_CONTENT_ID_SIGNS, require_content_id

_DIGEST_SIGNS = 64


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`place`: a path, a key, an address; `version`: changes with the bytes, empty where nobody knows."""

    place: str
    content_id: str
    version: str = ""
    uploader: str | None = None


def content_id_of(place: str) -> str:
    """Return what an item is called whose name is its place: that, or its beginning and its SHA-256 where no upload can be called so."""
    try:
        place.encode()
        return require_content_id(place)
    except (UnicodeEncodeError, MalformedMessageError):
        digest = hashlib.sha256(place.encode(errors="surrogateescape")).hexdigest()
        shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in place).lstrip()
        return f"{shown[: MAXIMUM_CONTENT_ID_SIGNS - _DIGEST_SIGNS - 1]}~{digest}"
