# SPDX-License-Identifier: Apache-2.0
"""Those who only look: at the public log and statistics, at the feed, at the sizes of a person's traffic, at the answers of asks.

Each looks as often as it can and says in the end, in words and figures, what it learnt. Figures come from what was seen, and are set
beside what really happened, which only the simulation knows.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations, pairwise

import httpx

from tests.exchange.exchange_parts import PartnerClient, numbers

FEW_CASES = 5
"""From so many cases in one tick on its batch is said to hide them: spec/feed.md."""


@dataclass
class PublicObserver:
    """Anybody: reads the public log and the statistics without a key."""

    web: httpx.Client
    checkpoints: list[tuple[datetime, bytes]] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)

    def look(self, now: datetime) -> None:
        """Keep the checkpoint where it is another than before."""
        seen = self.web.get("/api/v1/ledger/checkpoint").content
        if not self.checkpoints or self.checkpoints[-1][1] != seen:
            self.checkpoints.append((now, seen))

    def read_statistics(self) -> None:
        """Keep every count that statistics say; times are none."""
        self.numbers |= set(numbers(self.web.get("/api/v1/statistics").json()))

    @property
    def times(self) -> list[datetime]:
        """When the log changed, after it was first seen."""
        return [at for at, _ in self.checkpoints[1:]]

    @property
    def growth(self) -> list[int]:
        """By how many entries it grew each time."""
        sizes = [int(text.split(b"\n")[1]) for _, text in self.checkpoints]
        return [after - before for before, after in pairwise(sizes)]


@dataclass
class FeedObserver:
    """A list partner that asks for one entry at a time, and guesses what belongs to one person."""

    partner: PartnerClient
    additions: list[list[str]] = field(default_factory=list)
    endings: list[list[str]] = field(default_factory=list)
    cursors: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)

    def look(self) -> None:
        """Ask until there is nothing more; what comes in one go is a batch."""
        added, ended, has_more = [], [], True
        while has_more:
            page = self.partner.fetch(self.partner.cursor, limit=1)
            for entry in page.entries:
                if entry.value is None:
                    ended.append(self.values[entry.id])
                else:
                    self.values[entry.id] = entry.value
                    added.append(entry.value)
            if page.cursor != self.partner.cursor:
                self.cursors.append(page.cursor)
            self.partner.cursor, has_more = page.cursor, page.has_more
        self.additions += [added] if added else []
        self.endings += [ended] if ended else []


@dataclass
class LineObserver:
    """Somebody who watches the person's line: sees sizes, not what is in them."""

    by_files: dict[int, set[tuple[int, int]]] = field(default_factory=dict)

    def watch(self, files: int, sent: int, answered: int) -> None:
        """Keep the sizes of a message about so many files and of its answer."""
        self.by_files.setdefault(files, set()).add((sent, answered))

    @property
    def seen(self) -> set[frozenset[tuple[int, int]]]:
        """The different looks of numbers of files: one where they can't be told apart."""
        return {frozenset(sizes) for sizes in self.by_files.values()}


@dataclass
class AskObserver:
    """An ask partner: sees the answers to what it asks."""

    sizes: Counter[int] = field(default_factory=Counter)
    words: set[str] = field(default_factory=set)

    def watch(self, answer: httpx.Response) -> None:
        """Keep the size of an answer and the names of all that it says."""
        self.sizes[len(answer.content)] += 1
        self.words |= {name for row in answer.json()["answers"] for name in row}


@dataclass(frozen=True)
class Grouping:
    """How well a guess "these two are of one case" does: right guesses, all guesses, and what guessing blindly would hit."""

    right: int
    guesses: int
    blindly: float

    @property
    def share(self) -> float:
        return self.right / self.guesses if self.guesses else 0.0


def neighbours(batches: Iterable[Sequence[str]], case_of: dict[str, int]) -> Grouping:
    """The guess that what stands side by side in a batch belongs together, over batches of several cases."""
    right = guesses = 0
    expected = 0.0
    for batch in batches:
        cases = [case_of[value] for value in batch]
        together = sum(one == other for one, other in combinations(cases, 2))
        right += sum(one == other for one, other in pairwise(cases))
        guesses += len(cases) - 1
        expected += together * 2 / len(cases)
    return Grouping(right, guesses, expected / guesses if guesses else 0.0)


def of_several_cases(batches: Iterable[Sequence[str]], case_of: dict[str, int]) -> list[Sequence[str]]:
    """The batches that are said to hide what belongs together."""
    return [batch for batch in batches if len({case_of[value] for value in batch}) >= FEW_CASES]


def rising(cursors: Sequence[str]) -> float:
    """The share of neighbouring cursors of which the later is the larger: a half where they tell no order."""
    pairs = list(pairwise(cursors))
    return sum(one < other for one, other in pairs) / len(pairs)
