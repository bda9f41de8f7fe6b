# SPDX-License-Identifier: Apache-2.0
"""Webhooks to a target behind TLS, whose certificate is held against its name, and from a service that is killed while a target hangs."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509

from stillmine.partner.fetching.fetch import trusted_certificates
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.store.webhooks import WebhookQueue
from stillmine.partner.webhooks.sending import Sender, WebhookChoice
from stillmine.partner.webhooks.signing import webhook_secrets
from stillmine.wire.kinds import Kind
from tests import plain_http
from tests.client.test_client_tls import made
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, Numbers, Partner
from tests.partner.test_partner_doors import service
from tests.partner.test_partner_service import wait_until
from tests.partner.test_partner_webhooks import FILE, Target, queue, target

__all__ = ["queue", "target"]


@pytest.fixture
def tls_target(target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """The target with a certificate that says `localhost`, signs itself and is trusted."""
    certificate = made(tmp_path, x509.DNSName("localhost"))
    target.server.socket = certificate.server.wrap_socket(target.server.socket, server_side=True, do_handshake_on_connect=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    trusted_certificates.cache_clear()
    yield target
    trusted_certificates.cache_clear()


def sent(queue: WebhookQueue, home: Path, clock: Clock, url: str) -> bool | None:
    sender = Sender(queue, WebhookChoice(url, is_inside_allowed=True).target(), webhook_secrets(home, None, Numbers()), clock)
    return sender.send_next()


def test_a_target_behind_tls_is_told_by_its_name(
    partner: Partner, queue: WebhookQueue, tls_target: Target, home: Path, clock: Clock
) -> None:
    partner.screen(FILE)
    port = tls_target.server.server_address[1]
    assert sent(queue, home, clock, f"https://localhost:{port}/told") is True
    ((headers, _),) = tls_target.seen
    assert headers["host"] == f"localhost:{port}"


def test_a_certificate_of_another_name_or_of_nobody_is_told_nothing(
    partner: Partner, queue: WebhookQueue, tls_target: Target, home: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner.screen(FILE)
    port = tls_target.server.server_address[1]
    assert sent(queue, home, clock, f"https://127.0.0.1:{port}/told") is False
    assert (queue.health().problem or "").startswith("url_unreachable")
    monkeypatch.delenv("SSL_CERT_FILE")
    trusted_certificates.cache_clear()
    assert sent(queue, home, clock, f"https://localhost:{port}/told") is False
    assert sent(queue, home, clock, f"http://localhost:{port}/told") is not True
    assert tls_target.seen == []


def test_a_service_that_is_killed_while_a_target_hangs_tells_it_when_it_is_back(home: Path, exchange: FakeExchange, target: Target) -> None:
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    told = f"import sys\nsys.argv += ['--webhook', '{target.url}', '--webhook-insecure']"
    target.answers = ["hang"]
    with exchange.serving() as url:
        with service(home, url, more=told) as port:
            headers = {"Authorization": f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"}
            answer = plain_http.post(f"http://127.0.0.1:{port}/screen", content=FILE, headers=headers, timeout=60, trust_env=False)
            assert answer.json()["outcome"] == "match"
            wait_until(lambda: len(target.seen) == 1)
        with service(home, url, more=told):
            wait_until(lambda: len(target.seen) == 2)
    assert target.ids()[0] == target.ids()[1]
    assert [one.data.match_id for one in target.told()] == [answer.json()["matches"][0]["match_id"]] * 2
