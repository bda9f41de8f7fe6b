# SPDX-License-Identifier: Apache-2.0
"""Answers in JSON, which no cache keeps."""

import msgspec
from starlette.responses import Response

from stillmine.wire.codec import encode

HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def in_json(message: msgspec.Struct, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a message as an answer."""
    return Response(encode(message), status, {**HEADERS, **(headers or {})}, "application/json")
