# SPDX-License-Identifier: Apache-2.0
"""Gauges of what a leader, or a service that stands alone, has beside its health: followers, older content, what is owed.

What can't be read at that moment is left out. Must never tell one follower, upload or match from another.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from stillmine.partner.instances.copies import Copies
from stillmine.partner.instances.handing_over import HandingOver
from stillmine.partner.instances.lease import Lease
from stillmine.partner.later.later import Later
from stillmine.partner.older.older_content import OlderContent
from stillmine.partner.store.store import Store
from stillmine.serving.exposition import Family, Sample
from stillmine.wire.errors import StillmineError

Gauges = Callable[[], Iterable[Family]]


def gauges_of_leader(store: Store, copies: Copies, older: OlderContent, later: Later, *, is_leading: bool) -> Gauges:
    """Return what says how followers, older content and open matches are."""

    def gauges() -> Iterator[Family]:
        yield gauge("screenings_waiting", "Uploads that are received or wait for an answer that comes later.", later.waiting)
        with suppress(StillmineError):
            yield gauge("open_matches", "Matches without a decision.", store.open_matches())
        yield from _of_older(older)
        if is_leading or len(copies.followers):
            yield from _of_followers(copies)

    return gauges


def gauges_of_follower(lease: Lease, handing_over: HandingOver, waiting_matches: Callable[[], int]) -> Gauges:
    """Return what says for how long a follower may answer, and what it has yet to hand over."""

    def gauges() -> Iterator[Family]:
        yield gauge("lease_seconds", "For how long this follower may answer, 0 where it may not.", lease.seconds_left)
        yield gauge("waiting_for_leader", "Uploads that the leader is yet to remember.", handing_over.waiting)
        yield gauge("waiting_matches", "Uploads whose matches the leader is yet to record.", waiting_matches())
        yield _not_remembered(handing_over.not_remembered)

    return gauges


def gauge(name: str, words: str, value: float) -> Family:
    """Return a gauge without labels."""
    return Family(f"stillmine_partner_{name}", "gauge", words, [Sample(value)])


def _of_followers(copies: Copies) -> Iterator[Family]:
    seen = copies.followers.seen(copies.log.position)
    yield gauge("followers", "Instances that follow this one.", seen.follow)
    yield gauge("followers_behind", "Of them, those whose last step named another position than the list's.", seen.behind)
    yield gauge("followers_silent_seconds", "Since the last step of the one that is silent for longest.", seen.silent_seconds)
    yield gauge("followers_waiting", "Uploads that they have yet to hand over to be remembered.", seen.waiting)


def _of_older(older: OlderContent) -> Iterator[Family]:
    size = older.size()
    if size is None:
        return
    yield gauge("older_uploads", "Uploads that are remembered.", size.uploads)
    yield gauge("older_bytes", "Bytes of the files that they are in.", size.bytes)
    yield gauge("older_oldest_seconds", "Since the hour of the oldest of them began.", size.oldest_seconds)
    yield _not_remembered(size.not_remembered)
    with suppress(StillmineError):
        yield gauge("older_fingerprints_waiting", "Fingerprints that are still to be looked for in them.", older.fingerprints_waiting())
        hours = older.delay_hours()
        if hours is not None:
            yield gauge("older_delay_hours", "After so many hours at most asking finds one of them.", hours)


def _not_remembered(uploads: int) -> Family:
    return Family(
        "stillmine_partner_older_not_remembered_total", "counter", "Uploads that should be remembered and are not.", [Sample(uploads)]
    )
