# SPDX-License-Identifier: Apache-2.0
"""Which matches a platform wants listed, from the query of a request.

What is not one of these parameters is refused: a filter that was mistyped and passed over would list the wrong matches. The words are the
platform's own and must never be repeated in an error.
"""

import re

from starlette.datastructures import QueryParams

from stillmine.partner.store.matches import Wanted
from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.screen import MAXIMUM_MATCHES_PER_PAGE, MatchState, require_content_id

_PARAMETERS = {"state", "content_id", "limit", "after"}
_NUMBER = re.compile("[0-9]{1,3}")


def wanted_matches(query: QueryParams) -> Wanted:
    """Return what the query asks for; raises MalformedMessageError."""
    said = dict(query.multi_items())
    if set(said) - _PARAMETERS or len(said) != len(query.multi_items()):
        raise MalformedMessageError(f"query: {', '.join(sorted(_PARAMETERS))}, each once")
    content_id = said.get("content_id")
    return Wanted(
        state=_state(said.get("state", MatchState.OPEN.value)),
        content_id=None if content_id is None else require_content_id(content_id),
        limit=_limit(said.get("limit", "100")),
        after=said.get("after"),
    )


def _state(word: str) -> MatchState:
    try:
        return MatchState(word)
    except ValueError:
        raise MalformedMessageError(f"state: {', '.join(MatchState)}") from None


def _limit(number: str) -> int:
    if not _NUMBER.fullmatch(number) or not 1 <= int(number) <= MAXIMUM_MATCHES_PER_PAGE:
        raise MalformedMessageError(f"limit: 1 to {MAXIMUM_MATCHES_PER_PAGE}")
    return int(number)
