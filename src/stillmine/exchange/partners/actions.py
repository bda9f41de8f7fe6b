# SPDX-License-Identifier: Apache-2.0
"""Add, change and revoke partners and keys: what an operator does on the command line.

Each returns what has to be shown once; nothing that opens a door is stored.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Q

from stillmine.exchange.ground.names import checked_name, name_key, require_no_look_alike
from stillmine.exchange.log.actions import record
from stillmine.exchange.partners.keys import KEY_PREFIX, key_hash, key_text
from stillmine.exchange.protection.keyless import withdraw_all_of
from stillmine.exchange.rows.partners import Partner, PartnerKey
from stillmine.exchange.rows.scopes import Scope, Way, scopes_of, stored_scopes
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.ledger.entry import EventName
from stillmine.wire.errors import NotConfiguredError

MAXIMUM_DAILY_QUOTA = 2_000_000_000
MAXIMUM_GRACE = timedelta(days=90)


def add_partner(exchange: Context, name: str, way: Way = Way.ASK) -> tuple[Partner, str]:
    """Add a partner and its first key; returns the key, which is not kept. Raises NotConfiguredError for the name."""
    kept = checked_name("partner", name)
    with tx("partners.add", exchange.clock) as transaction:
        row = Partner(
            random_id=exchange.random_bytes(16).hex(), name=kept, name_key=name_key(kept), way=way.value, created_at=transaction.now
        )
        if Partner.objects.filter(name_key=row.name_key).exists():
            raise NotConfiguredError(
                "partner name: a partner with this name already exists; choose another name, or add a key to it (`partner key add`)"
            )
        row.save(force_insert=True)
        key = _add_key(
            exchange, transaction, row, "", EventName.PARTNER_ADDED
        )  # takes the log's lock, so two that look alike see each other
        require_no_look_alike("partner", kept, Partner.objects.exclude(id=row.id).values_list("name", flat=True))
        return row, key


def set_partner(exchange: Context, name: str, way: Way | None = None, daily_quota: int | None = None) -> Partner:
    """Change how a partner is connected or how much it may ask a day; None leaves it. Raises NotConfiguredError."""
    if daily_quota is not None and not 0 <= daily_quota <= MAXIMUM_DAILY_QUOTA:
        raise NotConfiguredError(f"queries a day: a number from 0 to {MAXIMUM_DAILY_QUOTA:,}")
    with tx("partners.set", exchange.clock) as transaction:
        partner = live_partner(name)
        partner.way = partner.way if way is None else way.value
        partner.daily_quota = partner.daily_quota if daily_quota is None else daily_quota
        partner.save(update_fields=["way", "daily_quota"])
        details = {"way": partner.way, "daily_quota": str(partner.daily_quota)}
        record(exchange, transaction, EventName.PARTNER_CHANGED, partner=partner.name, details=details)
        return partner


def revoke_partner(exchange: Context, name: str) -> int:
    """Revoke a partner and all its keys, and withdraw all that it handed in; returns how many keys. Raises NotConfiguredError."""
    with tx("partners.revoke", exchange.clock) as transaction:
        partner = find_partner(name)
        is_new = Partner.objects.filter(id=partner.id, revoked_at=None).update(revoked_at=transaction.now)
        keys = PartnerKey.objects.filter(partner=partner, revoked_at=None).update(revoked_at=transaction.now)
        withdraw_all_of(exchange, transaction, partner)
        if is_new:
            record(exchange, transaction, EventName.PARTNER_REVOKED, partner=partner.name, details={"keys": str(keys)})
        return keys


def add_key(exchange: Context, name: str, scopes: Iterable[Scope] = ()) -> tuple[Partner, str]:
    """Add one more key, with all that the partner's way allows unless `scopes` are named; returns the key, which is not kept.

    Raises NotConfiguredError.
    """
    with tx("partners.add_key", exchange.clock) as transaction:
        partner = live_partner(name)
        return partner, _add_key(exchange, transaction, partner, stored_scopes(scopes, Way(partner.way)), EventName.KEY_ADDED)


def rotate_key(exchange: Context, name: str, grace: timedelta, scopes: Iterable[Scope] = ()) -> tuple[Partner, str]:
    """Add a key and let the keys with the same scopes end after `grace`; returns the new one, which is not kept.

    Raises NotConfiguredError, also where it is not clear which keys are meant.
    """
    if not timedelta() <= grace <= MAXIMUM_GRACE:
        raise NotConfiguredError(f"grace: 0 to {MAXIMUM_GRACE.days} days")
    with tx("partners.rotate_key", exchange.clock) as transaction:
        partner = live_partner(name)
        old = PartnerKey.objects.filter(Q(ends_at=None) | Q(ends_at__gt=transaction.now), partner=partner, revoked_at=None)
        wanted = stored_scopes(scopes, Way(partner.way))
        held = set(old.values_list("scopes", flat=True))
        if not wanted and len(held) > 1:
            raise NotConfiguredError("what it may do: this partner has keys with different scopes; name those of the key to replace")
        taken = wanted or next(iter(held), None)
        if taken not in held:
            raise NotConfiguredError("no key with these scopes to replace; `partner key add` makes one")
        old = old.filter(scopes=taken)
        ending = list(old.filter(Q(ends_at=None) | Q(ends_at__gt=transaction.now + grace)).values_list("id", flat=True))
        key = _add_key(exchange, transaction, partner, taken, EventName.KEY_ADDED)
        PartnerKey.objects.filter(id__in=ending).update(ends_at=transaction.now + grace)
        return partner, key


def revoke_key(exchange: Context, key_id: str) -> None:
    """Revoke one key by its id or the whole key; raises NotConfiguredError if there is none."""
    short_id = short_key_id(key_id)
    with tx("partners.revoke_key", exchange.clock) as transaction:
        if not PartnerKey.objects.filter(key_id=short_id).exists():
            raise NotConfiguredError("key id: no key has this id; `partner list` shows them")
        row = PartnerKey.objects.select_related("partner").get(key_id=short_id)
        if PartnerKey.objects.filter(id=row.id, revoked_at=None).update(revoked_at=transaction.now):
            record(exchange, transaction, EventName.KEY_REVOKED, partner=row.partner.name, details={"key": short_id})


def short_key_id(key_id: str) -> str:
    """Return the part of a key that is no secret, from it or from the whole key; nothing of what is neither."""
    short = key_id.removeprefix(f"{KEY_PREFIX}_")[:8]
    return short if re.fullmatch("[0-9a-f]{8}", short) else ""


def note_use(exchange: Context, key_id: int, today: date) -> None:
    """Remember the day of a key's last use, and never a day that is earlier."""
    with tx("partners.note_use", exchange.clock):
        PartnerKey.objects.filter(Q(last_used_on=None) | Q(last_used_on__lt=today), id=key_id).update(last_used_on=today)


def find_partner(name: str) -> Partner:
    """Return the partner of this name, whatever its case; raises NotConfiguredError if there is none."""
    partner = Partner.objects.filter(name_key=name_key(name)).first()
    if partner is None:
        raise NotConfiguredError("partner name: no partner has this name; `partner list` shows them")
    return partner


def live_partner(name: str) -> Partner:
    """Return the partner of this name; raises NotConfiguredError if there is none, or it was revoked."""
    partner = find_partner(name)
    if partner.revoked_at:
        raise NotConfiguredError("partner name: this partner was revoked; add it again under another name")
    return partner


def _add_key(exchange: Context, transaction: Transaction, partner: Partner, scopes: str, event: EventName) -> str:
    key_id = exchange.random_bytes(4).hex()
    key = key_text(key_id, exchange.random_bytes(32))
    PartnerKey.objects.create(key_id=key_id, partner=partner, key_hash=key_hash(key), scopes=scopes, created_at=transaction.now)
    may = ",".join(sorted(scopes_of(scopes, Way(partner.way))))
    record(exchange, transaction, event, partner=partner.name, details={"key": key_id, "way": partner.way, "scopes": may})
    return key
