# SPDX-License-Identifier: Apache-2.0
"""The answer to an upload as a status alone, for upload hooks that read nothing else. Contract: spec/screen.md, "The status form".

Must never answer 200 for what was not compared whole, nor 451 for what only a reviewer may judge.
"""

from starlette.datastructures import QueryParams
from starlette.responses import Response

from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.screen import FOR_A_REVIEWER, Action, ScreenMatch, ScreenOutcome, ScreenResult

ALLOW, LATER, LATER_AS_FAILURE, STOP = 200, 202, 503, 451

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def is_for_review(match: ScreenMatch, result: ScreenResult) -> bool:
    """Whether a rule must not act on it."""
    is_for_reviewer = match.action is Action.REVIEW or match.match_class in FOR_A_REVIEWER or match.is_flagged
    return is_for_reviewer or result.is_by_sound_alone


def later_status(query: QueryParams) -> int:
    """Return the status for what a person or another try decides; raises MalformedMessageError."""
    words = {str(LATER): LATER, str(LATER_AS_FAILURE): LATER_AS_FAILURE}
    said = query.multi_items()
    if not said:
        return LATER
    if len(said) != 1 or said[0][0] != "later" or said[0][1] not in words:
        raise MalformedMessageError(f"query: later, {' or '.join(words)}, once")
    return words[said[0][1]]


def in_status(result: ScreenResult, later: int) -> Response:
    """Return an answer without a body."""
    headers = dict(_HEADERS)
    if result.outcome is ScreenOutcome.NO_MATCH:
        return Response(status_code=ALLOW, headers=headers)
    if not all(is_for_review(match, result) for match in result.matches):
        return Response(status_code=STOP, headers=headers)
    if result.retry_after_seconds is not None:
        headers["Retry-After"] = str(result.retry_after_seconds)
    return Response(status_code=later, headers=headers)
