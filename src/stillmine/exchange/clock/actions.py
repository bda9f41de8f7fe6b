# SPDX-License-Identifier: Apache-2.0
"""Look at the clock and remember what it said; an operator's word is remembered too."""

from datetime import datetime, timedelta

from django.apps import apps

from stillmine.exchange.clock.judgement import Known, confirmed, first_known, judged
from stillmine.exchange.clock.newest import newest_stored
from stillmine.exchange.ground.uptime import Uptime
from stillmine.exchange.rows.clock import ClockState
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx

STATE_ID = 1

COMPLAINT_INTERVAL = timedelta(hours=1)


def look_at_clock(exchange: Context, *, is_confirmed: bool = False) -> Known:
    """Compare the clock with what is known of it, and return what is known now; `is_confirmed` is an operator's word that it is right."""
    uptime = exchange.uptime()
    with tx("clock.look", exchange.clock) as transaction:
        row = ClockState.objects.select_for_update().filter(id=STATE_ID).first()
        if is_confirmed:
            known = confirmed(transaction.now, uptime)
        elif row is None:
            known = first_known(transaction.now, uptime, newest_stored(apps, transaction.now))
        else:
            known = judged(_known(row), transaction.now, uptime)
        _keep(known)
    return known


def may_complain(exchange: Context) -> bool:
    """Say whether the log may be told again what is wrong with time: once an hour."""
    with tx("clock.complain", exchange.clock) as transaction:
        row = ClockState.objects.select_for_update().get(id=STATE_ID)
        if row.complained_at is not None and abs(transaction.now - row.complained_at) < COMPLAINT_INTERVAL:
            return False
        ClockState.objects.filter(id=STATE_ID).update(complained_at=transaction.now)
        return True


def is_doubted() -> bool:
    """True while the clock is not believed."""
    return ClockState.objects.filter(broken_at__isnull=False).exists()


def begin_at(transaction: Transaction, at: datetime) -> None:
    """Know nothing but that it was once `at`: after a restore, which may be on another machine."""
    transaction.require_open()
    _keep(Known(at, at, at, Uptime("", timedelta())))


def _known(row: ClockState) -> Known:
    anchor = Uptime(row.anchor_boot, timedelta(minutes=row.anchor_minutes_since_boot))
    return Known(row.believed_at, row.seen_at, row.anchor_at, anchor, row.broken_at)


def _keep(known: Known) -> None:
    ClockState.objects.update_or_create(
        id=STATE_ID,
        defaults={
            "believed_at": known.believed_at,
            "seen_at": known.seen_at,
            "anchor_at": known.anchor_at,
            "anchor_boot": known.anchor.boot,
            "anchor_minutes_since_boot": known.anchor.since_boot // timedelta(minutes=1),
            "broken_at": known.broken_at,
        },
    )
