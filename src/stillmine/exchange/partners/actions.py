# SPDX-License-Identifier: Apache-2.0
"""Add and revoke partners and keys: what an operator does on the command line.

Each returns what has to be shown once; nothing that opens a door is stored.
"""

from datetime import datetime

from stillmine.exchange.context import Context
from stillmine.exchange.ledger.actions import _record
from stillmine.exchange.names import MAXIMUM_NAME_SIGNS, kept_name, name_key
from stillmine.exchange.partners.keys import KEY_PREFIX, key_hash, key_text
from stillmine.exchange.partners.models import Partner, PartnerKey
from stillmine.exchange.tx import tx
from stillmine.ledger.entry import EventName
from stillmine.wire.errors import NotConfiguredError


def add_partner(exchange: Context, name: str) -> tuple[Partner, str]:
    """Add a partner and its first key; returns the key, which is not kept. Raises NotConfiguredError for the name."""
    kept = kept_name(name)
    if kept is None:
        raise NotConfiguredError(f"partner name: 1 to {MAXIMUM_NAME_SIGNS} printable signs")
    with tx("partners.add", exchange.clock) as now:
        row = Partner(random_id=exchange.random_bytes(16).hex(), name=kept, name_key=name_key(kept), created_at=now)
        if Partner.objects.filter(name_key=row.name_key).exists():
            raise NotConfiguredError("partner name: a partner with this name is here already")
        row.save(force_insert=True)
        return row, _add_key(exchange, row, now, EventName.PARTNER_ADDED)


def revoke_partner(exchange: Context, name: str) -> int:
    """Revoke a partner and all its keys; returns how many keys. Raises NotConfiguredError where there is none."""
    with tx("partners.revoke", exchange.clock) as now:
        partner = _find_partner(name)
        is_new = Partner.objects.filter(id=partner.id, revoked_at=None).update(revoked_at=now)
        keys = PartnerKey.objects.filter(partner=partner, revoked_at=None).update(revoked_at=now)
        if is_new:
            _record(exchange, EventName.PARTNER_REVOKED, now, partner=partner, details={"keys": str(keys)})
        return keys


def add_key(exchange: Context, name: str) -> tuple[Partner, str]:
    """Add one more key for a partner; returns the key, which is not kept. Raises NotConfiguredError."""
    with tx("partners.add_key", exchange.clock) as now:
        partner = _find_partner(name)
        if partner.revoked_at:
            raise NotConfiguredError("partner name: this partner was revoked; add it anew under another name")
        return partner, _add_key(exchange, partner, now, EventName.KEY_ADDED)


def revoke_key(exchange: Context, key_id: str) -> None:
    """Revoke one key by its id or the whole key; raises NotConfiguredError where there is none."""
    short_id = key_id.removeprefix(f"{KEY_PREFIX}_")[:8]
    with tx("partners.revoke_key", exchange.clock) as now:
        if not PartnerKey.objects.filter(key_id=short_id).exists():
            raise NotConfiguredError("key id: no key has this id; `partner list` shows them")
        row = PartnerKey.objects.select_related("partner").get(key_id=short_id)
        if PartnerKey.objects.filter(id=row.id, revoked_at=None).update(revoked_at=now):
            _record(exchange, EventName.KEY_REVOKED, now, partner=row.partner, details={"key": short_id})


def _add_key(exchange: Context, partner: Partner, now: datetime, event: EventName) -> str:
    key_id = exchange.random_bytes(4).hex()
    key = key_text(key_id, exchange.random_bytes(32))
    PartnerKey.objects.create(key_id=key_id, partner=partner, key_hash=key_hash(key), created_at=now)
    _record(exchange, event, now, partner=partner, details={"key": key_id})
    return key


def _find_partner(name: str) -> Partner:
    partner = Partner.objects.filter(name_key=name_key(name)).first()
    if partner is None:
        raise NotConfiguredError("partner name: no partner has this name; `partner list` shows them")
    return partner
