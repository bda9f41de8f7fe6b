# SPDX-License-Identifier: Apache-2.0
"""What those who only look learn in a simulated week, and that it is nothing beyond what the threat model names.

`pytest -m long -s tests/exchange/test_observers.py` says it in words and figures; `make test` watches an hour, most of it
busy. Everybody looks after each event and every minute besides, which is oftener than any of them may in earnest.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from stillmine.wire.case import CaseView
from stillmine.wire.padding import LEAST_ANSWER, PADDING_STEPS, padded
from tests.exchange.ask_parts import ask
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, opening, value
from tests.exchange.observers import (
    FEW_CASES,
    AskObserver,
    FeedObserver,
    LineObserver,
    PublicObserver,
    neighbours,
    of_several_cases,
    rising,
)

START = datetime(2026, 11, 23, 23, 20, tzinfo=UTC)
BUSY_HOUR, OPENINGS_IN_IT, OPENINGS_BESIDE = 23, 180, 30
FILES = (1, 1, 1, 2, 2, 3, 4, 6, 8)


@dataclass
class Week:
    """Everybody, and what really happened."""

    exchange: Context
    web: httpx.Client
    clock: Clock
    follow: Callable[[], None]
    chance: random.Random
    case_of: dict[str, int] = field(default_factory=dict)
    open_cases: list[tuple[Phone, list[int]]] = field(default_factory=list)
    opened: int = 0
    events: int = 0

    def __post_init__(self) -> None:
        self.public = PublicObserver(self.web)
        self.feed = FeedObserver(PartnerClient.add(self.exchange, self.web, "List partner"))
        self.asker = PartnerClient.add(self.exchange, self.web, "Ask partner", Way.ASK)
        self.line, self.answers = LineObserver(), AskObserver()

    def pass_hours(self, hours: int) -> None:
        from stillmine.exchange.log.publishing import publish_due
        from stillmine.exchange.running.upkeep import run_upkeep

        self.clock.until(START)
        for minute in range(hours * 60):
            self.clock.until(START + timedelta(minutes=minute))
            publish_due(self.exchange)
            self.public.look(self.clock.now)
            if minute % 60 == 0:
                run_upkeep(self.exchange)
                self.public.read_statistics()
            for deed in self._due(self.clock.now.hour == BUSY_HOUR):
                deed()
                self.events += 1
                self.public.look(self.clock.now)
                self.feed.look()
            self.feed.look()

    def _due(self, is_busy: bool) -> Iterator[Callable[[], None]]:
        openings = OPENINGS_IN_IT / 60 if is_busy else OPENINGS_BESIDE / (23 * 60)
        for deed, rate in ((self._open, openings), (self._withdraw, openings / 3), (self._ask, openings)):
            whole = int(rate)
            for _ in range(whole + (self.chance.random() < rate - whole)):
                yield deed

    def _open(self) -> None:
        self.opened += 1
        numbers = [self.opened * 10 + place for place in range(self.chance.choice(FILES))]
        address = f"198.18.{self.opened // 250}.{self.opened % 250 + 1}"
        phone = Phone(self.web, self.opened.to_bytes(10))
        self.case_of |= {value(number): self.opened for number in numbers}
        self._send(phone, "case", opening(*numbers), len(numbers), {"X-Forwarded-For": address})
        self.open_cases.append((phone, numbers))

    def _withdraw(self) -> None:
        if len(self.open_cases) < FEW_CASES:
            return
        phone, numbers = self.open_cases.pop(self.chance.randrange(len(self.open_cases)))
        self._send(phone, "case/withdraw", {"version": 1, "fingerprint_id": None}, len(numbers), {})

    def _send(self, phone: Phone, path: str, message: dict[str, object], files: int, headers: dict[str, str]) -> None:
        """As the portal sends it; the line shows both sizes, and those of looking at the case."""
        body = padded(msgspec.json.encode(message))
        answer = self.web.post(f"/api/v1/{path}", content=body, headers={**phone.headers, "Content-Type": "application/json", **headers})
        assert msgspec.json.decode(answer.content, type=CaseView), answer.text
        self.line.watch(files, len(body), len(answer.content))
        self.line.watch(files, 0, len(self.web.get("/api/v1/case", headers=phone.headers).content))

    def _ask(self) -> None:
        """Of a copy that is protected, as often as of a picture that is nobody's."""
        self.follow()
        known = self.chance.choice(self.open_cases)[1][0] if self.open_cases else 0
        number = known if self.chance.random() < 0.5 else -self.chance.randrange(10**6)
        self.answers.watch(ask(self.asker, ("pdq", value(number))))

    def learnt(self) -> Iterator[str]:
        """What each of them can say in the end."""
        public, feed = self.public, self.feed
        yield f"What happened: {self.opened} cases opened, {len(feed.endings)} withdrawals that the partner saw, {self.events} events."
        yield (
            f"Anybody, by the log: it changed {len(public.times)} times, at {sorted({at.strftime('%H:%M') for at in public.times})} UTC, "
            f"by {sorted(set(public.growth))} entries."
        )
        yield f"Anybody, by statistics: the numbers {sorted(public.numbers)}."
        small = [batch for batch in feed.additions if batch not in of_several_cases(feed.additions, self.case_of)]
        alone = sum(len({self.case_of[one] for one in batch}) == 1 for batch in small)
        yield (
            f"The list partner: {len(feed.additions)} batches of additions; {len(small)} of fewer than {FEW_CASES} cases, "
            f"{alone} of them of one case, which it sees to belong together."
        )
        guess = neighbours(of_several_cases(feed.additions, self.case_of), self.case_of)
        yield f"In the others neighbours are of one case {guess.share:.3f} of the time; a blind guess is right {guess.blindly:.3f} of it."
        together = sum(len({self.case_of[one] for one in batch}) == 1 for batch in feed.endings)
        yield f"It saw {len(feed.endings)} batches of tombstones, {together} of one case, which it sees to end together."
        yield f"Of neighbouring cursors the later is the larger one {rising(feed.cursors):.3f} of the time."
        sizes = sorted(set.union(*self.line.by_files.values()))
        yield f"Whoever watches the line: {len(self.line.seen)} look for {len(self.line.by_files)} numbers of files: {sizes}."
        yield f"The ask partner: answers of {sorted(self.answers.sizes)} bytes that say {sorted(self.answers.words)}."


@pytest.fixture
def web(exchange: Context) -> Iterator[httpx.Client]:
    """HTTP into the application as it is served: what was added waits for its tick."""
    transport = httpx.WSGITransport(wsgi_application(exchange), raise_app_exceptions=True, remote_addr="203.0.113.7")
    with httpx.Client(transport=transport, base_url="http://exchange.example") as client:
        yield client


@pytest.mark.parametrize("hours", [1, pytest.param(7 * 24, marks=pytest.mark.long)])
def test_whoever_looks_learns_no_more_than_the_threat_model_names(
    exchange: Context, web: httpx.Client, clock: Clock, follower: Callable[[], None], hours: int
) -> None:
    week = Week(exchange, web, clock, follower, random.Random(20261123))
    week.pass_hours(hours)
    print("\n", *week.learnt(), sep="\n")
    nobody_learns_when_or_how_much(week)
    the_feed_hides_what_it_says(week)
    lines_and_answers_look_alike(week)


def nobody_learns_when_or_how_much(week: Week) -> None:
    assert {(at.hour % 6, at.minute) for at in week.public.times} == {(0, 0)}
    assert all(grown % 64 == 0 for grown in week.public.growth)
    assert all(number % 10 == 0 for number in week.public.numbers)


def the_feed_hides_what_it_says(week: Week) -> None:
    hidden = of_several_cases(week.feed.additions, week.case_of)
    assert len(hidden) > 10
    guess = neighbours(hidden, week.case_of)
    assert guess.share < guess.blindly + 3 * (guess.blindly * (1 - guess.blindly) / guess.guesses) ** 0.5
    assert 0.4 < rising(week.feed.cursors) < 0.6


def lines_and_answers_look_alike(week: Week) -> None:
    assert week.line.by_files.keys() == set(FILES)
    assert week.line.seen == {frozenset({(PADDING_STEPS[0], LEAST_ANSWER), (0, LEAST_ANSWER)})}
    assert len(week.answers.sizes) == 1
    assert week.answers.words == {"outcome", "id", "tags"}
