# SPDX-License-Identifier: Apache-2.0
"""Which exchange a partner talks to, and with which key.

The only place that reads the environment, apart from the command line's own options. There is no default exchange and no
default key, and the key must never travel in clear over a network.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from stillmine.client.private_file import read_private
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError

KEY_VARIABLE = "STILLMINE_PARTNER_KEY"
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_PARTNER_KEY = re.compile(rb"smk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    """The exchange's address without a slash at its end, and the key that it gave this partner.

    `key_file` is where the key stands, if in a file: a client reads it again when the exchange refuses the key.
    """

    url: str
    partner_key: Secret
    key_file: Path | None = None

    @property
    def is_on_this_machine(self) -> bool:
        """Whether requests stay on the loopback interface."""
        return urlsplit(self.url).hostname in LOOPBACK_HOSTS

    def key_in_file(self) -> Secret | None:
        """Return the partner key that stands in the key file now, None if there is no such file or no whole key in it."""
        try:
            return None if self.key_file is None else checked_key(read_private(self.key_file, "--key-file"))
        except NotConfiguredError:
            return None


def exchange_settings(url: str | None, key_file: Path | None, environment: Mapping[str, str] = os.environ) -> ExchangeSettings:
    """Check the exchange's address and read the partner key from `key_file`, else from STILLMINE_PARTNER_KEY.

    Raises NotConfiguredError.
    """
    if not url:
        raise NotConfiguredError("--exchange or STILLMINE_PARTNER_EXCHANGE: missing; give the address of the exchange")
    address = checked_url(url)
    key = environment.get(KEY_VARIABLE, "").strip().encode() if key_file is None else read_private(key_file, "--key-file")
    if not key and key_file is not None:
        raise NotConfiguredError("--key-file: this file is empty; write the partner key that the exchange gave you into it")
    if not key:
        raise NotConfiguredError(f"--key-file or {KEY_VARIABLE}: missing; give the partner key that the exchange gave you")
    return ExchangeSettings(address, checked_key(key), key_file)


def checked_key(key: bytes) -> Secret:
    """Return a partner key; raises NotConfiguredError for what is none."""
    if not _PARTNER_KEY.fullmatch(key):
        raise NotConfiguredError("the partner key is incomplete: it starts with smk_ and has 56 characters; copy it again")
    return Secret(key)


def checked_url(url: str, name: str = "--exchange") -> str:
    """Return the address in one form, so that two spellings of one exchange are not taken for two.

    Raises NotConfiguredError, which calls it `name`.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise NotConfiguredError(f"{name}: not an address") from None
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or not host or _has_more(parts):
        raise NotConfiguredError(f"{name}: give an address such as https://exchange.example")
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        raise NotConfiguredError(f"{name}: must start with https://; plain http would show the partner key on the network")
    bracketed = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{bracketed}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"


def _has_more(parts: SplitResult) -> bool:
    return bool(parts.username or parts.password or parts.query or parts.fragment)
