# SPDX-License-Identifier: Apache-2.0
"""What stands between other products and the service: nginx for pict-rs, and the proxy in front of one upload route."""

import gzip
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from tests import plain_http
from tests.partner.fake_exchange import FakeExchange
from tests.partner.test_partner_commands import free_port, wait_for
from tests.partner.test_partner_doors import service

UPLOADS = Path(__file__).parents[2] / "integrations/uploads"
COAT, HAT = "media/clothing/coat.jpg", "media/clothing/hat.jpg"
BLOB = "/xrpc/com.atproto.repo.uploadBlob"


@pytest.fixture
def partner_port(home: Path, exchange: FakeExchange, root: Path) -> Iterator[int]:
    """A real service to which the coat is a match."""
    exchange.add("f", fingerprint_image((root / COAT).read_bytes()).pdq)
    with exchange.serving() as url, service(home, url) as port:
        yield port


def key_of(home: Path) -> str:
    return (home / SERVICE_KEY_FILE).read_text().strip()


@contextmanager
def program(command: list[str], port: int, **environment: str) -> Iterator[str]:
    with subprocess.Popen(command, env={"PATH": "/usr/bin:/usr/sbin:/bin", **environment}, text=True) as process:
        try:
            wait_for(lambda: plain_http.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code > 0, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.mark.skipif(shutil.which("nginx", path="/usr/bin:/usr/sbin") is None, reason="no nginx here")
def test_pict_rs_is_answered_through_nginx(partner_port: int, home: Path, root: Path, tmp_path: Path) -> None:
    """pict-rs streams a file with its media type and without a key; it takes every 2xx for "let it in"."""
    port = free_port()
    shown = (UPLOADS / "pict-rs.nginx.conf").read_text().replace("127.0.0.1:8460", f"127.0.0.1:{partner_port}")
    (tmp_path / "pict-rs.nginx.conf").write_text(shown.replace("127.0.0.1:8461", f"127.0.0.1:{port}"))
    (tmp_path / "stillmine-key.conf").write_text(f'proxy_set_header Authorization "Bearer {key_of(home)}";')
    paths = "".join(f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    main = f"daemon off; pid {tmp_path}/pid; events {{}} http {{ access_log off; {paths} include pict-rs.nginx.conf; }}"
    (tmp_path / "nginx.conf").write_text(main)
    command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]

    def sent(body: bytes) -> int:
        halves = iter([body[: len(body) // 2], body[len(body) // 2 :]])
        return plain_http.post(
            f"{address}/validate", content=halves, headers={"Content-Type": "image/jpeg"}, timeout=60, trust_env=False
        ).status_code

    with program(command, port) as address:
        assert [sent((root / HAT).read_bytes()), sent((root / COAT).read_bytes()), sent(b"what nothing can read")] == [200, 451, 503]
        assert plain_http.get(f"{address}/matches", trust_env=False).status_code == 404, "nothing else is open without a key"


class Backend(BaseHTTPRequestHandler):
    """A server that keeps whatever comes, and asks nobody."""

    kept: ClassVar[list[tuple[str, dict[str, str], bytes]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.kept.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"blob":{}}')

    def log_message(self, *_values: object) -> None:
        pass


def test_a_proxy_in_front_of_a_pds_passes_on_what_was_compared_and_nothing_else(partner_port: int, home: Path, root: Path) -> None:
    class Own(Backend):
        kept: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    backend, port = ThreadingHTTPServer(("127.0.0.1", 0), Own), free_port()
    threading.Thread(target=backend.serve_forever, daemon=True).start()
    command = [sys.executable, "-m", "uvicorn", "upload_proxy:app", "--factory", "--port", str(port), "--app-dir", str(UPLOADS)]
    settings = {
        "BACKEND": f"http://127.0.0.1:{backend.server_address[1]}",
        "SERVICE": f"http://127.0.0.1:{partner_port}",
        "SERVICE_KEY_FILE": str(home / SERVICE_KEY_FILE),
    }
    hat, coat = (root / HAT).read_bytes(), (root / COAT).read_bytes()
    headers = {"Authorization": "Bearer of the person", "Content-Type": "image/jpeg"}

    def sent(body: bytes, **more: str) -> int:
        return plain_http.post(address + BLOB, content=body, headers={**headers, **more}, timeout=60, trust_env=False).status_code

    try:
        with program(command, port, **settings) as address:
            assert sent(hat) == 200
            assert sent(coat) == 400
            assert sent(b"what nothing can read") == 503
            assert sent(coat, **{"Content-Type": "application/json"}) == 400, "what is screened is the file, whatever it says it is"
            assert sent(gzip.compress(coat), **{"Content-Encoding": "gzip"}) == 415
            assert plain_http.post(f"{address}/xrpc/other", content=hat, trust_env=False).status_code == 404
    finally:
        backend.shutdown()
        backend.server_close()
    ((path, seen, body),) = Own.kept
    assert (path, body, seen["authorization"], seen["content-type"]) == (BLOB, hat, "Bearer of the person", "image/jpeg")
    assert key_of(home) not in str(seen)
