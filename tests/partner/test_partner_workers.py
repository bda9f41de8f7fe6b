# SPDX-License-Identifier: Apache-2.0
"""Worker processes: whatever a file does to one, the upload is answered and the next one is screened as ever."""

import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fingerprinting import workers
from stillmine.partner.fingerprinting.fingerprinter import PICTURE_MEMORY_BYTES, Fingerprinter
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.fingerprinting.worker_messages import MAXIMUM_RESULT_BYTES, JobResult, Media, WorkerGoneError
from stillmine.partner.fingerprinting.workers import JOBS_PER_WORKER, Task, WorkerPool, WorkerSettings
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import one_source
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import ScreenOutcome
from tests.more_media import SMALL
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, Partner

PHOTOGRAPH = "media/clothing/coat.jpg"
STUBBORN = (sys.executable, "-I", str(Path(__file__).parent / "stubborn_worker.py"))
LONG_ENOUGH = dict.fromkeys(Media, 60.0)
SHORT = dict.fromkeys(Media, 1.5)


@pytest.fixture
def photograph(root: Path) -> bytes:
    return (root / PHOTOGRAPH).read_bytes()


@pytest.fixture
def fingerprinter() -> Iterator[Fingerprinter]:
    """Workers that obey files, two of each sort, in no hurry."""
    opened = Fingerprinter(2, STUBBORN, LONG_ENOUGH)
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def hasty() -> Iterator[Fingerprinter]:
    """One worker of each sort, given up on soon, after it has started."""
    opened = Fingerprinter(1, STUBBORN, SHORT)
    opened.start()
    opened.deadline_seconds.update(LONG_ENOUGH)
    made(opened, b"x")
    opened.deadline_seconds.update(SHORT)
    yield opened
    opened.close()


def made(fingerprinter: Fingerprinter, data: bytes) -> JobResult:
    with Upload(Path("/")) as upload:
        upload.write(data)
        return fingerprinter.fingerprints(upload)


def test_a_worker_makes_what_this_process_would(fingerprinter: Fingerprinter, photograph: bytes) -> None:
    answer = made(fingerprinter, photograph)
    expected = fingerprint_image(photograph)
    assert (answer.media, answer.is_final, answer.left_out) == (Media.IMAGE, True, [])
    (whole,) = answer.pictures
    assert (tuple(whole.hashes), whole.quality, whole.undone) == (expected.variants, expected.quality, [])
    assert (len(answer.digest(Kind.SHA256)), len(answer.digest(Kind.MD5))) == (32, 16)


@pytest.mark.parametrize(
    "order",
    [b"die", b"eat", b"lie \0\0\0\1x", b"lie \xff\xff\xff\xff", b"lie " + (MAXIMUM_RESULT_BYTES + 1).to_bytes(4), b"lie \0\0\0\3\x81\xa1x"],
)
def test_what_ends_a_worker_is_said_and_the_next_upload_is_read(fingerprinter: Fingerprinter, photograph: bytes, order: bytes) -> None:
    before = set(fingerprinter.process_ids)
    for _ in range(3):
        assert made(fingerprinter, order).left_out == ["decoder_stopped"]
    assert made(fingerprinter, photograph).left_out == []
    after = fingerprinter.process_ids
    assert len(after) == len(before)
    assert set(after) != before


def test_a_worker_that_hangs_is_ended_at_the_deadline(hasty: Fingerprinter, photograph: bytes) -> None:
    before = set(hasty.process_ids)
    assert made(hasty, b"hang").left_out == ["deadline"]
    hasty.deadline_seconds.update(LONG_ENOUGH)
    assert made(hasty, photograph).left_out == []
    (gone,) = before - set(hasty.process_ids)
    assert not Path(f"/proc/{gone}").exists()


def test_what_was_known_before_the_end_is_kept(hasty: Fingerprinter) -> None:
    for order, reason in ((b"half hang", "deadline"), (b"half die", "decoder_stopped")):
        hasty.deadline_seconds.update(SHORT if reason == "deadline" else LONG_ENOUGH)
        answer = made(hasty, order)
        assert (answer.digest(Kind.SHA256), answer.digest(Kind.MD5), answer.left_out) == (b"s" * 32, b"m" * 16, [reason])


def test_processor_time_is_limited_though_the_deadline_is_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "CPU_SECONDS_PER_SECOND", 0)
    fingerprinter = Fingerprinter(1, STUBBORN, LONG_ENOUGH)
    fingerprinter.start()
    try:
        assert made(fingerprinter, b"spin").left_out == ["decoder_stopped"]
    finally:
        fingerprinter.close()


def test_a_worker_killed_in_the_middle_of_a_job_is_replaced(fingerprinter: Fingerprinter, photograph: bytes) -> None:
    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(made, fingerprinter, b"hang") for _ in range(2)]
        pictures = fingerprinter.process_ids[:2]
        time.sleep(0.3)
        for process_id in pictures:
            os.kill(process_id, signal.SIGKILL)
        assert [job.result(timeout=50).left_out for job in jobs] == [["decoder_stopped"]] * 2
    assert made(fingerprinter, photograph).left_out == []
    assert not set(pictures) & set(fingerprinter.process_ids)


def test_waiting_for_a_free_worker_counts(hasty: Fingerprinter) -> None:
    with ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: made(hasty, b"hang"), range(3)))
    assert {tuple(answer.left_out) for answer in answers} == {("deadline",)}


def test_a_worker_has_nothing_of_the_service(fingerprinter: Fingerprinter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLMINE_PARTNER_KEY", "secret")
    fresh = Fingerprinter(1, STUBBORN, LONG_ENOUGH)
    fresh.start()
    try:
        with (tmp_path / "open in the service").open("wb"):
            found = made(fresh, b"report " + bytes(tmp_path / "made by a worker")).left_out
    finally:
        fresh.close()
    assert {name for name in found if name.startswith("environment")} == {
        *(f"environment {name}" for name in workers.ENVIRONMENT),
        *(["environment LC_CTYPE"] if "environment LC_CTYPE" in found else []),
    }
    # Three standard ones, the connection and the upload.
    assert len([name for name in found if name.startswith("descriptor")]) == 5
    assert "could not write" in found


def test_closing_ends_every_process_and_whoever_waits(photograph: bytes) -> None:
    fingerprinter = Fingerprinter(2, STUBBORN, LONG_ENOUGH)
    fingerprinter.start()
    assert made(fingerprinter, photograph).left_out == []
    with ThreadPoolExecutor(1) as threads:
        job = threads.submit(made, fingerprinter, b"hang")
        time.sleep(0.3)
        process_ids = fingerprinter.process_ids
        fingerprinter.close()
        assert job.result(timeout=50).left_out == ["decoder_stopped"]
    assert made(fingerprinter, photograph).left_out == ["decoder_stopped"]
    wait_until_gone(process_ids)


def test_workers_end_with_a_service_that_was_killed() -> None:
    program = (
        "import sys, time\nfrom stillmine.partner.fingerprinting.fingerprinter import Fingerprinter\n"
        "fingerprinter = Fingerprinter(2)\nfingerprinter.start()\nprint(*fingerprinter.process_ids, flush=True)\ntime.sleep(600)"
    )
    service = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    process_ids = [int(word) for word in service.stdout.readline().split()]
    service.kill()
    service.communicate()
    assert len(process_ids) == 4
    wait_until_gone(process_ids)


def wait_until_gone(process_ids: list[int]) -> None:
    for _ in range(600):
        if not any(is_running(process_id) for process_id in process_ids):
            return
        time.sleep(0.05)
    raise AssertionError("a worker outlived its service")


def is_running(process_id: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return False


def test_a_worker_is_replaced_after_enough_jobs(photograph: bytes) -> None:
    pool, at_work, getting_ready = opened_pool(jobs=3), [], []
    try:
        for _ in range(7):
            with pool._worker() as worker:
                at_work.append(worker.process_id)
                worker.jobs += 1
            getting_ready.append(set(pool.process_ids) - {at_work[-1]})
        answer = worked(pool, photograph)
    finally:
        pool.close()
    assert answer.left_out == []
    assert [at_work.index(process_id) for process_id in at_work] == [0, 0, 0, 3, 3, 3, 6]
    assert getting_ready[0] == getting_ready[1] == {at_work[3]}, "the next one is there before it is needed"
    wait_until_gone([*at_work, *set().union(*getting_ready)])


def test_a_worker_that_ends_before_its_time_is_followed_by_the_one_that_got_ready(photograph: bytes) -> None:
    pool = opened_pool(jobs=3)
    try:
        assert worked(pool, photograph).left_out == []
        both = set(pool.process_ids)
        ended = worn_by_accident(pool)
        assert both - {ended} == set(pool.process_ids)
        assert worked(pool, photograph).left_out == []
    finally:
        pool.close()
    wait_until_gone([*both, *pool.process_ids])


def worn_by_accident(pool: WorkerPool) -> int:
    try:
        with pool._worker() as worker:
            raise WorkerGoneError
    except WorkerGoneError:
        return worker.process_id


def opened_pool(jobs: int = JOBS_PER_WORKER) -> WorkerPool:
    pool = WorkerPool(1, WorkerSettings(PICTURE_MEMORY_BYTES, jobs=jobs))
    pool.start()
    return pool


def worked(pool: WorkerPool, data: bytes) -> JobResult:
    with Upload(Path("/")) as upload:
        upload.write(data)
        return pool.work(upload, Task(is_moving=False, seconds=60), JobResult(Media.UNKNOWN))


def mutated(data: bytes, source: random.Random) -> bytes:
    """The file with some bytes changed, cut out or repeated, its first ones left."""
    spoilt = bytearray(data)
    for _ in range(source.randint(1, 30)):
        place = source.randrange(8, len(spoilt))
        choice = source.randrange(3)
        if choice == 0:
            spoilt[place] = source.randrange(256)
        elif choice == 1:
            del spoilt[place : place + source.randint(1, 50)]
        else:
            spoilt[place:place] = spoilt[place : place + source.randint(1, 50)]
    return bytes(spoilt)


def bad_files(photograph: bytes) -> Iterator[bytes]:
    source = random.Random(20261122)
    picture = Image.open(io.BytesIO(photograph)).convert("RGB").resize((240, 320))
    kinds = []
    for form in ("JPEG", "PNG", "WEBP", "GIF", "TIFF"):
        buffer = io.BytesIO()
        picture.save(buffer, form)
        kinds.append(buffer.getvalue())
    for number in range(50):
        yield mutated(kinds[number % len(kinds)], source)


def screened(partner: Partner, fingerprinter: Fingerprinter, clock: Clock, *files: bytes) -> list[tuple[ScreenOutcome, str | None]]:
    partner.screening = Screening(partner.store, one_source(partner.way), fingerprinter, partner.tokens, clock=clock)
    results = [partner.screen(data) for data in files]
    partner.screening.close()
    return [(result.outcome, result.reason) for result in results]


@pytest.fixture
def protecting(partner: Partner, exchange: FakeExchange, photograph: bytes) -> Partner:
    exchange.add("f", fingerprint_image(photograph).pdq)
    partner.sync.run()
    return partner


def test_fifty_bad_files_in_a_row_are_all_answered(protecting: Partner, photograph: bytes, clock: Clock, root: Path) -> None:
    broken = [path for path in sorted((SMALL / "photos/heif").rglob("*corrupt*")) if path.is_file()]
    assert broken
    files = [*bad_files(photograph), *(path.read_bytes() for path in broken)]
    fingerprinter = Fingerprinter(1, deadline_seconds=LONG_ENOUGH)
    fingerprinter.start()
    try:
        answers = screened(protecting, fingerprinter, clock, *files, photograph)
    finally:
        fingerprinter.close()
    assert len(answers) == len(files) + 1 >= 51
    assert answers[-1] == (ScreenOutcome.MATCH, None)
    for outcome, reason in answers:
        assert (outcome is ScreenOutcome.NOT_SCREENED) == (reason is not None)
        assert reason not in ("internal_error", "deadline")


def test_a_worker_can_not_make_the_service_say_its_words(protecting: Partner, clock: Clock, tmp_path: Path) -> None:
    fingerprinter = Fingerprinter(1, STUBBORN, LONG_ENOUGH)
    fingerprinter.start()
    try:
        answers = screened(protecting, fingerprinter, clock, b"report " + str(tmp_path).encode())
    finally:
        fingerprinter.close()
    assert answers == [(ScreenOutcome.NOT_SCREENED, "decoder_stopped")]


def test_an_identical_file_is_stopped_though_it_breaks_its_decoder(protecting: Partner, exchange: FakeExchange, clock: Clock) -> None:
    exchange.add("same", b"s" * 32, kind=Kind.SHA256)
    protecting.sync.run()
    fingerprinter = Fingerprinter(1, STUBBORN, LONG_ENOUGH)
    fingerprinter.start()
    try:
        answers = screened(protecting, fingerprinter, clock, b"half die", b"die")
    finally:
        fingerprinter.close()
    assert answers == [(ScreenOutcome.MATCH, None), (ScreenOutcome.NOT_SCREENED, "decoder_stopped")]


def test_pictures_do_not_wait_for_videos(fingerprinter: Fingerprinter, photograph: bytes) -> None:
    """Every worker for long media hangs, and more such uploads wait; pictures are answered all the same."""
    with ThreadPoolExecutor(4) as threads:
        films = [threads.submit(made, fingerprinter, b"film hang") for _ in range(4)]
        for _ in range(10):
            assert made(fingerprinter, photograph).left_out == []
        assert not any(film.done() for film in films)
        fingerprinter.close()
        assert {tuple(film.result().left_out) for film in films} == {("decoder_stopped",)}


def test_many_at_once(fingerprinter: Fingerprinter, photograph: bytes) -> None:
    orders = [photograph, b"die", b"half die", b"eat"] * 6
    start = threading.Barrier(8)

    def work(part: list[bytes]) -> list[list[str]]:
        start.wait()
        return [made(fingerprinter, order).left_out for order in part]

    with ThreadPoolExecutor(8) as threads:
        answers = [answer for answers in threads.map(work, [orders[place::8] for place in range(8)]) for answer in answers]
    assert sorted(map(tuple, answers)) == [()] * 6 + [("decoder_stopped",)] * 18
    assert len(fingerprinter.process_ids) == 4


def place_of(upload: Upload) -> str:
    return str(Path(f"/proc/self/fd/{upload.fileno()}").readlink())


def test_a_small_upload_stays_in_memory_and_a_large_one_has_no_name(tmp_path: Path) -> None:
    with Upload(tmp_path, bytes_in_memory=100, maximum_bytes=1000) as upload:
        upload.write(b"a" * 100)
        assert not upload.will_reach_disk
        assert place_of(upload).startswith("/memfd:")
        upload.write(b"b" * 50)
        assert upload.will_reach_disk
        assert place_of(upload).startswith(str(tmp_path))
        upload.write(b"c" * 850)
        assert list(tmp_path.iterdir()) == []
        status = os.fstat(upload.fileno())
        assert (status.st_nlink, status.st_mode & 0o777) == (0, 0o600)
        assert os.pread(upload.fileno(), 2000, 0) == b"a" * 100 + b"b" * 50 + b"c" * 850
        assert upload.size == 1000


def test_what_a_worker_keeps_of_an_upload_is_gone_with_it(tmp_path: Path) -> None:
    """One that a stranger took over could hold 2,000 uploads by one page of each, and so all memory."""
    with Upload(tmp_path) as upload:
        upload.write(b"x" * 100_000)
        kept = os.dup(upload.fileno())
    assert os.fstat(kept).st_size == 0
    os.close(kept)


def test_an_upload_over_the_limit_holds_nothing(tmp_path: Path) -> None:
    from stillmine.fingerprint import FileTooLargeError

    with Upload(tmp_path, maximum_bytes=1000) as upload:
        upload.write(b"a" * 1000)
        with pytest.raises(FileTooLargeError):
            upload.write(b"b")
        assert os.fstat(upload.fileno()).st_size == 0
