# SPDX-License-Identifier: Apache-2.0
"""What `GET /readyz` answers, at an exchange and at a partner: one word for each part, so that it can be open to anybody.

No count, no name and no time belongs in here.
"""

from typing import Annotated

import msgspec

OK = "ok"
UNKNOWN = "unknown"

Word = Annotated[str, msgspec.Meta(pattern="^[a-z_]{1,20}$")]


class Readiness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`is_ready` is true where every part says `ok`; 200 then, else 503."""

    is_ready: bool
    parts: dict[Word, Word]


def readiness(parts: dict[str, str]) -> Readiness:
    """Return the answer for these parts."""
    return Readiness(is_ready=all(word == OK for word in parts.values()), parts=parts)
