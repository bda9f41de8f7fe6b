# SPDX-License-Identifier: Apache-2.0
"""Which partners an exchange names to everybody, because they agreed. Must never say how far one has followed: cases move that.

Contract: spec/named-partners.md.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec

MAXIMUM_SITES = 20
SITE_PATTERN = "^[a-z0-9][a-z0-9-]{0,39}$"

Site = Annotated[str, msgspec.Meta(pattern=SITE_PATTERN, max_length=40)]
"""The id of a site or an app, in `content/platforms.yaml`."""


class NamedPartner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`since`: the day from which it is named. `is_connected`: a key of it opened something today or on the seven days before."""

    name: str
    sites: list[Site]
    way: Literal["ask", "list"]
    since: date
    is_connected: bool


class NamedPartners(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of one exchange that may be named, by name."""

    version: Literal[1]
    partners: list[NamedPartner]
