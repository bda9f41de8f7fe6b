# SPDX-License-Identifier: Apache-2.0
"""Hand over what waits for the exchange: reports of uploads and reviews, and votes, in every way.

What is not taken is kept and sent later; its ids make a repetition harmless. Must never drop what the exchange did not take.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Protocol, TypeVar

import msgspec

from stillmine.partner.store.store import Store
from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.feedback import MAXIMUM_FEEDBACK_PER_MESSAGE, Feedback, FeedbackReceipt
from stillmine.wire.screen import FIRST_SOURCE
from stillmine.wire.vote import MAXIMUM_VOTES_PER_MESSAGE, Vote

Named = TypeVar("Named", Feedback, Vote)
"""Both name a fingerprint."""

log = logging.getLogger("stillmine.partner")


class HandedOver(NamedTuple):
    """How many the exchange took, and how many named no fingerprint that it knows."""

    taken: int
    unknown: int


class TakesReports(Protocol):
    """The part of a source's client that reports are handed to."""

    def submit_feedback(self, feedback: list[Feedback]) -> FeedbackReceipt: ...

    def submit_votes(self, votes: list[Vote]) -> FeedbackReceipt: ...


class Reporting:
    """What waits for one source. One thread uses it."""

    def __init__(
        self, client: TakesReports, store: Store, must_stop: Callable[[], bool] = lambda: False, source: str = FIRST_SOURCE
    ) -> None:
        """`store` keeps what waits for all sources; `must_stop` is asked between requests."""
        self._client = client
        self._store = store
        self._source = source
        self._must_stop = must_stop

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._store.waiting_for(self._source)

    def send(self) -> HandedOver:
        """Hand over all feedback that waits, votes after it; raises the StillmineError of what failed."""
        store, client = self._store, self._client
        waiting = partial(store.waiting_feedback, MAXIMUM_FEEDBACK_PER_MESSAGE, self._source)
        reports = self._hand_over(waiting, self._submit, store.remove_feedback)
        waiting_votes = partial(store.waiting_votes, MAXIMUM_VOTES_PER_MESSAGE, self._source)
        votes = self._hand_over(waiting_votes, client.submit_votes, store.remove_votes)
        unknown = reports.unknown + votes.unknown
        if unknown:
            log.warning("the exchange knows no fingerprint for %d reports; they were dropped", unknown)
        return HandedOver(reports.taken + votes.taken, unknown)

    def _submit(self, reports: list[Feedback]) -> FeedbackReceipt:
        """Hand reports over; an exchange that does not know what is older refuses the word for it, and is told without."""
        try:
            return self._client.submit_feedback(reports)
        except MalformedMessageError:
            if not any(report.is_older for report in reports):
                raise
            return self._client.submit_feedback([msgspec.structs.replace(report, is_older=False) for report in reports])

    def _hand_over(
        self, waiting: Callable[[], list[Named]], submit: Callable[[list[Named]], FeedbackReceipt], remove: Callable[[list[Named]], None]
    ) -> HandedOver:
        """Empty one queue, message by message; what the exchange has taken is removed before the next is sent."""
        taken = unknown = 0
        while not self._must_stop() and (sent := waiting()):
            receipt = submit(sent)
            remove(sent)
            nameless = sum(one.fingerprint_id in receipt.unknown for one in sent)
            taken += len(sent) - nameless
            unknown += nameless
        return HandedOver(taken, unknown)
