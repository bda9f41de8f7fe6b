# SPDX-License-Identifier: Apache-2.0
"""Which partner is calling, from the headers of a request.

A missing key, a wrong key and a revoked key are three answers; a wrong key tells nothing about which keys there are.
"""

from django.http import HttpRequest

from stillmine.exchange.partners.models import Partner
from stillmine.exchange.partners.queries import partner_of_key
from stillmine.wire.errors import PartnerKeyMissingError, PartnerKeyUnknownError


def bearer_partner(request: HttpRequest) -> Partner:
    """Return the partner of `Authorization: Bearer …`; raises PartnerKey…Error."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise PartnerKeyMissingError("header: Authorization: Bearer <partner key>")
    return partner_of_key(key)


def stopncii_partner(request: HttpRequest) -> Partner:
    """Return the partner of the two headers of the StopNCII shape, which must hold the same key; raises PartnerKey…Error."""
    function_key = request.headers.get("x-functions-key", "")
    subscription_key = request.headers.get("Ocp-Apim-Subscription-Key", "")
    if not (function_key and subscription_key):
        raise PartnerKeyMissingError("headers: x-functions-key and Ocp-Apim-Subscription-Key")
    if function_key != subscription_key:
        raise PartnerKeyUnknownError("both headers hold the same key")
    return partner_of_key(function_key)
