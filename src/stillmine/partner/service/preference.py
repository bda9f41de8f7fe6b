# SPDX-License-Identifier: Apache-2.0
"""What a client prefers of when it is answered: the `Prefer` header of RFC 7240. What is not understood is passed over, as it says."""

import re
from typing import NamedTuple

from starlette.requests import Request

MAXIMUM_WAIT_SECONDS = 60

_WAIT = re.compile(r'wait\s*=\s*"?([0-9]{1,6})"?')


class Preference(NamedTuple):
    """Whether the answer may come later, and how long the client waits for one at once."""

    is_later_fine: bool
    wait_seconds: int


def preference_of(request: Request) -> Preference:
    """Return what the client prefers."""
    words = [word.partition(";")[0].strip().lower() for word in ",".join(request.headers.getlist("prefer")).split(",")]
    waits = [int(found[1]) for word in words if (found := _WAIT.fullmatch(word))]
    return Preference("respond-async" in words, min(waits[0], MAXIMUM_WAIT_SECONDS) if waits else 0)
