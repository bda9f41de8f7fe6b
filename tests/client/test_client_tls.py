# SPDX-License-Identifier: Apache-2.0
"""Over TLS: a certificate that nobody trusts ends it before anything is sent, one that the environment names does not, and time is kept."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from stillmine.client import ExchangeSettings, TimeLimits
from stillmine.wire.ask import Answer, AskQuery
from stillmine.wire.errors import ExchangeUnreachableError
from stillmine.wire.kinds import Kind
from tests.client.client_parts import ClientOf, Connection, ScriptedExchange, http

QUERY = AskQuery(Kind.PDQ, "0f" * 32, "ab" * 16)


class Certificate(NamedTuple):
    """A certificate for this machine that signs itself, and a server's side of TLS with it."""

    file: Path
    server: ssl.SSLContext


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return made(tmp_path, x509.IPAddress(ipaddress.ip_address("127.0.0.1")))


def made(folder: Path, whose: x509.GeneralName) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "exchange of a test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([whose]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, key_file = folder / "certificate.pem", folder / "key.pem"
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file, key_file)
    return Certificate(file, server)


def clear(connection: Connection, request: bytes) -> None:
    connection.send(http("200 OK", b"SMR1" + bytes(18)))


def test_a_certificate_that_nobody_trusts_ends_it(client_of: ClientOf, certificate: Certificate) -> None:
    with ScriptedExchange(clear, certificate.server) as exchange:
        with pytest.raises(ExchangeUnreachableError, match="certificate: self-signed certificate"):
            client_of(settings=exchange.settings).ask([QUERY])
        assert exchange.requests == []


def test_a_certificate_of_another_address_ends_it(client_of: ClientOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = made(tmp_path, x509.IPAddress(ipaddress.ip_address("127.0.0.2")))
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file))
    with ScriptedExchange(clear, other.server) as exchange:
        with pytest.raises(ExchangeUnreachableError, match="certificate: IP address mismatch"):
            client_of(settings=exchange.settings).ask([QUERY])
        assert exchange.requests == []


def test_a_certificate_that_the_environment_names_is_trusted(
    client_of: ClientOf, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    with ScriptedExchange(clear, certificate.server) as exchange:
        client = client_of(settings=exchange.settings)
        assert [client.ask([QUERY] * number) for number in (1, 1)] == [[Answer()], [Answer()]]
        assert exchange.connections == 1


def test_a_handshake_that_nobody_answers_is_given_up_in_time_and_hung_up_on(client_of: ClientOf) -> None:
    """A connection that were left open would be reported when it is collected, which fails a test."""
    with ScriptedExchange(clear) as exchange:  # which speaks no TLS, and waits for the end of a head
        settings = exchange.settings
        secure = ExchangeSettings(settings.url.replace("http:", "https:"), settings.partner_key)
        limits = TimeLimits(connect_seconds=60, silence_seconds=60, answer_seconds=1)
        with pytest.raises(ExchangeUnreachableError):
            client_of(settings=secure, limits=limits).ask([QUERY])


def test_an_answer_that_drips_over_tls_is_given_up_in_time(
    client_of: ClientOf, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    limits = TimeLimits(connect_seconds=60, silence_seconds=60, answer_seconds=2)
    with ScriptedExchange(lambda connection, request: connection.drip(b"HTTP/1.1 200 OK\r\n" * 100, 0.05), certificate.server) as exchange:
        with pytest.raises(ExchangeUnreachableError):
            client_of(settings=exchange.settings, limits=limits).ask([QUERY])
        assert len(exchange.requests) == 1
