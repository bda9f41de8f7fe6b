# SPDX-License-Identifier: Apache-2.0
"""Put all that is looked at together, in the order in which one thing explains the next."""

from collections.abc import Iterator
from dataclasses import replace

from django.db import Error

from stillmine.exchange.health.alert_state import of_alerts
from stillmine.exchange.health.certificate import of_certificate
from stillmine.exchange.health.findings import Finding, Level, Report, report
from stillmine.exchange.health.further import of_attack, of_backup, of_portal, of_room, of_secret, of_version
from stillmine.exchange.health.parts import Look, look
from stillmine.exchange.health.sentences import sentences
from stillmine.exchange.health.waiting import of_waiting
from stillmine.exchange.settings.address import PublicAddress
from stillmine.exchange.transaction.context import Context

ORDER = ("migrations", "keys", "clock", "upkeep", "index", "ledger", "feed", "erasing")


def report_of(exchange: Context, address: PublicAddress | None, *, is_quick: bool = False) -> Report:
    """Look at everything, at a certificate only where there is an address; `is_quick`: not at what takes long, certificate and portal."""
    seen = look(exchange)
    where = None if is_quick else address
    try:
        return report(_all(exchange, seen, where, is_quick))
    except Error:  # the database went meanwhile
        return report(_all(exchange, replace(seen, words={**seen.words, "database": "down"}), where, is_quick))


def levels(exchange: Context) -> dict[str, Level]:
    """Return how each part is, without those that take long to look at: portal and certificate. Raises Error."""
    said = [*sentences(exchange, look(exchange)).values(), of_backup(exchange.clock())]
    return {finding.part: finding.level for finding in said}


def _all(exchange: Context, seen: Look, address: PublicAddress | None, is_quick: bool) -> Iterator[Finding]:
    said = sentences(exchange, seen)
    yield said["database"]
    if seen.is_readable:
        yield of_secret(exchange)
    yield from (said[part] for part in ORDER)
    yield of_room(exchange) if seen.is_ok("disk") else said["disk"]
    if seen.is_readable:
        yield of_backup(exchange.clock())
        yield of_attack(exchange)
        yield from of_waiting(exchange)
        if exchange.portal is not None and not is_quick:
            yield of_portal(exchange)
    if address is not None:
        yield of_certificate(address, exchange.clock())
    if exchange.alerts.is_on:
        yield of_alerts(exchange)
    yield of_version(is_readable=seen.is_readable)
