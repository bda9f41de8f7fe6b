# SPDX-License-Identifier: Apache-2.0
"""How partners do: what they took, how far behind they are, which withdrawals they have not confirmed.

Only numbers and times are read here, never a value.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min

from stillmine.exchange.feed.models import Acknowledgement, Change, Disclosure, Shape
from stillmine.exchange.feed.queries import first_given
from stillmine.exchange.partners.models import Partner, PartnerKey
from stillmine.wire.case import FingerprintState

PATIENCE = timedelta(minutes=5)
"""A partner that syncs as it should is never behind for longer."""

_CHUNK = 500


@dataclass(frozen=True)
class PartnerHealth:
    """One partner, as operators see it. `behind_since` is the minute of the oldest change that it has not confirmed."""

    id: int
    name: str
    created_at: datetime
    revoked_at: datetime | None
    keys: list[PartnerKey]
    last_page_at: datetime | None
    last_confirmed_at: datetime | None
    behind: int
    behind_since: datetime | None
    unconfirmed_withdrawals: int
    can_confirm: bool
    needs_attention: bool

    @property
    def live_keys(self) -> list[PartnerKey]:
        """Keys that still open something."""
        return [key for key in self.keys if key.revoked_at is None]


def partners_health(now: datetime) -> list[PartnerHealth]:
    """Return all partners: those in service first, each group by name."""
    partners = Partner.objects.prefetch_related("keys")
    found = [_health(partner, now) for partner in partners]
    return sorted(found, key=lambda each: (each.revoked_at is not None, each.name.casefold()))


def partner_health(partner_id: int, now: datetime) -> PartnerHealth | None:
    """Return one partner, or None."""
    partner = Partner.objects.prefetch_related("keys").filter(id=partner_id).first()
    return _health(partner, now) if partner else None


def _health(partner: Partner, now: datetime) -> PartnerHealth:
    pages = Disclosure.objects.filter(partner=partner)
    confirmed = Acknowledgement.objects.filter(partner=partner).aggregate(sequence=Max("sequence"), minute=Max("minute"))
    shapes = set(pages.values_list("shape", flat=True).distinct())
    waiting = Change.objects.filter(superseded_by=None, sequence__gt=confirmed["sequence"] or 0)
    behind_since = waiting.aggregate(oldest=Min("changed_at"))["oldest"] if shapes else None
    can_confirm = shapes != {Shape.STOPNCII.value}
    is_late = can_confirm and behind_since is not None and now - behind_since >= PATIENCE
    keys = sorted(partner.keys.all(), key=lambda key: key.id)
    return PartnerHealth(
        id=partner.id,
        name=partner.name,
        created_at=partner.created_at,
        revoked_at=partner.revoked_at,
        keys=keys,
        last_page_at=pages.aggregate(at=Max("last_at"))["at"],
        last_confirmed_at=confirmed["minute"],
        behind=waiting.count() if shapes else 0,
        behind_since=behind_since,
        unconfirmed_withdrawals=_unconfirmed_withdrawals(partner, confirmed["sequence"] or 0) if shapes else 0,
        can_confirm=can_confirm,
        needs_attention=partner.revoked_at is None and (is_late or all(key.revoked_at for key in keys)),
    )


def _unconfirmed_withdrawals(partner: Partner, confirmed: int) -> int:
    """Count tombstones that this partner still has to confirm, of fingerprints that it was given."""
    tombstones = Change.objects.filter(superseded_by=None, sequence__gt=confirmed).exclude(state=FingerprintState.ACTIVE.value)
    ids = list(tombstones.values_list("fingerprint_id", flat=True))
    count = 0
    for start in range(0, len(ids), _CHUNK):
        given = first_given(Change.objects.filter(fingerprint_id__in=ids[start : start + _CHUNK]))
        count += sum(1 for _, partner_id in given if partner_id == partner.id)
    return count
