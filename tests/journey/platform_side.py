# SPDX-License-Identifier: Apache-2.0
"""What a platform builds around its partner service: it takes webhooks, and shows its reviewers what it holds under addresses of its own.

Both verify as the specifications say: spec/webhooks.md, spec/review-page.md.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit


class Told(NamedTuple):
    """One webhook, whose signature was right."""

    event_id: str
    type: str
    data: dict[str, Any]


class PlatformSide:
    """One HTTP server for both, whose secrets are read when they are needed."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.held: dict[str, bytes] = {}
        """JPEGs that wait for a reviewer, by content id."""
        self.shown: list[str] = []
        self.refused: list[str] = []
        self.webhook_secret: Callable[[], str] = str
        self.media_key: Callable[[], str] = str
        handler = type("Handler", (_Connection,), {"side": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def told_of(self, kind: str) -> list[Told]:
        """Return what was told of one type of event, each event once."""
        return list({each.event_id: each for each in list(self.told) if each.type == kind}.values())

    def take_webhook(self, headers: dict[str, str], body: bytes) -> int:
        event_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        secret = base64.b64decode(self.webhook_secret().removeprefix("whsec_"))
        mac = hmac.new(secret, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
        if f"v1,{base64.b64encode(mac).decode()}" not in headers["webhook-signature"].split():
            self.refused.append(event_id)
            return 401
        message = json.loads(body)
        self.told.append(Told(event_id, message["type"], message["data"]))
        return 204

    def file_at(self, address: str) -> bytes | None:
        url = urlsplit(address)
        content_id, query = unquote(url.path.removeprefix("/held/")), parse_qs(url.query)
        signed = f"stillmine/media-url/v1\n{query['expires'][0]}\n{content_id}".encode()
        mac = hmac.new(self.media_key().encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(mac, query["signature"][0]) or content_id not in self.held:
            self.refused.append(content_id)
            return None
        self.shown.append(content_id)
        return self.held[content_id]


class _Connection(BaseHTTPRequestHandler):
    side: PlatformSide

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): text for name, text in self.headers.items()}
        self.send_response_only(self.side.take_webhook(headers, body))
        self.end_headers()

    def do_GET(self) -> None:
        data = self.side.file_at(self.path)
        self.send_response_only(404 if data is None else 200)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""
