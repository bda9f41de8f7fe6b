# SPDX-License-Identifier: Apache-2.0
"""Runs the sample files of deploy/ in the real servers, on free ports, with a certificate of a moment and an exchange that may be down."""

import datetime
import http.client
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stillmine.demo.processes import free_ports

ROOT = Path(__file__).resolve().parents[2]
HOST = "exchange.example"
PATIENCE_SECONDS = 60


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Sample:
    """A running server: what it is asked over TLS by its host name."""

    port: int
    plain_port: int | None
    exchange_port: int
    seen: list[dict[str, str]] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> Answer:
        # The certificate is of a moment and nobody's; that it is spoken at all is what counts here.
        context = ssl._create_unverified_context()
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_SECONDS)
        connection = http.client.HTTPSConnection(HOST, self.port, timeout=PATIENCE_SECONDS)
        connection.sock = context.wrap_socket(raw, server_hostname=HOST)
        connection.request("GET", path, headers={"Host": f"{HOST}:{self.port}", **headers})
        response = connection.getresponse()
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        connection.close()
        return answer

    @contextmanager
    def exchange(self) -> Iterator[None]:
        """An exchange that answers 409 to everything and keeps what it was told."""
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                seen.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(409)
                self.send_header("X-From", "exchange")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the base class)
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self.exchange_port), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield
        server.shutdown()
        server.server_close()
        thread.join()


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """Return the sample with its places filled in; a place that is no longer there is an error."""
    for place, value in pairs:
        assert place in text, place
        text = text.replace(place, value)
    return text


def write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    begun = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    certificate = begun.sign(key, hashes.SHA256())
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
    )


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    assert found, f"{name} is missing: install Debian's package `{name}`, or run `make test`, which does"
    return found


@contextmanager
def nginx(folder: Path, portal: Path) -> Iterator[Sample]:
    """The nginx sample, its ports, certificate, folder and exchange filled in and nothing else changed."""
    port, plain_port, exchange_port = free_ports(0, 0, 0)
    sample = Sample(port, plain_port, exchange_port)
    write_certificate(folder)
    site = replaced(
        (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8"),
        ("listen 80;", f"listen 127.0.0.1:{sample.plain_port};"),
        ("listen 443 ssl http2;", f"listen 127.0.0.1:{sample.port} ssl http2;"),
        ("/etc/letsencrypt/live/exchange.example", str(folder)),
        ("/srv/stillmine/portal", str(portal)),
        ("server 127.0.0.1:8080;", f"server 127.0.0.1:{sample.exchange_port};"),
    )
    (folder / "site.conf").write_text(site, encoding="utf-8")
    kept = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;" if folder.stat().st_uid == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; {user} pid {folder}/pid; error_log stderr;\nevents {{}}\n"
        f"http {{ include /etc/nginx/mime.types; {kept} include {folder}/site.conf; }}\n",
        encoding="utf-8",
    )
    with running([program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")], sample, {}):
        yield sample


@contextmanager
def caddy(folder: Path, portal: Path) -> Iterator[Sample]:
    """The Caddy sample with a certificate of its own making and without the redirection from port 80, which it makes by itself."""
    port, exchange_port = free_ports(0, 0)
    sample = Sample(port, None, exchange_port)
    site = replaced(
        (ROOT / "deploy/Caddyfile").read_text(encoding="utf-8"),
        ("\nexchange.example {", f"\nhttps://{HOST}:{sample.port} {{"),
        ("/srv/stillmine/portal", str(portal)),
        ("127.0.0.1:8080", f"127.0.0.1:{sample.exchange_port}"),
    )
    own = ("admin off", "local_certs", "skip_install_trust", "auto_https disable_redirects", f"storage file_system {folder}/kept")
    options = "{\n" + "".join(f"\t{option}\n" for option in own) + "}\n"
    (folder / "Caddyfile").write_text(options + site, encoding="utf-8")
    command = [program("caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    with running(command, sample, {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}):
        yield sample


@contextmanager
def running(command: list[str], sample: Sample, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env=environment or None, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait_for(process, sample)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


def _wait_for(process: "subprocess.Popen[bytes]", sample: Sample) -> None:
    """Wait until it answers over TLS: Caddy listens before it has its certificate."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        if process.poll() is not None:
            raise AssertionError((process.stdout.read() if process.stdout else b"").decode())
        try:
            sample.get("/")
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return
