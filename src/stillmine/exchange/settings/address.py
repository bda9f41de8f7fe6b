# SPDX-License-Identifier: Apache-2.0
"""Where people reach this exchange, as an operator says it. Nothing depends on it but that its certificate is looked at."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from stillmine.wire.errors import NotConfiguredError

ADDRESS_VARIABLE = "STILLMINE_EXCHANGE_PUBLIC_ADDRESS"

PUBLIC_ADDRESS_WORDS = "https://name, or https://name:port, without anything behind it"

_NAME = re.compile(r"[A-Za-z0-9.-]+|[0-9a-fA-F:.]+", re.ASCII)


@dataclass(frozen=True)
class PublicAddress:
    """An address with TLS."""

    host: str
    port: int
    url: str


def read_address(text: str, source: str = ADDRESS_VARIABLE) -> PublicAddress:
    """Read an address; raises NotConfiguredError, which names the source."""
    address = _address(text)
    if address is None:
        raise NotConfiguredError(f"{source}: {PUBLIC_ADDRESS_WORDS}")
    return address


def is_public_address(text: str) -> bool:
    """True where this can be the address of an exchange."""
    return _address(text) is not None


def _address(text: str) -> PublicAddress | None:
    try:
        parts = urlsplit(text)
        port = 443 if parts.port is None else parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    has_more = parts.username is not None or parts.path not in {"", "/"} or "?" in text or "#" in text
    if parts.scheme != "https" or has_more or not _NAME.fullmatch(host):
        return None
    return PublicAddress(host, port, f"https://{parts.netloc.lower()}")
