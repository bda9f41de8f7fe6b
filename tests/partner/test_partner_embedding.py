# SPDX-License-Identifier: Apache-2.0
"""`stillmine.partner.Screener`: the answers of the service inside one's own process, from several threads, without anything left behind."""

import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.partner import Screener
from stillmine.partner.embedding import screener as embedded
from stillmine.partner.embedding.screener import File
from stillmine.partner.fingerprinting.upload import OpenFile, Upload
from stillmine.partner.ground.errors import HomeInUseError
from stillmine.partner.screening.screening import Screening
from stillmine.partner.service.app import Surroundings
from stillmine.partner.service.room import MAXIMUM_REQUESTS_AT_ONCE
from stillmine.wire.codec import decode
from stillmine.wire.door_errors import BusyError
from stillmine.wire.errors import MalformedMessageError, MatchNotFoundError, NotConfiguredError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, Review, ScreenOutcome, ScreenResult
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock
from tests.partner.service_client import running
from tests.partner.test_partner_service import PHOTOGRAPH, built, wait_until

REMOVED = Review(version=1, decision=Decision.REMOVED)


@pytest.fixture
def made(home: Path, exchange: FakeExchange, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Screener:
    monkeypatch.setenv("STILLMINE_PARTNER_KEY", KEY)
    surroundings = Surroundings(clock=clock, transport=exchange.transport())
    return Screener(home, SETTINGS.url, threads=2, sync_every_seconds=0.2, surroundings=surroundings)


@pytest.fixture
def screener(made: Screener) -> Iterator[Screener]:
    with made:
        assert made.wait_until_fresh(60)
        yield made


@pytest.fixture
def photograph(root: Path) -> bytes:
    return (root / PHOTOGRAPH).read_bytes()


@pytest.fixture
def protected(screener: Screener, exchange: FakeExchange, photograph: bytes) -> str:
    fingerprint_id = exchange.add("f", fingerprint_image(photograph).pdq)
    wait_until(lambda: screener.health().fingerprints == 1)
    return fingerprint_id


def test_every_form_of_a_file_has_the_same_answer(screener: Screener, protected: str, photograph: bytes, root: Path) -> None:
    forms: list[File] = [photograph, bytearray(photograph), memoryview(photograph), root / PHOTOGRAPH, io.BytesIO(photograph)]
    first, *others = [screener.screen(form, content_id="post 1") for form in forms]
    assert (first.outcome, first.content_id, len(first.matches)) == (ScreenOutcome.MATCH, "post 1", 1)
    assert [other.matches[0].match_id for other in others] == [first.matches[0].match_id] * 4
    assert screener.screen(root / "media/clothing/hat.jpg").outcome is ScreenOutcome.NO_MATCH
    with pytest.raises(FileNotFoundError):
        screener.screen(root / "no such file")


def test_the_answers_are_those_of_the_service(
    made: Screener, home: Path, exchange: FakeExchange, clock: Clock, photograph: bytes, root: Path
) -> None:
    """The same home, first with the service, then inside this process."""
    exchange.add("f", fingerprint_image(photograph).pdq)
    uploads = [photograph, (root / "media/clothing/hat.jpg").read_bytes(), b"", b"GIF89a", photograph[:500]]
    with running(built(home, exchange, clock)) as client:
        wait_until(lambda: client.get("/health").json()["fingerprints"] == 1)
        client.headers["Authorization"] = f"Bearer {(home / 'service.key').read_text().strip()}"
        said = {"Stillmine-Content-Id": "post 1", "Stillmine-Uploader": "account 7"}
        theirs = [decode(client.post("/screen", upload, said).content, ScreenResult) for upload in uploads]
    with made:
        assert made.wait_until_fresh(60)
        ours = [made.screen(upload, content_id="post 1", uploader="account 7") for upload in uploads]
    for here, there in zip(ours, theirs, strict=True):
        assert plain(here) == plain(there)


def plain(result: ScreenResult) -> object:
    return msgspec.to_builtins(msgspec.structs.replace(result, synced_at=None))


def test_a_decision_is_kept_and_reported(screener: Screener, protected: str, photograph: bytes, exchange: FakeExchange) -> None:
    screener.screen(photograph, content_id="post 1")
    (match,) = screener.matches(content_id="post 1").matches
    screener.review(match.match_id, REMOVED)
    wait_until(lambda: {report.outcome.value for report in exchange.feedback.values()} == {"found", "removed"})
    assert screener.matches().matches == []
    assert screener.matches(state="reviewed").matches[0].decision is Decision.REMOVED
    for match_id in ("0" * 32, "no id"):
        with pytest.raises(MatchNotFoundError):
            screener.review(match_id, REMOVED)


def test_fingerprints_are_looked_up_too(screener: Screener, protected: str, photograph: bytes) -> None:
    fingerprint = Fingerprint(kind=Kind.PDQ, value=fingerprint_image(photograph).pdq.hex(), quality=100)
    assert screener.screen_fingerprints([fingerprint], content_id="post 2").outcome is ScreenOutcome.MATCH


def test_several_threads_at_once(screener: Screener, protected: str, photograph: bytes, root: Path) -> None:
    hat = (root / "media/clothing/hat.jpg").read_bytes()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(screener.screen, [photograph, hat] * 8))
    assert [answer.outcome.value for answer in answers] == ["match", "no_match"] * 8


def test_words_are_checked_as_the_service_checks_them(screener: Screener) -> None:
    for words in ({"content_id": ""}, {"content_id": "a\nb"}, {"uploader": "x" * 201}, {"uploader": ""}):
        with pytest.raises(MalformedMessageError):
            screener.screen(b"x", **words)


class DoesNotWait:
    """A file that gives half of an upload, and then has nothing more at the moment."""

    def __init__(self, half: bytes) -> None:
        self._parts = [half]

    def read(self, _size: int, /) -> bytes | None:
        return self._parts.pop() if self._parts else None


def test_half_a_file_is_not_taken_for_all_of_it(screener: Screener, photograph: bytes) -> None:
    with pytest.raises(BlockingIOError):
        screener.screen(DoesNotWait(photograph[: len(photograph) // 2]))
    assert screener.screen(b"").outcome is ScreenOutcome.NOT_SCREENED


def test_a_file_that_is_too_large_is_not_screened(screener: Screener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "Upload", lambda folder: Upload(folder, maximum_bytes=10))
    result = screener.screen(b"x" * 11, content_id="post 3")
    assert (result.outcome, result.reason, result.content_id) == (ScreenOutcome.NOT_SCREENED, "file_too_large", "post 3")


def test_more_at_once_than_there_is_memory_for_is_refused(screener: Screener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "PATIENCE_SECONDS", 0.01)
    go_on, arrived, real = threading.Event(), threading.Semaphore(0), Screening.screen_upload

    def slow(self: Screening, file: OpenFile, uploader: str | None = None, content_id: str | None = None) -> ScreenResult:
        arrived.release()
        go_on.wait(60)
        return real(self, file, uploader, content_id)

    monkeypatch.setattr(Screening, "screen_upload", slow)
    with ThreadPoolExecutor(MAXIMUM_REQUESTS_AT_ONCE) as pool:
        held = [pool.submit(screener.screen, b"x") for _ in range(MAXIMUM_REQUESTS_AT_ONCE)]
        assert all(arrived.acquire(timeout=60) for _ in held)
        with pytest.raises(BusyError):
            screener.screen(b"x")
        go_on.set()
        assert {one.result().outcome for one in held} == {ScreenOutcome.NOT_SCREENED}


def test_it_opens_and_closes_as_often_as_wanted(made: Screener, home: Path) -> None:
    with pytest.raises(NotConfiguredError):
        made.screen(b"x")
    before = threading.active_count()
    for _ in range(2):
        assert made.open() is made.open()
        with pytest.raises(HomeInUseError):
            Screener(home, SETTINGS.url).open()
        made.close()
        made.close()
    wait_until(lambda: threading.active_count() <= before)  # threads of searches end by themselves, a moment later
    with pytest.raises(NotConfiguredError):
        made.health()


def test_what_can_not_be_is_refused_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STILLMINE_PARTNER_KEY", KEY)
    with pytest.raises(NotConfiguredError):
        Screener(home, "http://exchange.example")
    with pytest.raises(NotConfiguredError):
        Screener(home)
    with pytest.raises(NotConfiguredError):
        Screener(home, SETTINGS.url, config=home / "partner.toml")
    with pytest.raises(ValueError, match="somewhere"):
        Screener(home, SETTINGS.url, way="somewhere")


def test_a_file_of_sources_is_looked_up_too(home: Path, exchange: FakeExchange, clock: Clock, photograph: bytes, tmp_path: Path) -> None:
    (tmp_path / "exchange.key").touch(mode=0o600)
    (tmp_path / "exchange.key").write_text(KEY)
    config = tmp_path / "partner.toml"
    config.write_text(
        f"""
        [[source]]
        name = "exchange"
        type = "stillmine"
        url = "{SETTINGS.url}"
        key_file = "exchange.key"
        action = "review"
        [[source]]
        name = "own"
        type = "bank"
        """
    )
    exchange.add("f", fingerprint_image(photograph).pdq)
    surroundings = Surroundings(clock=clock, transport=exchange.transport())
    with Screener(home, config=config, threads=1, surroundings=surroundings) as screener:
        assert screener.wait_until_fresh(60)
        (match,) = screener.screen(photograph).matches
        assert (match.source, match.action.value) == ("exchange", "review")
        assert [source.name for source in screener.health().sources] == ["exchange", "own"]


def test_a_worker_imports_nothing_of_it() -> None:
    seen = "import sys, stillmine.partner.fingerprinting.worker; print([n for n in ('starlette', 'httpx', 'anyio') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
