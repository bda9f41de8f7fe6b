# SPDX-License-Identifier: Apache-2.0
"""From a request to the key under which its network is counted.

The address is used here and forgotten here: what leaves is an HMAC under a key that changes every day. Must never log one.
"""

import hmac
import ipaddress
import logging
import re
from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest

from stillmine.exchange.ground.secret import derive
from stillmine.exchange.transaction.context import Context

_UNKNOWN = "unknown"
_PORT = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?", re.ASCII)
"""What proxies write for one hop beside a bare address: `192.0.2.1:5678`, `[2001:db8::1]`, `[2001:db8::1]:443`."""

_log = logging.getLogger(__name__)


def network_key(exchange: Context, request: HttpRequest, at: datetime) -> str:
    """Return the day's key for the network that the request comes from (IPv4 /24, IPv6 /48)."""
    peer = request.META.get("REMOTE_ADDR", "")
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and exchange.trusted_proxies == 0:
        warn_of_a_proxy()
    network = believed_network(peer, forwarded, exchange.trusted_proxies)
    key_of_the_day = derive(exchange.secret, "stillmine/limits/v1", at.date().isoformat().encode())
    return hmac.digest(bytes(key_of_the_day), network.encode(), "sha256").hex()


def believed_network(peer: str, forwarded: str, trusted_proxies: int) -> str:
    """Return the network a request comes from, as far as the proxies in front are believed."""
    return network_of(believed_address(peer, forwarded, trusted_proxies))


def network_of(address: str) -> str:
    """Return the network of an address, with or without a port, or one shared word for what is no address."""
    text = address.strip().strip('"').strip()
    found = _PORT.fullmatch(text)
    try:
        parsed = ipaddress.ip_address(text if found is None else found["six"] or found["four"] or "")
    except ValueError:
        return _UNKNOWN
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or ipaddress.IPv6Address(int(parsed))  # without a zone, which names an interface
    bits = 24 if isinstance(parsed, ipaddress.IPv4Address) else 48
    return str(ipaddress.ip_network(f"{parsed}/{bits}", strict=False))


@lru_cache(maxsize=1)
def warn_of_a_proxy() -> None:
    """Say once in the life of this process that visitors may be sharing one network's limits."""
    _log.warning(
        "a request came with X-Forwarded-For, which is not trusted: --trusted-proxies is 0. If a proxy stands in front, everybody has its"
        " address and shares one network's limits: start with --trusted-proxies 1. If none does, a visitor wrote it, and nothing is wrong"
    )


def believed_address(peer: str, forwarded: str, trusted_proxies: int) -> str:
    """Walk back one hop per trusted proxy; what stands further left could be written by anybody."""
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    believed = [*hops, peer][-(trusted_proxies + 1) :]
    return believed[0]
