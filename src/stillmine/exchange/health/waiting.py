# SPDX-License-Identifier: Apache-2.0
"""What waits for somebody: a decision, a partner's word, the end of a drill. Counts nothing and names nobody; only reads."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from stillmine.exchange.ask.places import unconfirmed_lately
from stillmine.exchange.ask.probing import probed_lately
from stillmine.exchange.health.findings import Finding, fine, span, warned, wrong
from stillmine.exchange.partners.health import partner_health
from stillmine.exchange.quarantine.queries import flagged, suspended
from stillmine.exchange.rows.drills import Drill
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context, to_minute

QUARANTINE = timedelta(minutes=40)
FLAG = timedelta(days=1)
PARTNER = timedelta(minutes=30)
WITHDRAWAL = timedelta(hours=1)
WITHDRAWAL_WRONG = timedelta(days=1)
DRILL = timedelta(days=1)
"""From when on each has waited for too long."""


def of_waiting(exchange: Context) -> Iterator[Finding]:
    """Look at all that waits."""
    now = to_minute(exchange.clock())
    yield _of_quarantine(now)
    yield _of_flags(now)
    yield from _of_partners(now)
    yield _of_probing(exchange, now)
    yield _of_drills(now)


def _of_quarantine(now: datetime) -> Finding:
    oldest = min((group.suspended_at for group in suspended()), default=now)
    if now - oldest > QUARANTINE:
        words = f"something has waited for {span(now - oldest)}, and somebody’s file is not protected meanwhile. Decide in the console, or"
        return wrong("quarantine", f"{words} see `stillmine exchange quarantine list`", oldest)
    return fine("quarantine", "nothing has waited for long")


def _of_flags(now: datetime) -> Finding:
    oldest = min((group.flagged_at for group in flagged()), default=now)
    if now - oldest > FLAG:
        words = f"something has been flagged for {span(now - oldest)}, and is matched meanwhile. Decide in the console, or see"
        return warned("flags", f"{words} `stillmine exchange flag list`", oldest)
    return fine("flags", "nothing has waited for long")


def _of_partners(now: datetime) -> Iterator[Finding]:
    found = [partner_health(partner, now) for partner in Partner.objects.filter(revoked_at=None)]
    behind = [one.behind_since for one in found if one.is_late and one.behind_since is not None]
    since = min(behind, default=now)
    if now - since > PARTNER:
        words = f"one with the list has confirmed nothing for {span(now - since)}. `stillmine exchange partner list` says which: ask them"
        yield warned("partners", words, since)
    else:
        yield fine("partners", "none is late")
    asked = min((one.oldest_not_acknowledged for one in found if one.oldest_not_acknowledged is not None), default=now)
    if now - asked > WITHDRAWAL:
        words = f"a partner has not confirmed one for {span(now - asked)}. `stillmine exchange partner list` says which: ask them"
        yield (wrong if now - asked > WITHDRAWAL_WRONG else warned)("withdrawals", words, asked)
    else:
        yield fine("withdrawals", "confirmed on time")


def _of_probing(exchange: Context, now: datetime) -> Finding:
    if probed_lately(now.date()) or unconfirmed_lately(exchange, now.date()):
        words = "a partner may be working out fingerprints, or does not look where it is told. The console says which; read"
        return warned("probing", f"{words} “A partner that probes” in docs/operators.md")
    return fine("probing", "no partner does")


def _of_drills(now: datetime) -> Finding:
    oldest = Drill.objects.filter(finished_at=None).order_by("planted_at").values_list("planted_at", flat=True).first()
    if oldest is not None and now - oldest > DRILL:
        words = f"one has not ended for {span(now - oldest)}: the partner did not report it. Ask them"
        return warned("drills", words, oldest)
    return fine("drills", "none waits")
