# SPDX-License-Identifier: Apache-2.0
"""Banks that HMA's clients make: the platform's own, in one source that is called `hma`.

Must never reach another bank of the platform's, least of all the negative one, and never what comes from an exchange.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from stillmine.partner.ground.errors import HmaReadOnlyError
from stillmine.partner.hma.answers import Held
from stillmine.partner.hma.banks import Bank, Banks, Matches
from stillmine.partner.hma.doors import HmaChoice
from stillmine.partner.screening.sources import Policy
from stillmine.partner.service.service import PlatformBanks
from stillmine.partner.sources.bank_contents import BankContents, Content
from stillmine.partner.sources.bank_entries import Entry
from stillmine.partner.sources.file import SourceChoice, SourceType
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import Action, ScreenMatch

HMA_SOURCE = "hma"
HOLDER_BYTES = 16


def with_own_banks(choice: HmaChoice, further: Sequence[SourceChoice]) -> list[SourceChoice]:
    """Return the sources with that of HMA's banks, where its calls are answered; raises NotConfiguredError."""
    named = next((one for one in further if one.policy.name == HMA_SOURCE), None)
    if choice is HmaChoice.OFF:
        return list(further)
    if named is None:
        return [*further, SourceChoice(Policy(HMA_SOURCE, is_told=False), SourceType.BANK)]
    if named.type is not SourceType.BANK or named.policy.action is Action.NEVER:
        raise NotConfiguredError(f"--config: {HMA_SOURCE}: with --hma this name is for a {SourceType.BANK}, and not for {Action.NEVER}")
    return list(further)


class OwnBanks:
    """All of them. Safe to use from several threads; each method raises StoreUnreadableError."""

    def __init__(self, banks: Banks, own: PlatformBanks, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]) -> None:
        self._banks = banks
        store = own.stores.get(HMA_SOURCE)
        self._contents = None if store is None else BankContents(store)
        self._fingerprints_of = own.fingerprints_of
        self._clock = clock
        self._random_bytes = random_bytes
        self._lock = threading.Lock()

    def make(self, name: str, enabled_ratio: float) -> Bank:
        """Make an empty one; raises HmaBankExistsError, HmaReadOnlyError, MalformedMessageError."""
        if self._contents is None:
            raise HmaReadOnlyError("several instances have no banks of their own")
        bank = Bank(Matches.OWN, enabled_ratio, self._random_bytes(HOLDER_BYTES).hex())
        self._banks.add(name, bank)
        return bank

    def delete(self, name: str) -> None:
        """Forget a bank's name, and of a bank of the platform's own all that it holds; raises HmaBankNotFoundError."""
        with self._lock:
            holder = self._banks.get(name).holder
            if holder is not None and self._contents is not None:
                self._contents.remove_all(holder)  # first: what has no name can't be deleted again
            self._banks.remove(name)

    def require_own(self, name: str) -> tuple[str, BankContents]:
        """Return whose contents are this bank's, and all contents; raises HmaBankNotFoundError, HmaReadOnlyError."""
        holder = self._banks.get(name).holder
        if holder is None or self._contents is None:
            raise HmaReadOnlyError
        return holder, self._contents

    def add(self, name: str, entries: Sequence[Entry], note: str, about: str) -> int:
        """Add a content; returns its number. Raises as `require_own` does, and HmaBankFullError."""
        with self._lock:  # a bank that is deleted meanwhile gets nothing more
            holder, contents = self.require_own(name)
            return contents.add(holder, entries, note, about, int(self._clock().timestamp()) // 60)

    def content(self, name: str, number: int) -> tuple[Bank, Content]:
        """Return one, and its bank; raises as `require_own` does, and HmaContentNotFoundError."""
        holder, contents = self.require_own(name)
        return self._banks.get(name), contents.get(holder, number)

    def change_note(self, name: str, number: int, note: str) -> None:
        """Give a content another note; raises as `content` does."""
        holder, contents = self.require_own(name)
        contents.change_note(holder, number, note)

    def remove(self, name: str, number: int) -> int:
        """Remove a content; returns how many were there. Raises as `require_own` does."""
        holder, contents = self.require_own(name)
        return contents.remove(holder, number)

    def held(self, matches: Iterable[ScreenMatch]) -> Held:
        """Return what holds the fingerprints that matched, by match id."""
        if self._contents is None:
            return {}
        own = [bytes.fromhex(match.match_id) for match in matches if match.source == HMA_SOURCE]
        entries = self._fingerprints_of(own) if own else {}
        return {match_id.hex(): self._contents.having(entry) for match_id, entry in entries.items()}


def shown(name: str, bank: Bank) -> Mapping[str, object]:
    """Return a bank in HMA's shape."""
    return {"name": name, "matching_enabled_ratio": bank.enabled_ratio}
