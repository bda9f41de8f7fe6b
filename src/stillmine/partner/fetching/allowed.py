# SPDX-License-Identifier: Apache-2.0
"""From where files may be fetched: what the operator named, by host or by origin.

A host stands for `https` on its usual port and public addresses; an origin, with its scheme, is vouched for wherever it is. Must never
allow what nobody named. Contract: spec/screen.md, "By URL".
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from stillmine.partner.ground.errors import UrlNotAllowedError
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import MAXIMUM_URL_SIGNS

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_NO_SIGN_OF_A_URL = re.compile(r"[^\x21-\x7e]|\\")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to fetch one file: `path` with its query. `is_vouched_for`: whatever address the host has."""

    scheme: str
    host: str
    port: int
    path: str
    is_vouched_for: bool

    @property
    def authority(self) -> str:
        """Return host and port as they stand in `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


class AllowedSources:
    """Hosts and origins from which files may be fetched; none, unless some are named."""

    def __init__(self, named: Sequence[str] = ()) -> None:
        """Raises NotConfiguredError for what names neither a host nor an origin."""
        words = [word.strip().lower() for word in named]
        self._origins = {_origin(word) for word in words if "://" in word}
        hosts = {_host(word) for word in words if "://" not in word}
        self._hosts = {host for host in hosts if not host.startswith("*.")}
        self._above = tuple(host[1:] for host in hosts if host.startswith("*."))

    def target(self, url: str) -> Target:
        """Return where this address leads; raises UrlNotAllowedError."""
        try:
            scheme, host, port, parts = read_url(url)
        except ValueError:
            raise UrlNotAllowedError from None
        is_vouched_for = (scheme, host, port) in self._origins
        is_host = host in self._hosts or host.endswith(self._above)
        if not is_vouched_for and not (is_host and scheme == "https" and port == _PORTS["https"]):
            raise UrlNotAllowedError
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(scheme, host, port, path, is_vouched_for)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the whole internet: not of this machine, of a network inside, or of many at once."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inside = ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(ip.packed[-4:]) if ip in _TRANSLATED else None)
        if inside is None and ip not in _GLOBAL:
            return False
        ip = inside or ip
    return ip.is_global and not ip.is_multicast


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL = ipaddress.IPv6Network("2000::/3")


def read_url(url: str) -> tuple[str, str, int, SplitResult]:
    """Return scheme, host, port and all parts; raises ValueError for what two readers might read in two ways."""
    if len(url) > MAXIMUM_URL_SIGNS or _NO_SIGN_OF_A_URL.search(url):
        raise ValueError("not an address")
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".").lower()
    if scheme not in _PORTS or not host or "@" in parts.netloc:
        raise ValueError("not an address")
    port = parts.port
    return scheme, host, _PORTS[scheme] if port is None else port, parts


def _origin(word: str) -> tuple[str, str, int]:
    try:
        scheme, host, port, parts = read_url(word)
    except ValueError:
        raise _wrong() from None
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _wrong()
    return scheme, host, port


def _host(word: str) -> str:
    if not _HOST.fullmatch(word):
        raise _wrong()
    return word


def _wrong() -> NotConfiguredError:
    return NotConfiguredError(
        "--fetch-from: give a host such as media.example or *.media.example, or an origin such as http://10.0.0.5:9000"
    )
