# SPDX-License-Identifier: Apache-2.0
"""Fetching from an address: only from where the operator said, to the address that was checked, under limits; no redirect is followed."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography import x509

from stillmine.fingerprint import FileTooLargeError
from stillmine.partner.fetching.allowed import AllowedSources, Target, is_public
from stillmine.partner.fetching.fetch import fetch, trusted_certificates
from stillmine.partner.ground.errors import UrlNotAllowedError, UrlUnreachableError
from stillmine.wire.errors import NotConfiguredError
from tests.client.test_client_tls import made

FILE = b"the bytes"
SOURCES = AllowedSources(["media.example", "*.cdn.example", "http://store.internal:9000", "https://vault.example:8443"])


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "is_vouched_for"),
    [
        ("https://media.example/a.jpg?x=1", "media.example", 443, "/a.jpg?x=1", False),
        ("HTTPS://Media.Example.:443", "media.example", 443, "/", False),
        ("https://a.b.cdn.example/%2e%2e/x", "a.b.cdn.example", 443, "/%2e%2e/x", False),
        ("http://store.internal:9000/x", "store.internal", 9000, "/x", True),
        ("https://vault.example:8443/x#y", "vault.example", 8443, "/x", True),
    ],
)
def test_what_was_named_is_allowed(url: str, host: str, port: int, path: str, is_vouched_for: bool) -> None:
    target = SOURCES.target(url)
    assert (target.host, target.port, target.path, target.is_vouched_for) == (host, port, path, is_vouched_for)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "media.example/a.jpg",
        "http://media.example/a.jpg",
        "https://media.example:8443/a.jpg",
        "https://media.example:0/a.jpg",
        "https://media.example:99999/a.jpg",
        "https://evil.example/?https://media.example/",
        "https://media.example.evil.example/",
        "https://evilmedia.example/",
        "https://cdn.example/",
        "https://evilcdn.example/",
        "https://user@media.example/",
        "https://media.example@evil.example/",
        "https://evil.example\\@media.example/",
        "https://media.example/ a",
        "https://media.example/\r\nX: y",
        "https://[::1]/",
        "https://127.0.0.1/",
        "http://store.internal/x",
        "https://store.internal:9000/x",
        "file:///etc/passwd",
        "ftp://media.example/",
        "https://mediа.example/",  # one letter is Cyrillic
        "https://media.example/" + "a" * 5000,
    ],
)
def test_nothing_else_is(url: str) -> None:
    with pytest.raises(UrlNotAllowedError):
        SOURCES.target(url)
    with pytest.raises(UrlNotAllowedError):
        AllowedSources().target(url)


@pytest.mark.parametrize(
    "named", ["", "*", "*.", "a b", "media.example/x", "https://media.example/x", "ftp://x", "http://u@x", "media.example:80"]
)
def test_a_source_that_names_no_host_is_refused_at_the_start(named: str) -> None:
    with pytest.raises(NotConfiguredError, match="--fetch-from"):
        AllowedSources([named])


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("fec0::1", False),
        ("::7f00:1", False),
        ("::a01:203", False),
    ],
)
def test_which_addresses_are_of_the_whole_internet(address: str, expected: bool) -> None:
    assert is_public(address) is expected


class Answers(BaseHTTPRequestHandler):
    """A host of files, kind and unkind."""

    seen: ClassVar[list[tuple[str, dict[str, str]]]]

    def do_GET(self) -> None:
        type(self).seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if self.path == "/redirect":
            self.send_response(302)
            self.send_header("Location", "/file")
            self.end_headers()
        elif self.path == "/slow":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                self.wfile.flush()
                threading.Event().wait(0.1)
        elif self.path == "/zip":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
        elif self.path in ("/file", "/cut", "/unframed"):
            self.send_response(200)
            if self.path != "/unframed":
                self.send_header("Content-Length", str(len(FILE) + (self.path == "/cut")))
            self.end_headers()
            self.wfile.write(FILE)
        else:
            self.send_response(404)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Host(ThreadingHTTPServer):
    """Says nothing of clients that hang up."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[tuple[str, dict[str, str]]]]]:
    class Own(Answers):
        seen: ClassVar[list[tuple[str, dict[str, str]]]] = []

    server = Host(("127.0.0.1", 0), Own)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1], Own.seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetched(target: Target, seconds: float = 30, most: int = 1000) -> bytes:
    data = bytearray()

    async def take(part: bytes) -> None:
        data.extend(part)
        if len(data) > most:
            raise FileTooLargeError

    asyncio.run(fetch(target, take, seconds))
    return bytes(data)


def local(port: int, path: str, is_vouched_for: bool = True) -> Target:
    return Target("http", "localhost", port, path, is_vouched_for)


def test_a_file_comes_whole_and_the_request_says_nothing_of_us() -> None:
    with serving() as (port, seen):
        assert fetched(local(port, "/file")) == b"the bytes"
    ((path, headers),) = seen
    assert (path, headers["host"], headers["accept-encoding"]) == ("/file", f"localhost:{port}", "identity")
    assert not {"authorization", "cookie", "referer"} & headers.keys()


def test_a_host_that_leads_inside_is_never_connected_to() -> None:
    with serving() as (port, seen), pytest.raises(UrlNotAllowedError):
        fetched(local(port, "/file", is_vouched_for=False))
    assert seen == []


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/redirect", "status 302"),
        ("/gone", "status 404"),
        ("/zip", "compressed"),
        ("/cut", "RemoteProtocolError"),
        ("/unframed", "of unknown length"),
    ],
)
def test_what_is_not_the_file_itself_is_not_taken(path: str, detail: str) -> None:
    with serving() as (port, seen):
        with pytest.raises(UrlUnreachableError) as refusal:
            fetched(local(port, path))
        assert refusal.value.detail == detail
        assert [asked for asked, _ in seen] == [path]


def test_a_file_that_does_not_end_is_given_up() -> None:
    with serving() as (port, _):
        with pytest.raises(UrlUnreachableError) as refusal:
            fetched(local(port, "/slow"), seconds=0.5)
        assert refusal.value.detail == "too slow"
        with pytest.raises(FileTooLargeError):
            fetched(local(port, "/slow"), most=2)


def test_nobody_there_is_said() -> None:
    with serving() as (port, _):
        pass
    with pytest.raises(UrlUnreachableError):
        fetched(local(port, "/file"))
    with pytest.raises(UrlUnreachableError):
        fetched(Target("https", "nobody.invalid", 443, "/", True))


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A host whose certificate says media.example and signs itself, and is trusted; every name leads to this machine."""
    certificate = made(tmp_path, x509.DNSName("media.example"))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))

    async def here(_target: Target) -> str:
        return "127.0.0.1"

    monkeypatch.setattr("stillmine.partner.fetching.fetch._address", here)
    trusted_certificates.cache_clear()
    yield certificate.server
    trusted_certificates.cache_clear()


def test_the_certificate_is_held_against_the_name_and_not_the_address(tls: ssl.SSLContext) -> None:
    with serving(tls) as (port, seen):
        assert fetched(Target("https", "media.example", port, "/file", False)) == b"the bytes"
        with pytest.raises(UrlUnreachableError):
            fetched(Target("https", "other.example", port, "/file", False))
        assert [path for path, _ in seen] == ["/file"]
