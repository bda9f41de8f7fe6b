# SPDX-License-Identifier: Apache-2.0
"""How a service starts with its list, and what it tells the instances that follow it of how it stands."""

from collections.abc import Callable

from stillmine.partner.instances.copies import Copies
from stillmine.partner.instances.followers import Followers
from stillmine.partner.instances.messages import LeaderStanding
from stillmine.partner.listing.age import ListAge
from stillmine.partner.listing.index import ListIndex, loaded_index
from stillmine.partner.listing.list_copy import ListCopy
from stillmine.partner.screening.way_in_use import WayInUse
from stillmine.partner.service.mending import mend_list
from stillmine.partner.store.store import Store
from stillmine.wire.case_key import Secret
from stillmine.wire.kinds import LISTED_KINDS


def list_in_memory(
    store: Store, monotonic: Callable[[], float], must_stop: Callable[[], bool], *, looks_up: bool, is_leading: bool
) -> tuple[ListIndex, Copies]:
    """Return the index over the list, read from its copy where there is a right one, and what looks after all copies.

    `looks_up`, `is_leading`: whether uploads are looked up in it, and whether other instances may follow.
    """
    on_disk = ListCopy(store.folder)
    read = on_disk.load(store.list_mark()) if looks_up else None
    if read is None:
        mend_list(store)  # else it is looked through while uploads are answered
    store.match_kinds(LISTED_KINDS)
    index = ListIndex() if not looks_up else loaded_index(store) if read is None else read.index
    return index, Copies(
        store, on_disk, Followers(store.folder, monotonic), is_leading=is_leading, must_stop=must_stop, is_checked=read is None
    )


def leader_standing(store: Store, way: WayInUse, age: ListAge, waiting_key: Secret | None) -> Callable[[], LeaderStanding]:
    """Return what says how uploads are looked up now; `waiting_key` is None where none are remembered."""
    key = None if waiting_key is None else bytes(waiting_key)

    def standing() -> LeaderStanding:
        use = way.use
        return LeaderStanding(store.synced_at(), age.is_too_old(), use.way, [error.code for error in use.refused], key)

    return standing
