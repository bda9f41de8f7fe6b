# SPDX-License-Identifier: Apache-2.0
"""From a request to the key under which its network is counted.

The address is used here and forgotten here: what leaves is an HMAC under a key that changes every day.
"""

import hmac
import ipaddress
from datetime import datetime

from django.http import HttpRequest

from stillmine.exchange.context import Context
from stillmine.exchange.secret import derive

_UNKNOWN = "unknown"


def network_key(exchange: Context, request: HttpRequest, at: datetime) -> str:
    """Return the day's key for the network that the request comes from (IPv4 /24, IPv6 /48)."""
    peer = request.META.get("REMOTE_ADDR", "")
    forwarded = request.headers.get("X-Forwarded-For", "")
    network = network_of(_believed_address(peer, forwarded, exchange.trusted_proxies))
    key_of_the_day = derive(exchange.secret, "stillmine/limits/v1", at.date().isoformat().encode())
    return hmac.digest(bytes(key_of_the_day), network.encode(), "sha256").hex()


def network_of(address: str) -> str:
    """Return the network of an address, or one shared word for what is no address."""
    try:
        parsed = ipaddress.ip_address(address.strip())
    except ValueError:
        return _UNKNOWN
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = 24 if isinstance(parsed, ipaddress.IPv4Address) else 48
    return str(ipaddress.ip_network(f"{parsed}/{bits}", strict=False))


def _believed_address(peer: str, forwarded: str, trusted_proxies: int) -> str:
    """Walk back one hop per trusted proxy; what stands further left could be written by anybody."""
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    believed = [*hops, peer][-(trusted_proxies + 1) :]
    return believed[0]
