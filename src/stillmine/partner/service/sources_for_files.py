# SPDX-License-Identifier: Apache-2.0
"""The sources beside the exchange, for files from the command line: what was fetched of them last is looked up, and nothing is followed.

Must never look an upload up in fewer sources than the file names and call it clear.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from stillmine.partner.listing.age import ListAge
from stillmine.partner.listing.index import loaded_index
from stillmine.partner.listing.look_up import ListWay
from stillmine.partner.screening.sources import OwnNegativeBank, Source
from stillmine.partner.service.further_sources import OpenedLists
from stillmine.partner.service.mending import mend_list
from stillmine.partner.sources.bank import BankOfNo, BankWay
from stillmine.partner.sources.file import SourceChoice, SourceType
from stillmine.partner.store.several import SeveralStores
from stillmine.partner.store.store import Store
from stillmine.wire.screen import Action


class ForFiles(NamedTuple):
    """What is looked up beside the exchange, and where matches of all are kept."""

    matches: SeveralStores
    sources: Sequence[Source]
    negative_bank: OwnNegativeBank | None


class Listed(NamedTuple):
    """Makes what looks up in a list: the time, and how old the list may be."""

    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    threads: int
    max_age_hours: int

    def way(self, store: Store) -> ListWay:
        """Return what looks up in the list of this store, which is looked through first."""
        mend_list(store)
        age = ListAge(store, self.clock, self.monotonic, self.max_age_hours)
        return ListWay(store, loaded_index(store), threads=self.threads, is_too_old=age.is_too_old)


@contextmanager
def sources_for_files(
    home: Path,
    store: Store,
    choices: Sequence[SourceChoice],
    listed: Listed,
    exchange_source: Callable[[SourceChoice, Store], Source],
) -> Iterator[ForFiles]:
    """Open them; `exchange_source` makes that of a further exchange. Raises the StillmineError of what can't be opened."""
    lists = OpenedLists(home, store, choices)
    try:
        sources: list[Source] = []
        negative: OwnNegativeBank | None = None
        for choice in choices:
            policy, name = choice.policy, choice.policy.name
            if policy.action is Action.NEVER:
                negative = BankOfNo(lists.banks[name])
            elif choice.type is SourceType.BANK:
                bank = lists.banks[name]
                sources.append(Source(policy, BankWay(bank, listed.clock, listed.threads), None, bank.values_of))
            elif choice.type is SourceType.STOPNCII:
                sources.append(Source(policy, listed.way(lists.lists[name]), None, lists.lists[name].values_of))
            else:
                sources.append(exchange_source(choice, lists.lists[name]))
        yield ForFiles(lists.matches, sources, negative)
    finally:
        for listed_store in lists.lists.values():
            listed_store.close()
        for bank_store in lists.banks.values():
            bank_store.close()
