# SPDX-License-Identifier: Apache-2.0
"""The two ways to be a partner and what a key may do, as spec/feed.md gives them.

A key can never do more than its partner's way allows, whatever its row says: a partner that is set back to asking loses the
list with that, at once and with every key.
"""

from collections.abc import Iterable
from enum import StrEnum

from stillmine.wire.errors import NotConfiguredError


class Way(StrEnum):
    """How a partner is connected."""

    ASK = "ask"
    LIST = "list"


class Scope(StrEnum):
    """One thing that a key may do."""

    ASK = "ask"
    LIST = "list"
    SUBMIT = "submit"
    FEEDBACK = "feedback"


ALLOWED: dict[Way, frozenset[Scope]] = {
    Way.ASK: frozenset({Scope.ASK, Scope.SUBMIT, Scope.FEEDBACK}),
    Way.LIST: frozenset(Scope),
}


def stored_scopes(scopes: Iterable[Scope], way: Way) -> str:
    """Return the text that a key's row holds; empty for no scopes, which means all that the way allows, also when it changes.

    Raises NotConfiguredError for a scope that this way does not allow.
    """
    chosen = frozenset(scopes)
    if chosen - ALLOWED[way]:
        raise NotConfiguredError(f"what it may do: a partner of the way `{way}` may have {', '.join(sorted(ALLOWED[way]))}")
    return ",".join(sorted(chosen))


def scopes_of(stored: str, way: Way) -> frozenset[Scope]:
    """Return what a key may do now."""
    chosen = frozenset(Scope(scope) for scope in stored.split(",")) if stored else ALLOWED[way]
    return chosen & ALLOWED[way]
