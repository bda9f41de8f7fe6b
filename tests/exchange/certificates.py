# SPDX-License-Identifier: Apache-2.0
"""Certificates of an authority that a test makes, and a server on this machine that shows one."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stillmine.exchange.settings.address import PublicAddress

if TYPE_CHECKING:
    from stillmine.exchange.health.findings import Finding

_DAY = timedelta(days=1)


class Certified:
    """An authority with a key of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("an authority")
        begun = _begun(self._name, self._name, self._key, 365).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        begun = begun.add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
        self.authority_file = folder / "authority.pem"
        self.authority_file.write_bytes(begun.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def of(self, host: str, days: int) -> ssl.SSLContext:
        """Return how a server shows a certificate for a host that ends in so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        begun = _begun(_name(host), self._name, key, days)
        begun = begun.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = begun.add_extension(issuer, critical=False).sign(self._key, hashes.SHA256())
        file = self._folder / f"{host}.pem"
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
        shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shown.load_cert_chain(file)
        return shown

    def look(self, port: int, trust: ssl.SSLContext | None = None) -> "Finding":
        """Look at what is shown on this machine's port, trusting this authority unless said otherwise."""
        from stillmine.exchange.health.certificate import of_certificate

        own = ssl.create_default_context(cafile=str(self.authority_file))
        address = PublicAddress("localhost", port, f"https://localhost:{port}")
        return of_certificate(address, datetime.now(UTC), trust or own)


@contextmanager
def answering(shown: ssl.SSLContext | None) -> Iterator[int]:
    """Answer on a port, with TLS or, without a context, with what is none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, shown))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _answer(listener: socket.socket, shown: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                if shown is None:
                    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                else:
                    with shown.wrap_socket(connection, server_side=True) as wrapped:
                        wrapped.recv(1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begun(name: x509.Name, by: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(by, name, key.public_key(), x509.random_serial_number(), now - 400 * _DAY, now + days * _DAY)
