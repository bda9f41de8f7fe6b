# SPDX-License-Identifier: Apache-2.0
"""Put all that is looked at together, in the order in which one thing explains the next."""

from collections.abc import Iterator
from dataclasses import replace

from django.db import Error

from stillmine.exchange.health.certificate import of_certificate
from stillmine.exchange.health.findings import Finding, Level, Report, report
from stillmine.exchange.health.further import of_attack, of_backup, of_portal, of_room, of_secret, of_version
from stillmine.exchange.health.parts import Look, look
from stillmine.exchange.health.sentences import sentences
from stillmine.exchange.settings.address import PublicAddress
from stillmine.exchange.transaction.context import Context

ORDER = ("migrations", "keys", "clock", "upkeep", "index", "ledger", "feed", "erasing")


def report_of(exchange: Context, address: PublicAddress | None) -> Report:
    """Look at everything; at a certificate only where there is an address."""
    seen = look(exchange)
    try:
        return report(_all(exchange, seen, address))
    except Error:  # the database went meanwhile
        return report(_all(exchange, replace(seen, words={**seen.words, "database": "down"}), address))


def levels(exchange: Context) -> dict[str, Level]:
    """Return how each part is, without those that take long to look at: portal and certificate. Raises Error."""
    said = [*sentences(exchange, look(exchange)).values(), of_backup(exchange.clock())]
    return {finding.part: finding.level for finding in said}


def _all(exchange: Context, seen: Look, address: PublicAddress | None) -> Iterator[Finding]:
    said = sentences(exchange, seen)
    yield said["database"]
    if seen.is_readable:
        yield of_secret(exchange)
    yield from (said[part] for part in ORDER)
    yield of_room(exchange) if seen.is_ok("disk") else said["disk"]
    if seen.is_readable:
        yield of_backup(exchange.clock())
        yield of_attack(exchange)
        if exchange.portal is not None:
            yield of_portal(exchange)
    if address is not None:
        yield of_certificate(address, exchange.clock())
    yield of_version(is_readable=seen.is_readable)
