# SPDX-License-Identifier: Apache-2.0
"""Partners and their keys. A key is on the one page that answers its making, and can't be shown again."""

import re
from datetime import timedelta

from django.http import HttpResponse

from stillmine.exchange.console.log import logged
from stillmine.exchange.console.pages import Visit, redirect, show
from stillmine.exchange.console.partner_rows import PartnerRow, partner_row, partner_rows
from stillmine.exchange.partners.actions import (
    MAXIMUM_DAILY_QUOTA,
    add_key,
    add_partner,
    revoke_key,
    revoke_partner,
    rotate_key,
    set_partner,
)
from stillmine.exchange.partners.naming import publish_partner, unpublish_partner
from stillmine.exchange.rows.scopes import ALLOWED, Scope, Way
from stillmine.exchange.transaction.context import to_minute
from stillmine.wire.errors import NotConfiguredError, NotFoundError


def show_all(visit: Visit) -> HttpResponse:
    """GET /console/partners."""
    return show(visit, "partners", partners=partner_rows(visit.exchange, to_minute(visit.exchange.clock())))


def show_one(visit: Visit, partner_id: int) -> HttpResponse:
    """GET /console/partners/<id>."""
    return show(visit, "partner", partner=_partner(visit, partner_id))


def show_add(visit: Visit) -> HttpResponse:
    """GET /console/partners/add."""
    return show(visit, "partner_add")


def take_add(visit: Visit) -> HttpResponse:
    """POST /console/partners/add."""
    name, way = visit.typed("name"), Way.LIST if visit.typed("way") == Way.LIST else Way.ASK
    try:
        with logged(visit.exchange, visit.operator.name, "partner_added", name.strip()[:60]):
            partner, key = add_partner(visit.exchange, name, way)
    except NotConfiguredError as error:
        return show(visit, "partner_add", 422, problem=error.detail, name=name, way=way.value)
    return show(visit, "key", partner_id=partner.id, partner_name=partner.name, key=key)


def show_change(visit: Visit, partner_id: int) -> HttpResponse:
    """GET /console/partners/<id>/change."""
    partner = _partner(visit, partner_id)
    return show(visit, "partner_change", partner=partner, way=partner.way.value, quota=partner.daily_quota)


def take_change(visit: Visit, partner_id: int) -> HttpResponse:
    """POST /console/partners/<id>/change."""
    partner, quota = _partner(visit, partner_id), visit.typed("quota")
    way = Way.LIST if visit.typed("way") == Way.LIST else Way.ASK
    try:
        with logged(visit.exchange, visit.operator.name, "partner_changed", partner.name):
            set_partner(visit.exchange, partner.name, way, _number(quota))
    except NotConfiguredError as error:
        return show(visit, "partner_change", 422, partner=partner, way=way.value, quota=quota, problem=error.detail)
    return redirect(f"/console/partners/{partner_id}")


def show_naming(visit: Visit, partner_id: int) -> HttpResponse:
    """GET /console/partners/<id>/naming."""
    partner = _partner(visit, partner_id)
    return show(visit, "partner_naming", partner=partner, named=partner.named_since is not None, sites=" ".join(partner.sites))


def take_naming(visit: Visit, partner_id: int) -> HttpResponse:
    """POST /console/partners/<id>/naming."""
    partner, sites = _partner(visit, partner_id), visit.typed("sites")
    is_named = visit.typed("named") == "yes"
    try:
        with logged(visit.exchange, visit.operator.name, "partner_changed", partner.name):
            if is_named:
                publish_partner(visit.exchange, partner.name, re.split(r"[\s,]+", sites))
            else:
                unpublish_partner(visit.exchange, partner.name)
    except NotConfiguredError as error:
        return show(visit, "partner_naming", 422, partner=partner, named=is_named, sites=sites, problem=error.detail)
    return redirect(f"/console/partners/{partner_id}")


def show_add_key(visit: Visit, partner_id: int) -> HttpResponse:
    """GET /console/partners/<id>/keys/add."""
    partner = _partner(visit, partner_id)
    return show(visit, "key_add", partner=partner, scopes=sorted(ALLOWED[partner.way]), chosen=[], grace="")


def take_add_key(visit: Visit, partner_id: int) -> HttpResponse:
    """POST /console/partners/<id>/keys/add: one more key, or one that takes the place of those with the same scopes."""
    partner = _partner(visit, partner_id)
    chosen = [scope for scope in Scope if scope.value in visit.request.POST.getlist("scope")]
    grace = visit.typed("grace")
    try:
        with logged(visit.exchange, visit.operator.name, "key_rotated" if grace else "key_added", partner.name):
            _, key = (
                rotate_key(visit.exchange, partner.name, timedelta(days=_number(grace)), chosen)
                if grace
                else add_key(visit.exchange, partner.name, chosen)
            )
    except NotConfiguredError as error:
        shown = {"scopes": sorted(ALLOWED[partner.way]), "chosen": chosen, "grace": grace, "problem": error.detail}
        return show(visit, "key_add", 422, partner=partner, **shown)
    return show(visit, "key", partner_id=partner.id, partner_name=partner.name, key=key)


def show_revoke_key(visit: Visit, partner_id: int, key_number: int) -> HttpResponse:
    """GET /console/partners/<id>/keys/<number>/revoke."""
    partner = _partner(visit, partner_id)
    return show(visit, "key_revoke", partner=partner, key=_key_id(partner, key_number), is_last=len(partner.live_keys) == 1)


def take_revoke_key(visit: Visit, partner_id: int, key_number: int) -> HttpResponse:
    """POST /console/partners/<id>/keys/<number>/revoke."""
    key_id = _key_id(_partner(visit, partner_id), key_number)
    with logged(visit.exchange, visit.operator.name, "key_revoked", key_id):
        revoke_key(visit.exchange, key_id)
    return redirect(f"/console/partners/{partner_id}")


def show_revoke(visit: Visit, partner_id: int) -> HttpResponse:
    """GET /console/partners/<id>/revoke."""
    return show(visit, "partner_revoke", partner=_partner(visit, partner_id))


def take_revoke(visit: Visit, partner_id: int) -> HttpResponse:
    """POST /console/partners/<id>/revoke."""
    partner = _partner(visit, partner_id)
    with logged(visit.exchange, visit.operator.name, "partner_revoked", partner.name):
        revoke_partner(visit.exchange, partner.name)
    return redirect(f"/console/partners/{partner_id}")


def _partner(visit: Visit, partner_id: int) -> PartnerRow:
    found = partner_row(visit.exchange, partner_id, to_minute(visit.exchange.clock()))
    if found is None:
        raise NotFoundError
    return found


def _key_id(partner: PartnerRow, key_number: int) -> str:
    """Return the key's public id; a number of another partner's key names nothing here."""
    for key in partner.live_keys:
        if key.id == key_number:
            return key.key_id
    raise NotFoundError


def _number(text: str) -> int:
    """Return a typed number; anything else is as much out of bounds as a number that is too large."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAXIMUM_DAILY_QUOTA))
    return int(text) if is_number else MAXIMUM_DAILY_QUOTA + 1
