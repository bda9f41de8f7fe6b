# SPDX-License-Identifier: Apache-2.0
"""Who takes part, over HTTP, to anybody."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.ground.edge import answer
from stillmine.exchange.partners.naming import named_partners
from stillmine.exchange.transaction.context import context


def show_named(_request: HttpRequest) -> HttpResponse:
    """GET /api/v1/partners."""
    return answer(named_partners(context().clock()))
