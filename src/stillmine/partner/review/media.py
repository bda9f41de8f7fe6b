# SPDX-License-Identifier: Apache-2.0
"""Addresses under which a platform shows a browser what it holds, signed so that nobody else can make one.

Must never fetch one: what is held goes from the platform to the reviewer's browser.
"""

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from stillmine.client.settings import LOOPBACK_HOSTS
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import KIND_RULES
from stillmine.wire.screen import ScreenMatch

SHOWN_SECONDS = 600
PLACES = ("{content_id}", "{expires}", "{signature}")
IMAGE, VIDEO = "image", "video"

_LABEL = "stillmine/media-url/v1"


@dataclass(frozen=True, slots=True)
class MediaChoice:
    """Where held uploads are shown: an address with a place for content id, expiry and signature."""

    template: str

    def __post_init__(self) -> None:
        """Raise NotConfiguredError for what is no such address."""
        try:
            parts = urlsplit(self.template)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            host, parts = "", urlsplit("")
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK_HOSTS)
        behind_host = self.template.partition("://")[2].partition("/")[2]
        is_plain = self.template.isascii() and self.template.isprintable() and not set(self.template) & set(" \"';,<>")
        if not (host and is_safe and is_plain and "@" not in parts.netloc and all(behind_host.count(place) == 1 for place in PLACES)):
            raise NotConfiguredError(f"--media-url: https://, a host, and behind it {', '.join(PLACES)}, each once")

    @property
    def origin(self) -> str:
        """The scheme, host and port, as a policy for browsers names them."""
        parts = urlsplit(self.template)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True, slots=True)
class MediaUrls:
    """Makes addresses of held uploads."""

    choice: MediaChoice
    key: Secret

    def url_of(self, content_id: str, now: int) -> str:
        """Return an address that is good for ten minutes; `now` is Unix seconds."""
        expires = str(now + SHOWN_SECONDS)
        signature = hmac.new(bytes(self.key), f"{_LABEL}\n{expires}\n{content_id}".encode(), hashlib.sha256).hexdigest()
        words = zip(PLACES, (quote(content_id, safe=""), expires, signature), strict=True)
        url = self.choice.template
        for place, word in words:  # an encoded content id holds no place of another: braces are encoded
            url = url.replace(place, word)
        return url


def media_kinds(match: ScreenMatch) -> list[str]:
    """Return as what a browser should try to show an upload, the likeliest first: its type is known to the platform alone."""
    rule = KIND_RULES[match.kind]
    is_still = rule.is_whole_file or ((rule.is_picture or rule.is_ask_only) and not match.matched_spans)
    return [IMAGE, VIDEO] if is_still else [VIDEO, IMAGE]
