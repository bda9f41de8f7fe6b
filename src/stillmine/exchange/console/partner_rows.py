# SPDX-License-Identifier: Apache-2.0
"""Partners as the console shows them: who they are, their keys, and how they follow. Never a key and never a value."""

from dataclasses import dataclass
from datetime import date, datetime

from stillmine.exchange.ask.places import unconfirmed_lately, unconfirmed_on
from stillmine.exchange.ask.probing import probed_lately
from stillmine.exchange.ask.queries import queries_on
from stillmine.exchange.partners.health import PartnerHealth, partner_health
from stillmine.exchange.partners.naming import sites_of
from stillmine.exchange.rows.partners import Partner, PartnerKey
from stillmine.exchange.rows.scopes import Way, scopes_of
from stillmine.exchange.transaction.context import Context


@dataclass(frozen=True)
class KeyRow:
    """One key; `scopes` is what it may do now, with its partner's way as it is."""

    id: int
    key_id: str
    scopes: list[str]
    created_at: datetime
    last_used_on: date | None
    ends_at: datetime | None
    revoked_at: datetime | None
    is_live: bool


@dataclass(frozen=True)
class PartnerRow:
    """One partner, as operators see it."""

    id: int
    name: str
    way: Way
    daily_quota: int
    created_at: datetime
    revoked_at: datetime | None
    named_since: date | None
    sites: list[str]
    keys: list[KeyRow]
    health: PartnerHealth
    probed: int
    """Near how many fingerprints its differing matches went beyond the limit in the last seven days."""
    queries_today: int
    unconfirmed_today: int
    """Of how many pictures it was told the places today, and no look found them."""
    unconfirmed: int
    """The most of that on one of the last seven days, 0 below the limit."""

    @property
    def live_keys(self) -> list[KeyRow]:
        """Keys that still open something."""
        return [key for key in self.keys if key.is_live]

    @property
    def is_given_the_list(self) -> bool:
        """True where it follows, or did: how it does matters as long as it has anything."""
        return self.way is Way.LIST or self.health.last_given_at is not None

    @property
    def needs_attention(self) -> bool:
        """True where it is in service and late, can't call any more, or may be working something out."""
        return self.revoked_at is None and bool(self.health.is_late or not self.live_keys or self.probed or self.unconfirmed)


def partner_rows(exchange: Context, now: datetime) -> list[PartnerRow]:
    """Return all partners: those in service first, each group by name."""
    rows = [_row(exchange, partner, now) for partner in Partner.objects.prefetch_related("keys")]
    return sorted(rows, key=lambda each: (each.revoked_at is not None, each.name.casefold()))


def partner_row(exchange: Context, partner_id: int, now: datetime) -> PartnerRow | None:
    """Return one partner, or None."""
    partner = Partner.objects.prefetch_related("keys").filter(id=partner_id).first()
    return _row(exchange, partner, now) if partner else None


def _row(exchange: Context, partner: Partner, now: datetime) -> PartnerRow:
    way = Way(partner.way)
    keys = sorted(partner.keys.all(), key=lambda key: key.id)
    return PartnerRow(
        id=partner.id,
        name=partner.name,
        way=way,
        daily_quota=partner.daily_quota,
        created_at=partner.created_at,
        revoked_at=partner.revoked_at,
        named_since=partner.named_since,
        sites=sites_of(partner.sites),
        keys=[_key_row(key, way, now) for key in keys],
        health=partner_health(partner, now),
        probed=probed_lately(now.date()).get(partner.id, 0),
        queries_today=queries_on(partner, now.date()),
        unconfirmed_today=unconfirmed_on(now.date()).get(partner.id, 0),
        unconfirmed=unconfirmed_lately(exchange, now.date()).get(partner.id, 0),
    )


def _key_row(key: PartnerKey, way: Way, now: datetime) -> KeyRow:
    return KeyRow(
        id=key.id,
        key_id=key.key_id,
        scopes=sorted(scopes_of(key.scopes, way)),
        created_at=key.created_at,
        last_used_on=key.last_used_on,
        ends_at=key.ends_at,
        revoked_at=key.revoked_at,
        is_live=key.revoked_at is None and (key.ends_at is None or key.ends_at > now),
    )
