# SPDX-License-Identifier: Apache-2.0
"""How uploads share requests to the exchange: what waits goes together, nothing waits for a clock, and nobody is left without an answer."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

import pytest

from stillmine.client.errors import ExchangeAnswerError, ExchangeFailedError
from stillmine.client.weight import Weight, weight_of
from stillmine.partner.asking.lane import OVERTAKING_UPLOADS, Answered, Lane
from stillmine.wire.ask import MAXIMUM_ASK_FRAMES, Answer, AskQuery
from stillmine.wire.ask_errors import QuotaUsedUpError
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import ExchangeUnreachableError, MalformedMessageError, StillmineError
from stillmine.wire.kinds import Kind
from tests.partner.partner_parts import Clock


class HeldExchange:
    """Takes requests, and answers one for each `answer`; or fails with what `fails` holds."""

    def __init__(self) -> None:
        self.requests: list[list[AskQuery]] = []
        self.taken = threading.Semaphore(0)
        self.may_answer = threading.Semaphore(0)
        self.fails: Exception | None = None

    def ask(self, queries: Sequence[AskQuery]) -> list[Answer]:
        self.requests.append(list(queries))
        self.taken.release()
        assert self.may_answer.acquire(timeout=60)
        if self.fails is not None:
            raise self.fails
        return [Answer() for _ in queries]


@pytest.fixture
def held() -> HeldExchange:
    return HeldExchange()


@pytest.fixture
def make_lane(held: HeldExchange, clock: Clock) -> Iterator[Callable[[int], Lane]]:
    lanes: list[Lane] = []

    def make(connections: int = 1) -> Lane:
        lanes.append(Lane("test", held, connections, clock, clock.seconds))
        lanes[-1].start()
        return lanes[-1]

    yield make
    for lane in lanes:
        lane.close()
    for _ in range(100):
        held.may_answer.release()


OF_ONE_PERHAPS = (ExchangeFailedError, ExchangeAnswerError)


def upload(number: int, queries: int = 10) -> list[AskQuery]:
    return [AskQuery(Kind.PDQ, f"{number:032x}{place:032x}", f"{number:032x}") for place in range(queries)]


def hand_over(lane: Lane, number: int, queries: int = 10) -> "Future[Answered]":
    asked = upload(number, queries)
    weight = Weight()
    for query in asked:
        weight = weight.plus(weight_of(query.kind, query.value))
    return lane.hand_over(asked, weight)


def fill(
    lane: Lane, held: HeldExchange, uploads: int, refusal: Callable[[Sequence[int]], StillmineError | None], queries: int = 10
) -> "list[Future[Answered]]":
    """Let so many uploads wait for one request, and answer or refuse each request by the numbers of the uploads in it."""
    taken = held.ask

    def ask(queries: Sequence[AskQuery]) -> list[Answer]:
        answers = taken(queries)
        error = refusal(sorted({int(query.upload_token or "", 16) for query in queries} - {uploads}))
        if error is not None:
            raise error
        return answers

    held.ask = ask  # type: ignore[method-assign]
    hand_over(lane, uploads)
    assert held.taken.acquire(timeout=60)
    sent = [hand_over(lane, number, queries) for number in range(uploads)]
    for _ in range(4 * uploads):
        held.may_answer.release()
    return sent


def test_the_first_goes_at_once_and_what_arrives_meanwhile_goes_together(make_lane: Callable[[int], Lane], held: HeldExchange) -> None:
    lane = make_lane(1)
    first = hand_over(lane, 0)
    assert held.taken.acquire(timeout=60)
    others = [hand_over(lane, number) for number in range(1, 6)]
    held.may_answer.release()
    assert held.taken.acquire(timeout=60)
    held.may_answer.release()
    assert [len(answered.result(60).answers) for answered in (first, *others)] == [10] * 6
    assert [len(request) for request in held.requests] == [10, 50]
    assert held.requests[1] == [query for number in range(1, 6) for query in upload(number)], "in the order in which they came"


def test_each_upload_gets_its_own_answers(make_lane: Callable[[int], Lane], held: HeldExchange, monkeypatch: pytest.MonkeyPatch) -> None:
    def echo(queries: Sequence[AskQuery]) -> list[Answer]:
        return [Answer(id=query.value[:32]) for query in queries]

    monkeypatch.setattr(held, "ask", echo)
    lane = make_lane(2)
    handed = [(number, hand_over(lane, number, 1 + number % 7)) for number in range(1, 200)]
    for number, answered in handed:
        assert [answer.id for answer in answered.result(60).answers] == [f"{number:032x}"] * (1 + number % 7)


def test_a_request_holds_no_more_than_the_exchange_takes(make_lane: Callable[[int], Lane], held: HeldExchange) -> None:
    lane = make_lane(1)
    hand_over(lane, 0)
    assert held.taken.acquire(timeout=60)
    waiting = [hand_over(lane, number, 300) for number in range(1, 6)]
    for _ in range(4):
        held.may_answer.release()
    assert all(answered.result(60) for answered in waiting)
    assert [len(request) for request in held.requests] == [10, 900, 600]


def test_a_failure_fails_what_waits_and_one_request_tries_again(make_lane: Callable[[int], Lane], held: HeldExchange, clock: Clock) -> None:
    lane = make_lane(2)
    held.fails = ExchangeUnreachableError("ConnectError")
    first = hand_over(lane, 0)
    assert held.taken.acquire(timeout=60)
    second = hand_over(lane, 1)
    assert held.taken.acquire(timeout=60)
    waiting = hand_over(lane, 2)
    held.may_answer.release()
    held.may_answer.release()
    for answered in (first, second, waiting, hand_over(lane, 3)):
        with pytest.raises(ExchangeUnreachableError):
            answered.result(60)
    assert len(held.requests) == 2
    clock.move(30)
    trying = hand_over(lane, 4)
    assert held.taken.acquire(timeout=60)
    with pytest.raises(ExchangeUnreachableError):
        hand_over(lane, 5).result(0)  # while one tries, the others are answered at once
    held.fails = None
    held.may_answer.release()
    assert trying.result(60)
    held.may_answer.release()
    assert hand_over(lane, 6).result(60)


def test_what_the_exchange_will_not_read_of_one_upload_costs_no_other_its_answer(
    make_lane: Callable[[int], Lane], held: HeldExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = held.ask

    def picky(queries: Sequence[AskQuery]) -> list[Answer]:
        answers = taken(queries)
        if any(query.upload_token == f"{2:032x}" for query in queries):
            raise MalformedMessageError("queries[7]")
        return answers

    monkeypatch.setattr(held, "ask", picky)
    lane = make_lane(1)
    hand_over(lane, 0)
    assert held.taken.acquire(timeout=60)
    handed = [hand_over(lane, number) for number in (1, 2, 3)]
    for _ in range(10):
        held.may_answer.release()
    assert handed[0].result(60)
    assert handed[2].result(60)
    with pytest.raises(MalformedMessageError):
        handed[1].result(60)
    assert lane.problem is None
    assert hand_over(lane, 4).result(60)


@pytest.mark.parametrize("refused", [[0], [37], [63], [3, 4], []])
def test_a_refused_upload_is_found_in_few_requests(make_lane: Callable[[int], Lane], held: HeldExchange, refused: list[int]) -> None:
    sent = fill(make_lane(1), held, 64, lambda numbers: MalformedMessageError() if set(numbers) & set(refused) else None)
    for number, answered in enumerate(sent):
        if number in refused:
            with pytest.raises(MalformedMessageError):
                answered.result(60)
        else:
            assert answered.result(60)
    assert len(held.requests) <= 2 + 2 * 6 * max(1, len(refused))


def test_what_is_left_of_a_quota_is_used(make_lane: Callable[[int], Lane], held: HeldExchange) -> None:
    left = [330]

    def over_quota(numbers: Sequence[int]) -> StillmineError | None:
        if 10 * len(numbers) > left[0]:
            return QuotaUsedUpError()
        left[0] -= 10 * len(numbers)
        return None

    lane = make_lane(1)
    sent = fill(lane, held, 64, over_quota)
    assert [answered.exception(60) is None for answered in sent] == [number < 33 for number in range(64)]
    assert lane.problem == "quota_used_up"
    assert len(held.requests) < 20


def test_where_the_quota_has_no_room_for_the_smallest_the_larger_are_not_tried(
    make_lane: Callable[[int], Lane], held: HeldExchange
) -> None:
    sent = fill(make_lane(1), held, 40, lambda numbers: QuotaUsedUpError() if numbers else None, queries=25)
    for answered in sent:
        with pytest.raises(QuotaUsedUpError):
            answered.result(60)
    assert len(held.requests) <= 2 + 6


def test_a_large_upload_that_the_quota_has_no_room_for_stops_no_small_one(make_lane: Callable[[int], Lane], held: HeldExchange) -> None:
    lane = make_lane(1)
    held.fails = QuotaUsedUpError()
    held.may_answer.release()
    with pytest.raises(QuotaUsedUpError):
        hand_over(lane, 0, queries=960).result(60)
    held.fails = None
    held.may_answer.release()
    assert hand_over(lane, 1).result(60)


@pytest.mark.parametrize("error", OF_ONE_PERHAPS)
def test_an_upload_that_breaks_the_exchange_or_that_a_firewall_refuses_stops_no_other(
    make_lane: Callable[[int], Lane], held: HeldExchange, error: type[StillmineError]
) -> None:
    lane = make_lane(1)
    sent = fill(lane, held, 64, lambda numbers: error() if 37 in numbers else None)
    assert [number for number, answered in enumerate(sent) if answered.exception(60) is not None] == [37]
    for number in range(6):
        broken = hand_over(lane, 37)
        held.may_answer.release()
        with pytest.raises(error):
            broken.result(60)
        held.may_answer.release()
        assert hand_over(lane, 100 + number).result(60)


@pytest.mark.parametrize("error", OF_ONE_PERHAPS)
def test_an_exchange_that_answers_so_always_is_left_alone_and_tried_again_soon(
    make_lane: Callable[[int], Lane], held: HeldExchange, clock: Clock, error: type[StillmineError]
) -> None:
    lane = make_lane(1)
    sent = fill(lane, held, 64, lambda numbers: error() if numbers else None)
    for answered in sent:
        with pytest.raises(error):
            answered.result(60)
    assert len(held.requests) < 12
    for _ in range(5):
        asked = len(held.requests)
        assert lane.problem == error.code
        clock.move(0.5)
        held.may_answer.release()
        with pytest.raises(error):
            hand_over(lane, 1).result(60)
        assert len(held.requests) == asked + 1


def test_what_waits_behind_a_refused_upload_is_not_asked_of_an_exchange_that_went_away(
    make_lane: Callable[[int], Lane], held: HeldExchange
) -> None:
    errors = iter([None, MalformedMessageError(), ExchangeUnreachableError("ConnectError")])
    sent = fill(make_lane(1), held, 64, lambda _: next(errors))
    for answered in sent:
        with pytest.raises(ExchangeUnreachableError):
            answered.result(60)
    assert len(held.requests) == 3


def test_an_exception_that_nobody_foresaw_leaves_the_lane_at_work(
    make_lane: Callable[[int], Lane], held: HeldExchange, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    lane = make_lane(1)
    held.fails = RuntimeError("marked words")
    held.may_answer.release()
    with pytest.raises(StillmineError) as raised:
        hand_over(lane, 0).result(60)
    assert raised.value.code == "internal_error"
    assert "marked" not in caplog.text
    clock.move(30)
    held.fails = None
    held.may_answer.release()
    assert hand_over(lane, 1).result(60)


def test_a_short_film_never_waits_for_all_of_a_long_one(make_lane: Callable[[int], Lane], held: HeldExchange) -> None:
    lane = make_lane(1)
    full = Weight(10, 1000, MAXIMUM_ASK_FRAMES)
    long = [lane.hand_over(upload(part), full, turn=part) for part in range(4)]
    assert held.taken.acquire(timeout=60)
    short = lane.hand_over(upload(9), full)
    for _ in range(5):
        held.may_answer.release()
    assert short.result(60)
    assert all(answered.result(60) for answered in long)
    assert held.requests == [upload(number) for number in (0, 9, 1, 2, 3)]


def test_a_long_film_never_waits_for_all_that_come_after_it(make_lane: Callable[[int], Lane], held: HeldExchange) -> None:
    lane = make_lane(1)
    full = Weight(10, 1000, MAXIMUM_ASK_FRAMES)
    for part in range(3):
        lane.hand_over(upload(part), full, turn=part)
    assert held.taken.acquire(timeout=60)
    last = [lane.hand_over(upload(number), full) for number in range(100, 180)][-1]
    for _ in range(100):
        held.may_answer.release()
    assert last.result(60)
    places = [held.requests.index(upload(part)) for part in range(3)]
    assert all(place <= part * (1 + OVERTAKING_UPLOADS) for part, place in enumerate(places))


def test_an_upload_that_was_given_up_costs_no_query(make_lane: Callable[[int], Lane], held: HeldExchange) -> None:
    lane = make_lane(1)
    hand_over(lane, 0)
    assert held.taken.acquire(timeout=60)
    given_up = hand_over(lane, 1)
    kept = hand_over(lane, 2)
    assert given_up.cancel()
    held.may_answer.release()
    held.may_answer.release()
    assert kept.result(60)
    assert held.requests[1] == upload(2)


def test_a_stop_answers_what_waits_and_takes_nothing_more(make_lane: Callable[[int], Lane], held: HeldExchange) -> None:
    lane = make_lane(1)
    hand_over(lane, 0)
    assert held.taken.acquire(timeout=60)
    waiting = hand_over(lane, 1)
    lane.close()
    with pytest.raises(BusyError):
        waiting.result(60)
    with pytest.raises(BusyError):
        hand_over(lane, 2)
