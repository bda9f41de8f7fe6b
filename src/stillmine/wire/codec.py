# SPDX-License-Identifier: Apache-2.0
"""JSON in and out of wire messages, in one place, so that every edge refuses the same things.

`decode` accepts exactly the fields of the message and bounds the size; it must never put a value that
was sent into an error.
"""

import re
import threading
from typing import Any, TypeVar

import msgspec

from stillmine.wire.errors import MalformedMessageError, MessageTooLargeError, StillmineError

MAXIMUM_MESSAGE_BYTES = 256 * 1024
"""Largest JSON message any edge accepts, unless that edge names its own limit."""

Message = TypeVar("Message")

_decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}
_making = threading.Lock()

_PATH = re.compile(r" - at `([^`]*)`$")


def decode(data: bytes, message_type: type[Message], maximum_bytes: int = MAXIMUM_MESSAGE_BYTES) -> Message:
    """Return the message in `data`.

    Raises MessageTooLargeError over `maximum_bytes`, MalformedMessageError for anything that is not
    exactly this message, and the message's own StillmineError where a field's value is refused.
    """
    if len(data) > maximum_bytes:
        raise MessageTooLargeError(f"limit: {maximum_bytes} bytes")
    try:
        return _decoder_of(message_type).decode(data)
    except StillmineError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        cause = error.__cause__
        if isinstance(cause, StillmineError):
            raise cause from None
        raise MalformedMessageError(_place(error)) from None


def _decoder_of(message_type: type[Message]) -> msgspec.json.Decoder[Message]:
    """One for each type, made by one thread at a time: msgspec may crash where two threads look at the same type for the first time."""
    decoder = _decoders.get(message_type)
    if decoder is None:
        with _making:
            decoder = _decoders[message_type] = _decoders.get(message_type) or msgspec.json.Decoder(message_type)
    return decoder


def encode(message: msgspec.Struct) -> bytes:
    """Return the JSON form; equal messages give equal bytes."""
    return msgspec.json.encode(message)


def _place(error: Exception) -> str:
    """Say where the message is wrong without repeating a word of it."""
    text = str(error)
    path = _PATH.search(text)
    if path:
        return f"at {path.group(1)}"
    return "not JSON" if isinstance(error, UnicodeDecodeError) or "JSON" in text else "wrong or missing field"
