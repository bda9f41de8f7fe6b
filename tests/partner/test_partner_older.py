# SPDX-License-Identifier: Apache-2.0
"""What was posted before its case was opened is found afterwards, both ways, and nothing of it is kept longer than was said."""

import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import md5, sha256
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.partner.commands import service_commands
from stillmine.partner.fingerprinting.worker_messages import Sound
from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.older.days import FOLDER
from stillmine.partner.older.older_content import OlderChoice
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.store.webhooks import WebhookQueue
from stillmine.wire.chromaprint import format_chromaprint
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, Judges, KeptMatch, Review, ScreenOutcome
from stillmine.wire.webhook import WebhookType
from tests.partner.fake_exchange import FakeExchange
from tests.partner.moving_media import melody, sound_file, video_file
from tests.partner.older_parts import DAY, HOUR, TWO_DAYS, RememberingPartner, files, newcomers, written
from tests.partner.partner_parts import SETTINGS, Clock, InThisProcess, Run
from tests.partner.service_client import running
from tests.partner.test_partner_service import wait_until

FILE = b"any file, also one that can't be read"
VALUE = "cd" * 32
DIGEST = {"kind": "sha256", "value": VALUE, "quality": 100}
Open = Callable[..., RememberingPartner]
both_ways = pytest.mark.parametrize("way", [WayChoice.LIST, WayChoice.ASK, WayChoice.BOTH])


@pytest.fixture
def open_remembering(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[Open]:
    """Open a partner on the home folder; opening again is a restart after a crash."""
    opened: list[RememberingPartner] = []

    def open_it(choice: OlderChoice | None = TWO_DAYS, way: WayChoice = WayChoice.LIST) -> RememberingPartner:
        for partner in opened:
            partner.close()
        opened[:] = [RememberingPartner(home, exchange, clock, choice, way)]
        opened[0].round()
        return opened[0]

    yield open_it
    for partner in opened:
        partner.close()


@pytest.fixture
def pictures(root: Path) -> list[Image.Image]:
    opened = [Image.open(io.BytesIO(path.read_bytes())) for path in sorted((root / "media/clothing").glob("*.jpg"))[:4]]
    return [image.convert("RGB").resize((320, 240)) for image in opened]


def jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def protect_file(exchange: FakeExchange, data: bytes = FILE, name: str = "f") -> None:
    exchange.add(name, sha256(data).digest(), Kind.SHA256)


def open_case(partner: RememberingPartner, protect: Callable[[], object]) -> None:
    """A case is opened, and a day goes by; whoever has the list looks at once."""
    protect()
    partner.round()
    partner.work()
    if not partner.kept():
        partner.clock.move(DAY + HOUR)
        partner.round()
        partner.work()


@both_ways
def test_an_upload_that_matched_nothing_is_found_once_its_case_is_opened(
    open_remembering: Open, exchange: FakeExchange, way: WayChoice
) -> None:
    partner = open_remembering(way=way)
    assert partner.screen(FILE).matches == []
    assert partner.health().uploads == 1
    open_case(partner, lambda: protect_file(exchange))
    (found,) = partner.kept()
    assert (found.content_id, found.kind, found.is_older, found.decision) == ("post 7", Kind.SHA256, True, None)
    (again,) = partner.screen(FILE).matches
    assert again.match_id == found.match_id, "as if it were screened again"
    partner.work()
    assert partner.kept() == [found], "once"
    partner.round()
    assert len(exchange.feedback) == 1


@both_ways
def test_a_mirrored_copy_of_a_picture_is_found(
    open_remembering: Open, exchange: FakeExchange, pictures: list[Image.Image], way: WayChoice
) -> None:
    partner = open_remembering(way=way)
    assert partner.screen(jpeg(ImageOps.mirror(pictures[0])), "mirrored").outcome is ScreenOutcome.NO_MATCH
    assert partner.screen(jpeg(pictures[1]), "another").outcome is ScreenOutcome.NO_MATCH
    open_case(partner, lambda: exchange.add("f", fingerprint_image(jpeg(pictures[0])).pdq))
    (found,) = partner.kept()
    assert (found.content_id, found.kind, found.judges) == ("mirrored", Kind.PDQ, Judges.ONE_JUDGE)


@both_ways
def test_a_bordered_copy_is_found(open_remembering: Open, exchange: FakeExchange, pictures: list[Image.Image], way: WayChoice) -> None:
    partner = open_remembering(way=way)
    partner.screen(jpeg(ImageOps.expand(pictures[0], 60, "white")))
    open_case(partner, lambda: exchange.add("f", fingerprint_image(jpeg(pictures[0])).pdq))
    assert [found.undone for found in partner.kept()] == [["trim_border"]]


@both_ways
def test_a_video_is_found_by_its_frames_and_by_a_still_that_it_shows(
    open_remembering: Open, exchange: FakeExchange, pictures: list[Image.Image], way: WayChoice
) -> None:
    partner = open_remembering(way=way)
    partner.screen(video_file(pictures[:3], turn=Image.Transpose.FLIP_LEFT_RIGHT), "video")
    frames = fingerprint_video(io.BytesIO(video_file(pictures[:3]))).frames
    open_case(partner, lambda: exchange.add_text("v", Kind.VPDQ, write_vpdq(frames)))
    assert [(found.content_id, found.kind) for found in partner.kept()] == [("video", Kind.VPDQ)]


@both_ways
def test_a_sound_is_found(open_remembering: Open, exchange: FakeExchange, way: WayChoice) -> None:
    song, other = (sound_file(melody(seed, 12)) for seed in (1, 2))
    partner = open_remembering(way=way)
    partner.screen(song, "song")
    partner.screen(other, "other")
    values = made_of(partner, song)
    open_case(partner, lambda: exchange.add_text("s", Kind.CHROMAPRINT, format_chromaprint(values)))
    assert [(found.content_id, found.kind) for found in partner.kept()] == [("song", Kind.CHROMAPRINT)]


def made_of(partner: RememberingPartner, data: bytes) -> list[int]:
    path = partner.home / "sound"
    path.write_bytes(data)
    with path.open("rb") as file:
        (sound,) = InThisProcess().fingerprints(file).of(Sound)
    path.unlink()
    return sound.values


@both_ways
def test_what_is_withdrawn_before_the_look_is_not_found(open_remembering: Open, exchange: FakeExchange, way: WayChoice) -> None:
    partner = open_remembering(way=way)
    partner.screen(FILE)
    protect_file(exchange)
    partner.round()
    exchange.withdraw("f")
    partner.round()
    partner.work()
    partner.clock.move(DAY + HOUR)
    partner.round()
    partner.work()
    assert partner.kept() == []
    partner.round()
    assert exchange.feedback == {}
    assert newcomers(partner.home) == 0


def test_what_is_active_again_is_looked_for_again(open_remembering: Open, exchange: FakeExchange) -> None:
    partner = open_remembering()
    protect_file(exchange)
    exchange.withdraw("f")
    partner.screen(FILE)
    partner.round()
    partner.work()
    assert partner.kept() == []
    protect_file(exchange)
    partner.round()
    partner.work()
    assert len(partner.kept()) == 1


def test_a_match_of_an_older_upload_is_told_withdrawn_and_decided_as_any(
    open_remembering: Open, exchange: FakeExchange, home: Path, clock: Clock
) -> None:
    partner = open_remembering()
    with closing(WebhookQueue(home)) as queue:
        queue.aim("https://platform.example/told")
        partner.screen(FILE)
        open_case(partner, lambda: protect_file(exchange))
        exchange.withdraw("f")
        partner.round()
        told = []
        while (due := queue.next_due(int(clock().timestamp()))) is not None:
            assert isinstance(due.webhook.data, KeptMatch)
            told.append((due.webhook.type, due.webhook.data.is_older, due.webhook.data.content_id))
            queue.delivered(due.place)
    assert told == [(WebhookType.FOUND, True, "post 7"), (WebhookType.WITHDRAWN, True, "post 7")]
    (found,) = partner.kept()
    partner.store.record_review(bytes.fromhex(found.match_id), Review(1, Decision.REMOVED), bytes(16), 7)
    assert [match.decision for match in partner.kept()] == [Decision.REMOVED]


def test_an_upload_without_a_word_for_it_is_not_remembered(open_remembering: Open, home: Path) -> None:
    partner = open_remembering()
    partner.screen(FILE, None)
    assert partner.health().uploads == 0
    assert list(files(home / FOLDER)) == []


def test_the_same_upload_again_is_remembered_once(open_remembering: Open) -> None:
    partner = open_remembering()
    for _ in range(3):
        partner.screen(FILE)
    partner.screen(FILE, "post 8")
    assert partner.health().uploads == 2


def test_nothing_is_remembered_unless_that_is_wanted_and_what_was_is_destroyed(
    open_remembering: Open, exchange: FakeExchange, home: Path
) -> None:
    open_remembering().screen(FILE)
    assert list(files(home / FOLDER)) != []
    partner = open_remembering(None)
    assert not (home / FOLDER).exists()
    partner.screen(FILE, "post 8")
    assert partner.older.health() is None
    protect_file(exchange)
    partner.round()
    assert newcomers(home) == 0, "nothing is noted for a look that never comes"
    assert open_remembering().kept() == []


def test_nothing_stands_in_clear(open_remembering: Open, home: Path, pictures: list[Image.Image]) -> None:
    partner = open_remembering()
    data = jpeg(pictures[0])
    partner.screen(data, "a word of the platform's")
    partner.clock.move(2 * HOUR)
    partner.work()
    assert partner.health().uploads == 1
    secrets = [
        fingerprint_image(data).pdq,
        sha256(data).digest(),
        md5(data, usedforsecurity=False).digest(),
        b"a word of the platform's",
        b"account 1",
    ]
    secrets += [secret.hex().encode() for secret in secrets]
    assert not any(secret in written(home) for secret in secrets)
    assert {path.stat().st_mode & 0o777 for path in files(home)} == {0o600}


def test_after_its_days_an_upload_is_gone_and_a_copy_of_its_file_can_not_be_opened(
    open_remembering: Open, exchange: FakeExchange, home: Path
) -> None:
    partner = open_remembering()
    partner.screen(FILE)
    partner.older.stop()
    (day,) = (home / FOLDER).iterdir()
    key, hours = (day / "key").read_bytes(), {path.name: path.read_bytes() for path in day.iterdir() if path.name != "key"}
    partner = open_remembering()
    partner.clock.move(2 * DAY)
    partner.work()
    assert partner.health().uploads == 1, "two whole days lie after it only then"
    partner.clock.move(DAY)
    partner.work()
    assert partner.health().uploads == 0
    assert not day.exists()
    assert key[12:] not in written(home)
    assert not any(content[20:] in written(home) for content in hours.values())
    day.mkdir(mode=0o700)
    for name, content in hours.items():  # somebody kept a copy of all but the key
        (day / name).write_bytes(content)
    partner = open_remembering()
    assert partner.health().uploads == 0
    open_case(partner, lambda: protect_file(exchange))
    assert partner.kept() == []


def test_fewer_days_drop_what_is_over_at_the_start(open_remembering: Open) -> None:
    partner = open_remembering(OlderChoice(5))
    partner.screen(FILE)
    partner.clock.move(3 * DAY)
    partner.work()
    assert partner.health().uploads == 1
    partner = open_remembering(OlderChoice(1))
    partner.work()
    assert partner.health().uploads == 0


@both_ways
def test_a_deleted_upload_is_never_reported_and_leaves_the_files(
    open_remembering: Open, exchange: FakeExchange, home: Path, way: WayChoice
) -> None:
    partner = open_remembering(OlderChoice(5), way=way)
    partner.screen(FILE, "post 7")
    partner.screen(FILE + b"2", "post 8")
    partner.older.delete("post 7")
    partner = open_remembering(OlderChoice(5), way=way)
    protect_file(exchange, FILE + b"2", "g")
    open_case(partner, lambda: protect_file(exchange))
    assert [found.content_id for found in partner.kept()] == ["post 8"]
    partner.clock.move(DAY)
    partner.work()
    assert partner.health().uploads == 1, "it is in no file any more"
    partner.clock.move(DAY)
    partner.work()  # until then a follower may still hand it over
    with sqlite3.connect(home / "partner.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM older_deleted").fetchone() == (0,)


def test_an_upload_that_comes_after_it_was_deleted_is_another_one(open_remembering: Open, exchange: FakeExchange) -> None:
    partner = open_remembering()
    partner.screen(FILE)
    partner.older.delete("post 7")
    partner.screen(FILE)  # in the very same second
    open_case(partner, lambda: protect_file(exchange))
    assert len(partner.kept()) == 1


def test_it_is_remembered_before_it_is_looked_up(open_remembering: Open, exchange: FakeExchange) -> None:
    """So that a fingerprint that arrives at that moment finds it one way or the other."""
    partner = open_remembering()
    look_up = partner.parts.listing.look_up

    def at_that_moment(*arguments: object, **more: object) -> object:
        found = look_up(*arguments, **more)  # type: ignore[arg-type]
        if not exchange.active():
            protect_file(exchange)
            partner.round()
            partner.older.work()
        return found

    partner.parts.listing.look_up = at_that_moment  # type: ignore[method-assign,assignment]
    assert partner.screen(FILE).matches == []
    assert [found.content_id for found in partner.kept()] == ["post 7"]


def test_asking_again_leaves_the_reserve_to_new_uploads(open_remembering: Open, exchange: FakeExchange) -> None:
    exchange.queries_a_day = 30
    partner = open_remembering(way=WayChoice.ASK)
    for number in range(10):
        partner.screen(FILE + bytes([number]), f"post {number}")
    assert exchange.queries_today == 20
    exchange.queries_today = 0
    partner.clock.move(DAY + HOUR)
    partner.round()
    partner.work()
    assert exchange.queries_today == 14, "half of 30 are for new uploads, and an upload needs two"
    exchange.queries_today = 0
    partner.round()
    partner.work()
    assert exchange.queries_today == 6, "it goes on where it was"
    partner.round()
    partner.work()
    assert exchange.queries_today == 6, "once a day"


def test_a_picture_takes_three_queries_under_the_token_of_what_was_there_before(
    open_remembering: Open, exchange: FakeExchange, pictures: list[Image.Image]
) -> None:
    partner = open_remembering(way=WayChoice.ASK)
    partner.screen(jpeg(pictures[0]))
    first = exchange.asks[-1]
    partner.clock.move(DAY + HOUR)
    partner.round()
    partner.work()
    again = exchange.asks[-1]
    assert [(query.kind, query.as_it_is) for query in again] == [(Kind.PDQ, False), (Kind.SHA256, False), (Kind.MD5, False)]
    assert {query.upload_token for query in again}.isdisjoint(query.upload_token for query in first)


def test_an_upload_with_an_open_match_is_not_asked_about_again_and_one_that_was_released_is(
    open_remembering: Open, exchange: FakeExchange
) -> None:
    protect_file(exchange)
    partner = open_remembering(way=WayChoice.ASK)
    (match,) = partner.screen(FILE).matches
    asks = len(exchange.asks)
    partner.clock.move(DAY + HOUR)
    partner.round()
    partner.work()
    assert len(exchange.asks) == asks
    review = Review(1, Decision.NOT_REMOVED, NotRemovedReason.NOT_THE_SAME)
    partner.store.record_review(bytes.fromhex(match.match_id), review, bytes(16), 7)
    partner.clock.move(DAY)
    partner.round()
    partner.work()
    assert len(exchange.asks) == asks + 1


def test_the_delay_is_stated(open_remembering: Open, exchange: FakeExchange) -> None:
    partner = open_remembering(OlderChoice(30), way=WayChoice.ASK)
    assert partner.health().delay_hours == 25
    partner.screen(FILE)
    partner.clock.move(40 * HOUR)
    assert partner.health().delay_hours == 41, "as long as what waits longest has waited"
    partner.round()
    partner.work()
    assert partner.health().delay_hours == 25
    exchange.queries_a_day = 2
    for number in range(9):
        partner.screen(FILE + bytes([number]), f"post {number}")
    partner.round()
    assert partner.health().delay_hours == 20 * 24 + 1, "ten uploads of two queries each, at one query a day"
    assert open_remembering(way=WayChoice.LIST).health().delay_hours is None


def test_a_full_disk_costs_no_answer_and_is_counted(open_remembering: Open, home: Path) -> None:
    partner = open_remembering()
    partner.older._kept.days._folder = home / "nowhere" / "at all"
    (home / "nowhere").write_bytes(b"")
    assert partner.screen(FILE).matches == []
    assert (partner.health().uploads, partner.health().not_remembered) == (0, 1)


def test_with_another_key_the_service_does_not_start(open_remembering: Open, home: Path, tmp_path: Path) -> None:
    open_remembering().screen(FILE)
    with pytest.raises(NotConfiguredError, match=r"older\.key"):
        open_remembering(OlderChoice(2, tmp_path / "elsewhere.key"))
    assert open_remembering().health().uploads == 1


def test_a_platform_deletes_over_http(home: Path, exchange: FakeExchange, clock: Clock) -> None:
    surroundings = Surroundings(clock, os.urandom, transport=exchange.transport())
    application = build_service(home, SETTINGS, 0.2, threads=1, surroundings=surroundings, remembered=TWO_DAYS)
    with running(application) as client:
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        wait_until(lambda: client.get("/health").status_code == 200)
        for word in ("post/7?", "post 8"):
            headers = {"Content-Type": "application/json", "Stillmine-Content-Id": word}
            client.post("/screen", json.dumps({"version": 1, "fingerprints": [DIGEST]}).encode(), headers)
        assert client.get("/health").json()["older"]["uploads"] == 2
        assert client.request("DELETE", "/uploads/post%2F7%3F").status_code == 204
        assert client.request("DELETE", "/uploads/unknown").status_code == 204
        assert client.request("DELETE", "/uploads/" + "x" * 201).status_code == 400
        exchange.add("f", bytes.fromhex(VALUE), Kind.SHA256)
        wait_until(lambda: client.get("/matches").json()["matches"] != [])
        assert [match["content_id"] for match in client.get("/matches").json()["matches"]] == ["post 8"]


def test_the_commands_settings_are_taken(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(service_commands, "build_service", lambda *_arguments, **more: asked.append(more["remembered"]))
    monkeypatch.setattr(service_commands, "serve_application", lambda *_arguments: None)
    assert run("serve").exit_code == 0
    assert run("serve", "--remember-days", "30", "--remember-key-file", str(home / "k"), "--remember-reserve", "20").exit_code == 0
    assert asked == [None, OlderChoice(30, home / "k", 20)]
    for wrong in (["--remember-days", "0"], ["--remember-days", "91"], ["--remember-days", "1", "--remember-reserve", "96"]):
        assert run("serve", *wrong).exit_code == 2
