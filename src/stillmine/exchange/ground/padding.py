# SPDX-License-Identifier: Apache-2.0
"""Answers about a case in a few sizes only, refusals as well: whoever watches the line can't count files, partners or copies found."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from stillmine.exchange.ground.headers import is_about_case
from stillmine.wire.padding import padded_answer


class pad_answers_of_cases:  # noqa: N801 (Django names middleware by what it does)
    """The outermost middleware, so that what others refuse is padded too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if is_about_case(request.path):
            response.content = padded_answer(response.content)
        return response
