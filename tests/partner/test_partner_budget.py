# SPDX-License-Identifier: Apache-2.0
"""A file that takes long to decode holds up nobody's short one, and what is over the budget is never called `no_match`."""

import io
import os
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.moving import work
from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.fingerprint.moving.work import animation_work, video_work
from stillmine.partner.fingerprinting import budget
from stillmine.partner.fingerprinting.fingerprinter import LONG_AT_ONCE, MOVING_AT_ONCE, MOVING_NICENESS, SHORT_SECONDS, Fingerprinter
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.fingerprinting.worker_messages import JobResult, Media
from stillmine.partner.fingerprinting.worker_queue import WorkerQueue
from stillmine.partner.fingerprinting.workers import Task
from stillmine.partner.service.room import MAXIMUM_REQUESTS_AT_ONCE
from stillmine.wire.door_errors import BusyError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome
from stillmine.wire.vpdq import parse_vpdq, vpdq_quality
from tests.partner.every_format import every_format, saved
from tests.partner.fake_exchange import FakeExchange
from tests.partner.moving_media import animated_gif, video_file
from tests.partner.partner_parts import Partner

STUBBORN = (sys.executable, "-I", str(Path(__file__).parent / "stubborn_worker.py"))
LONG_ENOUGH = dict.fromkeys(Media, 60.0)


def gif_of_empty_pictures(number: int, side: int = 2000) -> bytes:
    """23 bytes each: one pixel on a large screen."""
    head = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    one = b"\x21\xf9\x04" + struct.pack("<BHBB", 4, 50, 0, 0) + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return head + one * number + b";"


@pytest.fixture
def photographs(root: Path) -> list[Image.Image]:
    return [Image.open(io.BytesIO(path.read_bytes())) for path in sorted((root / "media/clothing").glob("*.jpg"))[:4]]


@pytest.fixture
def single() -> Iterator[Fingerprinter]:
    """`--threads 1`, with workers that obey files."""
    fingerprinter = Fingerprinter(1, STUBBORN, LONG_ENOUGH)
    fingerprinter.start()
    yield fingerprinter
    fingerprinter.close()


def made(fingerprinter: Fingerprinter, data: bytes) -> JobResult:
    with Upload(Path("/")) as upload:
        upload.write(data)
        return fingerprinter.fingerprints(upload)


def test_a_short_video_does_not_wait_for_long_ones(single: Fingerprinter) -> None:
    with ThreadPoolExecutor(3) as threads:
        films = [threads.submit(made, single, b"film hang") for _ in range(3)]
        for _ in range(5):
            assert made(single, b"clip nap").left_out == []
        assert not any(film.done() for film in films)
        single.close()


def test_a_file_that_lies_about_its_length_keeps_no_short_one_waiting(single: Fingerprinter) -> None:
    made(single, b"clip nap")  # the workers have started
    single.short_limit_seconds = 2
    with ThreadPoolExecutor(4) as threads:
        liars = [threads.submit(made, single, b"clip hang") for _ in range(4)]
        assert made(single, b"clip nap").left_out == []
        assert not all(liar.done() for liar in liars)
        single.close()


def test_a_crowd_of_films_leaves_places_to_pictures_and_short_ones(single: Fingerprinter) -> None:
    """Of the 32 uploads that a service takes at once, so it never answers all others that it is busy."""
    made(single, b"clip nap")
    with ThreadPoolExecutor(LONG_AT_ONCE) as threads:
        films = [threads.submit(made, single, b"film hang") for _ in range(LONG_AT_ONCE)]
        wait_until(lambda: single._long_places._value == 0)
        with pytest.raises(BusyError):
            made(single, b"film nap")
        assert made(single, b"clip nap").left_out == []
        assert not any(film.done() for film in films)
        single.close()
    assert LONG_AT_ONCE < MOVING_AT_ONCE < MAXIMUM_REQUESTS_AT_ONCE


def test_a_crowd_of_moving_files_leaves_places_to_pictures(single: Fingerprinter, root: Path) -> None:
    made(single, b"clip nap")
    with ThreadPoolExecutor(MOVING_AT_ONCE) as threads:
        clips = [threads.submit(made, single, b"clip hang") for _ in range(MOVING_AT_ONCE)]
        wait_until(lambda: single._moving_places._value == 0)
        with pytest.raises(BusyError):
            made(single, b"clip nap")
        assert made(single, (root / "media/clothing/coat.jpg").read_bytes()).left_out == []
        assert not all(clip.done() for clip in clips)
        single.close()


def test_pictures_come_before_films_at_the_processor(single: Fingerprinter) -> None:
    pictures, moving = ([os.getpriority(os.PRIO_PROCESS, each) for each in pool.process_ids] for pool in (single._pictures, single._moving))
    assert {place - os.getpriority(os.PRIO_PROCESS, 0) for place in pictures} == {0}
    assert {place - os.getpriority(os.PRIO_PROCESS, 0) for place in moving} == {MOVING_NICENESS}


def test_a_queue_that_leaves_no_time_ends_no_worker(single: Fingerprinter) -> None:
    made(single, b"clip nap")
    processes = set(single.process_ids)
    with pytest.raises(TimeoutError), single._moving._turn(Task(is_moving=True, seconds=5), until=time.monotonic() + 0.4):
        pass
    assert made(single, b"clip nap").left_out == []
    assert set(single.process_ids) == processes


def test_the_shortest_goes_first() -> None:
    queue, order = WorkerQueue(1, 0), list[float]()

    def work(seconds: float) -> None:
        with queue.turn(seconds, seconds > 5, patience_seconds=60):
            order.append(seconds)

    with ThreadPoolExecutor(4) as threads, queue.turn(0, is_long=False, patience_seconds=60):
        for seconds in (9, 3, 1, 7):
            threads.submit(work, seconds)
        wait_until(lambda: len(queue._waiting) == 4)
    assert order == [1, 3, 7, 9]


def test_long_ones_never_take_every_worker_and_short_ones_may() -> None:
    queue = WorkerQueue(2, kept_for_short=1)
    with queue.turn(60, is_long=True, patience_seconds=0):
        with pytest.raises(TimeoutError), queue.turn(50, is_long=True, patience_seconds=0.01):
            pass
        with queue.turn(1, is_long=False, patience_seconds=0), pytest.raises(TimeoutError), queue.turn(1, False, patience_seconds=0.01):
            pass
    with queue.turn(1, False, 0), queue.turn(1, False, 0):
        pass


def test_many_turns_are_all_given_back() -> None:
    queue, at_once, most = WorkerQueue(3, 1), [0, 0], [0, 0]
    lock = threading.Lock()

    def work(number: int) -> None:
        is_long = number % 2 == 0
        with queue.turn(number, is_long, patience_seconds=60):
            for place in {0, int(is_long)}:
                with lock:
                    at_once[place] += 1
                    most[place] = max(most[place], at_once[place])
            time.sleep(0.001)
            for place in {0, int(is_long)}:
                with lock:
                    at_once[place] -= 1

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(200)))
    assert (queue._free, queue._free_for_long, at_once) == (3, 2, [0, 0])
    assert most[0] <= 3
    assert most[1] <= 2


def wait_until(is_done: Callable[[], bool]) -> None:
    for _ in range(1200):
        if is_done():
            return
        time.sleep(0.05)
    raise AssertionError("too late")


def test_pixels_are_counted_without_decoding(photographs: list[Image.Image]) -> None:
    frames = [picture.convert("RGB").resize((320, 240)) for picture in photographs]
    files = [animated_gif(photographs)] + [
        saved(frames[0], name, save_all=True, append_images=frames[1:], duration=1000) for name in ("PNG", "WEBP")
    ]
    for data in files:
        assert animation_work(io.BytesIO(data)).pixels == 320 * 240 * 4
    bomb = gif_of_empty_pictures(30_000)
    assert len(bomb) < 700_000
    assert animation_work(io.BytesIO(bomb)).pixels == 2000 * 2000 * 20_000
    assert animation_work(io.BytesIO(gif_of_empty_pictures(7)[:-15])).pixels == 2000 * 2000 * 6
    for data in (b"GIF89a", b"GIF", b"", b"\x89PNG\r\n\x1a\n", b"RIFF1234WEBP"):
        assert animation_work(io.BytesIO(data)).pixels is None


@pytest.mark.parametrize("rest", [b"\x02\x44\x01\0" + b"\0" * 10, b"\x02\x44\x01\0" + b"\x21\xf9\0" * 10, b"\1x" * 10])
def test_a_gif_of_tiny_blocks_is_not_counted_for_ever(rest: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor are those that hold nothing at all; such a file says nothing of its work, so it is long."""
    steps = []
    monkeypatch.setattr(work, "_MAX_GIF_STEPS", 1000)
    stream = io.BytesIO(gif_of_empty_pictures(1)[:-4] + rest * 1000)
    stream.read = lambda size=-1: steps.append(size) or io.BytesIO.read(stream, size)  # type: ignore[method-assign,func-returns-value]
    assert animation_work(stream).pixels is None
    assert len(steps) < 1100


def test_pictures_behind_bytes_that_mean_nothing_count() -> None:
    """Decoders pass over such bytes, so who adds one must not pass for short."""
    bomb = gif_of_empty_pictures(500)
    assert animation_work(io.BytesIO(bomb[:42] + b"\1" + bomb[42:])).pixels == 2000 * 2000 * 500


def test_a_picture_outside_of_its_screen_counts() -> None:
    small = gif_of_empty_pictures(2, side=10)
    far = small.replace(struct.pack("<HHHH", 0, 0, 1, 1), struct.pack("<HHHH", 3000, 4000, 1, 1))
    assert animation_work(io.BytesIO(far)).pixels == 3001 * 4001 * 2


def test_work_of_a_video_is_its_size_times_its_frames(photographs: list[Image.Image]) -> None:
    told = video_work(io.BytesIO(video_file(photographs, 2.0)))
    assert told.pixels == pytest.approx(320 * 240 * 80, rel=0.05)
    assert told.seconds == pytest.approx(8, rel=0.05)
    assert video_work(io.BytesIO(b"\0\0\0\x18ftypisom")).pixels is None


def test_many_tiny_pictures_are_not_thought_to_be_short(photographs: list[Image.Image]) -> None:
    """Each is hashed in eight turns, however small it is; a crowd of such files must not take the workers of short ones."""
    tiny = io.BytesIO(gif_of_empty_pictures(20_000, side=16))
    assert budget.estimated_seconds(Media.ANIMATION, tiny) > SHORT_SECONDS
    slow = video_file(photographs[:1], 120.0, size=(16, 16))
    assert video_work(io.BytesIO(slow)).pixels == 120 * 2 * 300_000


def test_every_moving_format_has_an_estimate(photographs: list[Image.Image]) -> None:
    for name, data in every_format(photographs):
        if name.startswith(("moving", "lib", "mpeg4")):
            media = Media.ANIMATION if name.startswith("moving") else Media.VIDEO
            assert 0 < budget.estimated_seconds(media, io.BytesIO(data)) < 5, name


def test_what_is_over_the_budget_is_never_no_match(
    partner: Partner, exchange: FakeExchange, photographs: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The protected picture comes first, last, or not at all; half of the file is decoded."""
    exchange.add("f", fingerprint_image(saved(photographs[0].convert("RGB").resize((320, 240)), "PNG")).pdq)
    partner.sync.run()
    monkeypatch.setattr(budget, "ANIMATION_BUDGET_PIXELS", 320 * 240 * 2)
    others = photographs[1:]
    assert partner.screen(animated_gif([photographs[0], *others])).outcome is ScreenOutcome.MATCH
    for pictures in ([*others, photographs[0]], others):
        result = partner.screen(animated_gif(pictures))
        assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "too_much_to_decode")
    assert partner.screen(animated_gif(others[:2])).outcome is ScreenOutcome.NO_MATCH


def test_a_long_video_is_read_as_far_as_the_budget_goes(
    partner: Partner, exchange: FakeExchange, photographs: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = fingerprint_video(io.BytesIO(video_file(photographs[:2], 3.0)))
    text = write_vpdq(start.frames)
    exchange.add_text("v", Kind.VPDQ, text, vpdq_quality(parse_vpdq(text)))
    partner.sync.run()
    monkeypatch.setattr(budget, "VIDEO_BUDGET_SECONDS", 320 * 240 * 60 / budget.VIDEO_PIXELS_PER_SECOND / budget._PROCESSORS)
    assert partner.screen(video_file(photographs, 3.0)).outcome is ScreenOutcome.MATCH
    result = partner.screen(video_file(photographs[2:] + photographs[:2], 3.0))
    assert (result.outcome, result.reason) == (ScreenOutcome.NOT_SCREENED, "too_much_to_decode")
