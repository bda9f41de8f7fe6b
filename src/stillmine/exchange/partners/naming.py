# SPDX-License-Identifier: Apache-2.0
"""Which partners are named to everybody, and for which sites: spec/named-partners.md. Must never name one that no operator named."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Exists, OuterRef, Q

from stillmine.exchange.log.actions import record
from stillmine.exchange.partners.actions import find_partner, live_partner
from stillmine.exchange.rows.partners import Partner, PartnerKey
from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.ledger.entry import EventName
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.named import MAXIMUM_SITES, SITE_PATTERN, NamedPartner, NamedPartners

CONNECTED_WITHIN = timedelta(days=7)


def publish_partner(exchange: Context, name: str, sites: Iterable[str]) -> Partner:
    """Name a partner to everybody, for these sites and no others; raises NotConfiguredError."""
    kept = _checked_sites(sites)
    with tx("partners.publish", exchange.clock) as transaction:
        partner = live_partner(name)
        partner.sites = ",".join(kept)
        partner.named_since = partner.named_since or transaction.now.date()
        partner.save(update_fields=["sites", "named_since"])
        details = {"named": "yes", "sites": partner.sites}
        record(exchange, transaction, EventName.PARTNER_CHANGED, partner=partner.name, details=details)
        return partner


def unpublish_partner(exchange: Context, name: str) -> Partner:
    """Name a partner to nobody any more; nothing happens where it was not named. Raises NotConfiguredError for the name."""
    with tx("partners.unpublish", exchange.clock) as transaction:
        partner = find_partner(name)
        if Partner.objects.filter(id=partner.id, named_since__isnull=False).update(named_since=None, sites=""):
            record(exchange, transaction, EventName.PARTNER_CHANGED, partner=partner.name, details={"named": "no"})
        return partner


def named_partners(now: datetime) -> NamedPartners:
    """Return those that may be named, as everybody is told."""
    used = PartnerKey.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now), partner=OuterRef("id"), revoked_at=None, last_used_on__gte=now.date() - CONNECTED_WITHIN
    )
    rows = Partner.objects.filter(named_since__isnull=False, revoked_at=None).annotate(is_connected=Exists(used))
    told = rows.values_list("name", "sites", "way", "named_since", "is_connected")
    partners = [
        NamedPartner(name=name, sites=sites_of(sites), way=_way(way), since=since, is_connected=is_connected)
        for name, sites, way, since, is_connected in told
        if since is not None
    ]
    return NamedPartners(version=1, partners=sorted(partners, key=lambda partner: partner.name.casefold()))


def sites_of(stored: str) -> list[str]:
    """Return the sites that a partner's row holds."""
    return stored.split(",") if stored else []


def _way(stored: str) -> Literal["ask", "list"]:
    return "list" if stored == Way.LIST else "ask"


def _checked_sites(sites: Iterable[str]) -> list[str]:
    kept = sorted({site.strip() for site in sites} - {""})
    if len(kept) > MAXIMUM_SITES:
        raise NotConfiguredError(f"sites: at most {MAXIMUM_SITES}")
    if not all(re.fullmatch(SITE_PATTERN, site, re.ASCII) for site in kept):
        raise NotConfiguredError("sites: their ids in content/platforms.yaml, small letters, digits and hyphens, such as `instagram`")
    return kept
