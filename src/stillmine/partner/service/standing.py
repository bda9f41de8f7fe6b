# SPDX-License-Identifier: Apache-2.0
"""How the service stands: counts and ages for who watches it, and a word for each part. Never a fingerprint.

Fresh is what an answer `no_match` may stand on: a list that was synced a moment ago, an exchange that answered a moment ago.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

from stillmine.partner.asking.queries import PHOTOGRAPH_QUERIES
from stillmine.partner.following.following import Following
from stillmine.partner.ground.errors import ListTooOldError
from stillmine.partner.listing.age import CLOCK_TOLERANCE_SECONDS
from stillmine.partner.screening.sources import Policy
from stillmine.partner.screening.way_in_use import Use
from stillmine.partner.service.further_sources import FurtherSource, words_of
from stillmine.partner.store.store import Store
from stillmine.wire.ask import ExchangeStatus, IndexState
from stillmine.wire.ask_errors import IndexLoadingError, QuotaUsedUpError
from stillmine.wire.errors import StillmineError
from stillmine.wire.readiness import OK, UNKNOWN
from stillmine.wire.screen import Action, Health, OlderHealth, SourceHealth, WebhooksHealth

READY_FROM_BYTES = 1024 * 1024
"""Free on the disk of the home folder: with less the next match may not be kept."""

WORKING = (None, QuotaUsedUpError.code, IndexLoadingError.code)
"""Of asks: the last two are parts of their own."""

FRESH_SECONDS = 120


class Stands(Protocol):
    """How one service stands, whichever kind of instance it is."""

    def health(self) -> Health: ...

    def parts(self) -> dict[str, str]: ...


def source_health(health: Health, policy: Policy, waiting_feedback: int) -> SourceHealth:
    """Return how an exchange is, as one source of several; `waiting_feedback` is what waits for it alone."""
    return SourceHealth(
        policy.name,
        policy.action,
        health.is_fresh,
        health.synced_at,
        health.fingerprints,
        waiting_feedback,
        health.problem,
        health.way,
    )


@dataclass(frozen=True, slots=True)
class Beside:
    """What the platform wants of the exchange, and the sources beside it.

    `would_have_matched` returns how many uploads the dry run of a source matched, `older` how older content is.
    """

    policy: Policy = field(default_factory=Policy)
    further: Sequence[FurtherSource] = ()
    would_have_matched: Callable[[str], int] = lambda _name: 0
    older: Callable[[], OlderHealth | None] = lambda: None


class Standing:
    """Reads how one service stands. Safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        home: Path,
        *,
        use: Callable[[], Use],
        following: Following,
        clock: Callable[[], datetime],
        last_problem: Callable[[], str | None],
        is_list_too_old: Callable[[], bool],
        webhooks: Callable[[], WebhooksHealth | None] = lambda: None,
        beside: Beside = Beside(),
    ) -> None:
        """`use` returns the way in use, `last_problem` the error code of the last round with the exchange."""
        self._policy = beside.policy
        self._further = beside.further
        self._would_have_matched = beside.would_have_matched
        self._webhooks = webhooks
        self._older = beside.older
        self._store = store
        self._home = home
        self._use = use
        self._following = following
        self._clock = clock
        self._last_problem = last_problem
        self._is_list_too_old = is_list_too_old

    def health(self) -> Health:
        """Return counts and ages, of each source where there are several."""
        own = self._own_health()
        if not self._further:
            return own
        sources = [self._with_dry_run(one) for one in (self._of_exchange(own), *(one.health() for one in self._further))]
        needed = [one for one in sources if one.action in (Action.MATCH, Action.REVIEW)]
        problem = next((one.problem for one in needed if one.problem is not None), None)
        return msgspec.structs.replace(own, is_fresh=all(one.is_fresh for one in needed), problem=problem, sources=sources)

    def _of_exchange(self, own: Health) -> SourceHealth:
        return source_health(own, self._policy, self._store.waiting_for(self._policy.name))

    def _with_dry_run(self, health: SourceHealth) -> SourceHealth:
        count = self._would_have_matched(health.name) if health.action is Action.LOG else None
        return msgspec.structs.replace(health, would_have_matched=count)

    def _own_health(self) -> Health:
        use, counts = self._use(), self._store.counts()
        moments = self._moments(use)
        oldest = None if None in moments.values() else min((moment for moment in moments.values() if moment is not None), default=None)
        status: ExchangeStatus | None = self._following.status if use.asks else None
        return Health(
            is_fresh=bool(moments) and not use.refused and all(self._is_fresh(moment) for moment in moments.values()),
            synced_at=oldest,
            age_seconds=None if oldest is None else int(self._clock().timestamp()) - int(oldest.timestamp()),
            fingerprints=counts.fingerprints if use.keeps_list else None,
            waiting_feedback=counts.waiting_feedback,
            problem=self._problem(use),
            way=use.way,
            index=None if status is None else status.index,
            queries_today=None if status is None else status.queries_today,
            queries_a_day=None if status is None else status.queries_a_day,
            regions=self._following.regions,
            webhooks=self._webhooks(),
            older=self._older(),
        )

    def parts(self) -> dict[str, str]:
        """Return a word for each part, with no count and no time in it: spec/readiness.md. A dry run is no part."""
        words = self.own_parts() if self._policy.is_needed else {"store": self._store_word(), "disk": disk_word(self._home)}
        for one in self._further:
            words |= words_of(one) if one.policy.is_needed else {}
        return words

    def _store_word(self) -> str:
        try:
            self._store.counts()
        except (StillmineError, sqlite3.Error, OSError):
            return "down"
        return OK

    def own_parts(self) -> dict[str, str]:
        """Return the words of the exchange, of the store and of the disk."""
        use = self._use()
        is_way_right = (use.lists or use.asks) and not use.refused
        names = [
            *(["sync"] if use.lists else []),
            *(["exchange", "index", "quota"] if use.asks else []),
            *([] if is_way_right else ["way"]),
        ]
        try:
            moments = self._moments(use)
            self._store.counts()
            is_too_old = self._is_list_too_old()
        except (StillmineError, sqlite3.Error, OSError):
            return {"store": "down", **dict.fromkeys(names, UNKNOWN), "disk": disk_word(self._home)}
        words = {"store": OK}
        for name in names:
            words[name] = self._word(moments[name]) if name in moments else self._asking_word(name)
        if "sync" in names and is_too_old:
            words["sync"] = "too_old"
        if words.get("exchange") == OK and self._following.asking_problem not in WORKING:
            words["exchange"] = "failing"
        return {**words, "disk": disk_word(self._home)}

    def _problem(self, use: Use) -> str | None:
        if use.lists and self._is_list_too_old():
            return ListTooOldError.code
        return self._last_problem() or self._following.problem

    def _moments(self, use: Use) -> dict[str, datetime | None]:
        """When each way in use last heard of the exchange."""
        moments: dict[str, datetime | None] = {}
        if use.keeps_list:
            moments["sync"] = self._store.synced_at()
        if use.asks:
            moments["exchange"] = self._following.answered_at
        return moments

    def _word(self, moment: datetime | None) -> str:
        return OK if self._is_fresh(moment) else "never" if moment is None else "late"

    def _asking_word(self, name: str) -> str:
        status = self._following.status
        if name == "way":
            is_list_refused = self._use().keeps_list and self._use().is_key_refused
            return "refused" if status is not None or is_list_refused else UNKNOWN
        if status is None:
            return UNKNOWN
        if name == "index":
            return OK if status.index is IndexState.READY else status.index.value
        return OK if status.queries_left >= PHOTOGRAPH_QUERIES else "used_up"

    def _is_fresh(self, moment: datetime | None) -> bool:
        """Not older than two minutes, and not in the future of this clock."""
        age = None if moment is None else int(self._clock().timestamp()) - int(moment.timestamp())
        return age is not None and -CLOCK_TOLERANCE_SECONDS <= age <= FRESH_SECONDS


def disk_word(home: Path) -> str:
    """Return whether the disk of the home folder has room."""
    found = os.statvfs(home)
    return OK if found.f_bavail * found.f_frsize >= READY_FROM_BYTES else "full"
