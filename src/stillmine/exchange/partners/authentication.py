# SPDX-License-Identifier: Apache-2.0
"""Which partner is calling, from the headers of a request, and whether its key may do what it asks for.

A missing key, a wrong key, a revoked key and an ended key are four answers; a wrong key tells nothing about which keys there are,
and scopes are looked at only once the whole key was right.
"""

from contextlib import suppress

from django.http import HttpRequest

from stillmine.exchange.partners.actions import note_use
from stillmine.exchange.partners.queries import Caller, caller
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.rows.scopes import ALLOWED, Scope, Way, scopes_of
from stillmine.exchange.transaction.context import context
from stillmine.wire.errors import PartnerKeyMissingError, PartnerKeyUnknownError
from stillmine.wire.partner_errors import ListNotGivenError, ScopeMissingError
from stillmine.wire.storage_errors import StorageFullError


def bearer_partner(request: HttpRequest, scope: Scope | None) -> Partner:
    """Return the partner of `Authorization: Bearer …`, whose key must have `scope` (None: any key will do).

    Raises PartnerKey…Error, ListNotGivenError or ScopeMissingError.
    """
    return bearer_key(request, scope).partner


def bearer_key(request: HttpRequest, scope: Scope | None) -> Caller:
    """Return the key itself, for who says what it may do; raises as `bearer_partner`."""
    scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise PartnerKeyMissingError("header: Authorization: Bearer <partner key>")
    return _checked(key, scope)


def stopncii_partner(request: HttpRequest, scope: Scope | None) -> Partner:
    """Return the partner of the two headers of the StopNCII shape, which must hold the same key; raises as `bearer_partner`."""
    function_key = request.headers.get("x-functions-key", "")
    subscription_key = request.headers.get("Ocp-Apim-Subscription-Key", "")
    if not (function_key and subscription_key):
        raise PartnerKeyMissingError("headers: x-functions-key and Ocp-Apim-Subscription-Key")
    if function_key != subscription_key:
        raise PartnerKeyUnknownError("both headers hold the same key")
    return _checked(function_key, scope).partner


def _checked(key: str, scope: Scope | None) -> Caller:
    exchange = context()
    now = exchange.clock()
    found = caller(key, now)
    if scope is not None:
        require_scope(found, scope)
    if not found.is_noted:
        with suppress(StorageFullError):  # a full disk must not keep a partner from withdrawing
            note_use(exchange, found.key_id, now.date())
    return found


def require_scope(key: Caller, scope: Scope) -> None:
    """Raise ListNotGivenError or ScopeMissingError where a key may not do this now."""
    way = Way(key.partner.way)
    if scope is Scope.LIST and scope not in ALLOWED[way]:
        raise ListNotGivenError
    if scope not in scopes_of(key.scopes, way):
        raise ScopeMissingError(f"scope: {scope}")
