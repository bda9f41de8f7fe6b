# SPDX-License-Identifier: Apache-2.0
"""Public numbers over HTTP."""

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.ground.edge import answer
from stillmine.exchange.statistics.queries import published


def show(_request: HttpRequest) -> HttpResponse:
    """GET /api/v1/statistics."""
    return answer(published())
