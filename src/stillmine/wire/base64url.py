# SPDX-License-Identifier: Apache-2.0
"""base64url without padding, and only in the one form that its bytes have: two texts of the same bytes would be two values."""

import base64
import binascii


def base64url_text(data: bytes) -> str:
    """Return the text form of some bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def base64url_length(size: int) -> int:
    """Return how many signs so many bytes have."""
    return -(-4 * size // 3)


def base64url_bytes(text: str) -> bytes | None:
    """Return the bytes of a text form, None for any other text."""
    if not text.isascii():
        return None
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    return data if base64url_text(data) == text else None
