# SPDX-License-Identifier: Apache-2.0
"""Plant, withdraw, note, finish: what a drill writes. Each can be repeated, so that a drill goes on where it was cut off."""

from django.db.models import Max

from stillmine.exchange.drills.kind import DrillKind
from stillmine.exchange.drills.picture import drill_fingerprint, drill_picture
from stillmine.exchange.log.actions import record
from stillmine.exchange.protection.keyless import open_keyless, withdraw_from_keyless
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.drills import Drill
from stillmine.exchange.rows.feedback import Report
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.ledger.entry import EventName
from stillmine.wire.errors import NotConfiguredError


def plant(exchange: Context, partner: Partner, kind: DrillKind) -> tuple[Drill, bool]:
    """Return this partner's drill that is not finished, or plant a new one; and whether it is new. Raises NotConfiguredError."""
    if partner.revoked_at or partner.way != Way.LIST:
        raise NotConfiguredError("partner name: a drill needs a list partner that was not revoked; an ask partner keeps no list")
    seed = exchange.random_bytes(16)
    fingerprint = drill_fingerprint(kind, drill_picture(seed))
    with tx("drills.plant", exchange.clock) as transaction:
        Partner.objects.select_for_update(no_key=True).get(id=partner.id)
        under_way = Drill.objects.filter(partner=partner, finished_at=None).first()
        if under_way is not None:
            return under_way, False
        case = open_keyless(exchange, transaction, [fingerprint], counted_as="drill")
        planted = Fingerprint.objects.get(case=case)
        drill = Drill.objects.create(
            partner=partner,
            case=case,
            fingerprint=planted,
            kind=kind.value,
            seed=seed.hex(),
            value=fingerprint.value,
            planted_at=transaction.now,
        )
        details = {"operator": "command line", "action": "drill"}
        record(exchange, transaction, EventName.OPERATOR_ACTED, partner=partner.name, details=details)
        return drill, True


def withdraw_planted(exchange: Context, drill: Drill) -> None:
    """Withdraw what was planted, and remember which reports came before."""
    with tx("drills.withdraw", exchange.clock) as transaction:
        if Drill.objects.filter(id=drill.id, withdrawn_at=None).update(
            withdrawn_at=transaction.now, reports_when_withdrawn=_newest_report(drill)
        ):
            withdraw_from_keyless(exchange, transaction, list(Fingerprint.objects.filter(id=drill.fingerprint_id)))
    drill.refresh_from_db()


def note_confirmation(exchange: Context, drill: Drill) -> None:
    """Remember which reports were there when the partner's acknowledgement was seen."""
    with tx("drills.note_confirmation", exchange.clock) as transaction:
        Drill.objects.filter(id=drill.id, confirmed_at=None).update(
            confirmed_at=transaction.now, reports_when_confirmed=_newest_report(drill)
        )
    drill.refresh_from_db()


def finish(exchange: Context, drill: Drill) -> None:
    """End a drill; what was planted is withdrawn first, if it is still there."""
    withdraw_planted(exchange, drill)
    with tx("drills.finish", exchange.clock) as transaction:
        Drill.objects.filter(id=drill.id, finished_at=None).update(finished_at=transaction.now)
    drill.refresh_from_db()


def end_drill(exchange: Context, partner: Partner) -> bool:
    """End the drill of this partner that is under way, without a verdict; returns whether there was one."""
    drill = Drill.objects.filter(partner=partner, finished_at=None).first()
    if drill is not None:
        finish(exchange, drill)
    return drill is not None


def _newest_report(drill: Drill) -> int:
    newest: int | None = Report.objects.filter(partner_id=drill.partner_id).aggregate(newest=Max("id"))["newest"]
    return newest or 0
