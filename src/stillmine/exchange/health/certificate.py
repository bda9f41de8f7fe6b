# SPDX-License-Identifier: Apache-2.0
"""Look at the certificate of the public address as a browser does. Nothing but the greeting of TLS is sent."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

from stillmine.exchange.health.findings import Finding, fine, warned, wrong
from stillmine.exchange.settings.address import PublicAddress

SECONDS = 10.0
SOON = timedelta(days=21)
"""Programs that renew do so 30 days before the end: by then one should have."""

AT_ONCE = timedelta(days=7)

_PART = "certificate"


def of_certificate(address: PublicAddress, now: datetime, trust: ssl.SSLContext | None = None) -> Finding:
    """Look once; `trust` is other authorities than this machine's list."""
    try:
        ends_at = _ends_at(address, trust or ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        return wrong(_PART, f"browsers refuse that of {address.url}: {error.verify_message}. Renew it, and let the proxy load it")
    except ssl.SSLError as error:
        return wrong(_PART, f"{address.url} does not speak TLS ({error.reason or type(error).__name__}). Look at the proxy")
    except OSError as error:
        return wrong(_PART, f"nobody answers at {address.url} ({type(error).__name__}). Look at the proxy, the name and the firewall")
    left = ends_at - now
    words = f"that of {address.url} ends on {ends_at:%Y-%m-%d}, in {left.days} days"
    if left > SOON:
        return fine(_PART, words)
    return (warned if left > AT_ONCE else wrong)(_PART, f"{words}. Renew it, and look why that did not happen by itself")


def _ends_at(address: PublicAddress, trust: ssl.SSLContext) -> datetime:
    """Return when it ends; raises OSError, of which the errors of TLS are a kind."""
    ends = time.monotonic() + SECONDS
    with socket.create_connection((address.host, address.port), timeout=SECONDS) as connection:
        connection.settimeout(max(0.1, ends - time.monotonic()))
        with trust.wrap_socket(connection, server_hostname=address.host) as wrapped:
            found = wrapped.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)
