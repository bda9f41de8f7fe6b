# SPDX-License-Identifier: Apache-2.0
"""When a backfill waits: for the next day's quota, for an exchange that is away, for a store that takes nothing; and what is no answer."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from stillmine.partner.backfill.in_step import READ_AGAIN_SECONDS, InStep
from stillmine.partner.backfill.item import Item
from stillmine.partner.backfill.journal import Counts
from stillmine.partner.backfill.local import Engine
from stillmine.partner.backfill.looking import PAUSES, Looking
from stillmine.partner.backfill.pace import LOOK_SECONDS, Pace, StoppedError
from stillmine.partner.backfill.progress import AsLines, Rate
from stillmine.partner.ground.errors import DeadlineError, ListTooOldError, StoreUnreadableError
from stillmine.partner.screening.screening import Screening
from stillmine.partner.store.place import Place
from stillmine.wire.ask import ExchangeStatus, IndexState
from stillmine.wire.ask_errors import QuotaUsedUpError
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import ExchangeUnreachableError, PartnerKeyRevokedError, StillmineError
from stillmine.wire.screen import ScreenOutcome, ScreenResult
from tests.partner.partner_parts import Clock

AWAY = ScreenResult(ScreenOutcome.NOT_SCREENED, [], None, "exchange_unreachable", left_out=["exchange_unreachable"], retry_after_seconds=5)
SLOW = ScreenResult(ScreenOutcome.NOT_SCREENED, [], None, "deadline", left_out=["deadline"])
UNREAD = ScreenResult(ScreenOutcome.NOT_SCREENED, [], None, "not_an_image", left_out=["not_an_image"])
CLEAR = ScreenResult(ScreenOutcome.NO_MATCH, [], None)
UNKEPT = ScreenResult(ScreenOutcome.MATCH, [], None, not_recorded=StoreUnreadableError.code)
ITEM = Item("a", "a")


@dataclass
class Day:
    """An exchange's day, and a clock that moves while somebody sleeps."""

    clock: Clock
    status: ExchangeStatus = field(default_factory=lambda: ExchangeStatus(1, IndexState.READY, 0, 0, 1000, ["ask"]))
    error: StillmineError | None = None
    looks: int = 0
    slept: float = 0

    def look(self) -> ExchangeStatus:
        self.looks += 1
        if self.error is not None:
            raise self.error
        return self.status

    def sleep(self, seconds: float) -> None:
        self.slept += max(seconds, 30)
        self.clock.move(max(seconds, 30))

    def used(self, queries: int) -> None:
        self.status = ExchangeStatus(1, IndexState.READY, 0, queries, 1000, ["ask"])

    def pace(self, leave: int | None = None, *, looks: bool = True) -> Pace:
        return Pace(self.look if looks else None, leave, self.clock, self.clock.seconds, self.sleep)


@pytest.fixture
def day(clock: Clock) -> Day:
    return Day(clock)


def test_half_of_the_day_is_left_to_new_uploads_and_then_it_waits_for_midnight(day: Day, clock: Clock) -> None:
    pace = day.pace()
    day.used(400)
    pace.wait_turn()
    assert (day.looks, day.slept) == (1, 0)
    clock.move(LOOK_SECONDS)
    day.used(499)
    began, sleep = clock.now, day.sleep

    def slept(seconds: float) -> None:
        assert pace.waiting == QuotaUsedUpError.code
        sleep(seconds)
        if clock.now.date() != began.date():
            day.used(0)

    pace._sleep = slept
    pace.wait_turn()
    assert datetime(2030, 5, 18, 0, 1, tzinfo=UTC) <= clock.now < datetime(2030, 5, 18, 0, 3, tzinfo=UTC)
    assert (day.looks, pace.waiting) == (3, None)


@pytest.mark.parametrize(("leave", "used", "goes_on"), [(0, 900, True), (900, 200, False), (None, 499, False), (None, 100, True)])
def test_what_is_left_is_what_the_operator_says(day: Day, leave: int | None, used: int, goes_on: bool) -> None:
    day.used(used)
    pace = day.pace(leave)
    assert pace._is_short_of_queries() is not goes_on


def test_it_looks_now_and_then_and_not_for_each_item(day: Day, clock: Clock) -> None:
    pace = day.pace()
    for _ in range(50):
        pace.wait_turn()
    assert day.looks == 1
    clock.move(LOOK_SECONDS)
    pace.wait_turn()
    assert day.looks == 2


def test_an_exchange_that_is_away_is_left_to_whoever_asks_and_a_revoked_key_ends_it(day: Day, clock: Clock) -> None:
    day.error = ExchangeUnreachableError()
    pace = day.pace()
    pace.wait_turn()
    clock.move(LOOK_SECONDS)
    day.error = PartnerKeyRevokedError()
    with pytest.raises(PartnerKeyRevokedError):
        pace.wait_turn()


def test_a_stop_ends_any_wait(day: Day) -> None:
    pace = day.pace(looks=False)
    pace.pause("exchange_unreachable", 1e9)
    pace.stop()
    with pytest.raises(StoppedError):
        pace.wait_turn()


class Answers:
    """Stands in for screening and engine: gives these, one after the other, the last again and again."""

    def __init__(self, *results: ScreenResult | StillmineError) -> None:
        self.results = list(results)
        self.tries = 0

    @contextmanager
    def opened(self, _item: Item) -> Iterator[object]:
        yield object()

    def screen_upload(self, *_: object) -> ScreenResult:
        self.tries += 1
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        if isinstance(result, StillmineError):
            raise result
        return result

    def not_screened(self, reason: str, content_id: str | None = None) -> ScreenResult:
        return ScreenResult(ScreenOutcome.NOT_SCREENED, [], None, reason, left_out=[reason], content_id=content_id)


def looking(day: Day, answers: Answers) -> Looking:
    return Looking(cast("Screening", answers), cast("Engine", answers), day.pace(looks=False))


def test_what_passes_is_tried_again_and_never_an_answer(day: Day) -> None:
    answers = Answers(AWAY, AWAY, BusyError(), CLEAR)
    assert looking(day, answers).look(ITEM) is CLEAR
    assert answers.tries == 4
    assert day.slept >= PAUSES[0] + PAUSES[1]


def test_an_exchange_that_stays_away_is_waited_for(day: Day) -> None:
    answers = Answers(*[AWAY] * 40, CLEAR)
    assert looking(day, answers).look(ITEM) is CLEAR


def test_an_item_that_fails_while_others_are_answered_is_not_screened(day: Day) -> None:
    answers = Answers(AWAY)
    look = looking(day, answers)
    original = day.sleep

    def sleep(seconds: float) -> None:
        original(seconds)
        look._answered += 1

    look._pace._sleep = sleep
    assert look.look(ITEM) is AWAY
    assert answers.tries == len(PAUSES) + 1


def test_a_deadline_has_a_second_try(day: Day) -> None:
    assert looking(day, Answers(SLOW, CLEAR)).look(ITEM) is CLEAR
    answers = Answers(SLOW)
    assert looking(day, answers).look(ITEM).left_out == [DeadlineError.code]
    assert answers.tries == 2


def test_a_match_that_is_not_recorded_is_no_answer_however_often(day: Day) -> None:
    kept = ScreenResult(ScreenOutcome.MATCH, [], None)
    answers = Answers(*[UNKEPT] * 20, kept)
    look = looking(day, answers)
    look._answered = 7
    assert look.look(ITEM) is kept


def test_what_can_not_be_read_is_answered_at_once_and_what_ends_the_run_is_raised(day: Day) -> None:
    assert looking(day, Answers(UNREAD)).look(ITEM) is UNREAD
    too_old = ScreenResult(ScreenOutcome.NOT_SCREENED, [], None, "list_too_old", left_out=["list_too_old"])
    with pytest.raises(ListTooOldError):
        looking(day, Answers(too_old)).look(ITEM)


@pytest.fixture
def stored() -> dict[str, object]:
    return {"cursor": "a.1", "synced_at": datetime(2030, 5, 17, 12, 0, tzinfo=UTC)}


def in_step(stored: dict[str, object], clock: Clock) -> InStep:
    def place() -> Place:
        return Place(cast("str", stored["cursor"]), is_acknowledged=True, synced_at=0)

    return InStep(place, lambda: cast("datetime", stored["synced_at"]), clock.seconds)


def test_no_answer_claims_to_know_of_a_change_after_its_list_was_read(stored: dict[str, object], clock: Clock) -> None:
    step = in_step(stored, clock)
    later = datetime(2030, 5, 17, 12, 5, tzinfo=UTC)
    stored["synced_at"] = later
    answer = ScreenResult(ScreenOutcome.NO_MATCH, [], later)
    assert step.as_of_list([answer]) == [answer], "nothing changed, so the list in memory is that of this sync"
    stored.update(cursor="a.2", synced_at=later + timedelta(minutes=5))
    newer = ScreenResult(ScreenOutcome.NO_MATCH, [], later + timedelta(minutes=5))
    assert [result.synced_at for result in step.as_of_list([answer, newer])] == [later, later]
    assert not step.is_to_be_read
    clock.move(READ_AGAIN_SECONDS)
    assert step.is_to_be_read
    stored["cursor"] = "a.1"
    assert step.as_of_list([newer])[0].synced_at == later, "behind once, behind until it is read again"


def test_what_a_day_allows_says_how_long_all_of_it_takes(clock: Clock) -> None:
    rate = Rate(clock.seconds)
    assert rate.seconds_left(Counts(1000, 100, 0, 0), None) is None
    clock.move(60)
    assert rate.seconds_left(Counts(1000, 200, 0, 0), None) == 480
    assert rate.seconds_left(Counts(1000, 200, 0, 0), QuotaUsedUpError.code) == 8 * 86_400
    clock.move(2 * 86_400 - 60)
    assert rate.seconds_left(Counts(1000, 300, 0, 0), QuotaUsedUpError.code) == 7 * 86_400


def test_without_a_terminal_a_line_a_minute_is_enough(clock: Clock) -> None:
    shown = io.StringIO()
    lines = AsLines(shown, clock.seconds)
    for done in range(0, 1000, 10):
        lines.show(Counts(1000, done, 3, 2), "exchange_unreachable" if done == 600 else None)
        clock.move(1)
    assert shown.getvalue().splitlines() == [
        "600 of 1,000, 3 matched, 2 not screened, about 0:00:40 left; waiting [exchange_unreachable]",
    ]
