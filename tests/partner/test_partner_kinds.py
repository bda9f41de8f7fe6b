# SPDX-License-Identifier: Apache-2.0
"""Every kind from feed to answer: identical files, altered videos, pictures with something around them; what is not compared."""

import hashlib
import io
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from stillmine.fingerprint import fingerprint_image
from stillmine.fingerprint.moving.video import fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.fingerprint.sound.audio import fingerprint_sound
from stillmine.matching.kinds import MATCHED_KINDS
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.store.store import Store
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import ACCEPTED_KINDS, LISTED_KINDS, Kind
from stillmine.wire.screen import MatchClass, ScreenOutcome, ScreenResult, Undone, Variant
from stillmine.wire.vpdq import VideoFrame, format_vpdq, parse_vpdq, vpdq_quality
from tests.partner.fake_exchange import FakeExchange
from tests.partner.moving_media import SIZE, animated_gif, melody, sound_file, video_file
from tests.partner.partner_parts import Partner


@pytest.fixture(scope="module")
def pictures(root: Path) -> list[Image.Image]:
    return [Image.open(path).convert("RGB") for path in sorted((root / "media/clothing").glob("*.jpg"))[:8]]


@pytest.fixture(scope="module")
def film(pictures: list[Image.Image]) -> bytes:
    return video_file(pictures[:4])


def add_video(exchange: FakeExchange, name: str, data: bytes) -> str:
    text = write_vpdq(fingerprint_video(data).frames)
    return exchange.add_text(name, Kind.VPDQ, text, vpdq_quality(parse_vpdq(text)))


def summary(result: ScreenResult) -> list[tuple[str, str]]:
    return [(match.kind.value, match.match_class.value) for match in result.matches]


def test_every_kind_that_a_case_takes_is_matched() -> None:
    assert MATCHED_KINDS == ACCEPTED_KINDS


@pytest.mark.parametrize("data", [b"a file of no kind that is read here", b"\0" * 5000, b"RIFF\0\0\0\0WAVE"])
@pytest.mark.parametrize("kind", [Kind.SHA256, Kind.MD5])
def test_an_identical_file_matches_whatever_it_is(partner: Partner, exchange: FakeExchange, kind: Kind, data: bytes) -> None:
    exchange.add_text("f", kind, hashlib.new(kind.value, data).hexdigest())
    partner.sync.run()
    result = partner.screen(data)
    assert (result.outcome, summary(result)) == (ScreenOutcome.MATCH, [(kind.value, "exact")])
    assert (result.matches[0].distance_bucket, result.matches[0].variant, result.matches[0].matched_spans) == (None, None, [])
    assert partner.screen(data + b"x").outcome is ScreenOutcome.NOT_SCREENED
    exchange.withdraw("f")
    partner.sync.run()
    assert partner.screen(data).outcome is ScreenOutcome.NOT_SCREENED


def test_a_picture_without_detail_is_found_when_identical(partner: Partner, exchange: FakeExchange) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (300, 300), "teal").save(buffer, "PNG")
    partner.sync.run()
    assert partner.screen(buffer.getvalue()).reason == "quality_too_low"
    exchange.add_text("f", Kind.SHA256, hashlib.sha256(buffer.getvalue()).hexdigest())
    partner.sync.run()
    assert summary(partner.screen(buffer.getvalue())) == [("sha256", "exact")]


def test_a_video_and_its_copy_in_another_size_and_codec(
    partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], film: bytes
) -> None:
    add_video(exchange, "film", film)
    exchange.add_text("file", Kind.MD5, hashlib.md5(film).hexdigest())
    partner.sync.run()
    assert sorted(summary(partner.screen(film))) == [("md5", "exact"), ("vpdq", "near")]
    copy = partner.screen(video_file(pictures[:4], codec="libx264", size=(240, 180)))
    assert summary(copy) == [("vpdq", "near")]
    (span,) = copy.matches[0].matched_spans
    assert (span.upload_start_seconds, span.fingerprint_start_seconds) == (0, 0)
    assert span.upload_end_seconds == span.fingerprint_end_seconds >= 6


@pytest.mark.parametrize(
    ("turn", "variant"),
    [
        (Image.Transpose.FLIP_LEFT_RIGHT, Variant.FLIP_HORIZONTAL),
        (Image.Transpose.ROTATE_90, Variant.ROTATE270),
        (Image.Transpose.ROTATE_180, Variant.ROTATE180),
    ],
)
def test_a_mirrored_or_turned_video_matches_and_says_how_it_matched(
    partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], film: bytes, turn: Image.Transpose, variant: Variant
) -> None:
    add_video(exchange, "film", film)
    partner.sync.run()
    size = SIZE if turn is not Image.Transpose.ROTATE_90 else SIZE[::-1]
    (match,) = partner.screen(video_file(pictures[:4], size=size, turn=turn)).matches
    assert (match.kind, match.match_class, match.variant) == (Kind.VPDQ, MatchClass.NEAR, variant)


def test_a_longer_video_that_holds_it_says_where(
    partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], film: bytes
) -> None:
    add_video(exchange, "film", film)
    partner.sync.run()
    (match,) = partner.screen(video_file([*pictures[4:6], *pictures[:4], pictures[6]])).matches
    (span,) = match.matched_spans
    assert abs(span.upload_start_seconds - 4) <= 1
    assert span.fingerprint_start_seconds <= 1


def test_another_video_does_not_match(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image], film: bytes) -> None:
    add_video(exchange, "film", film)
    partner.sync.run()
    assert partner.screen(video_file(pictures[4:])).outcome is ScreenOutcome.NO_MATCH
    assert partner.screen(video_file([pictures[0], *pictures[4:]])).outcome is ScreenOutcome.NO_MATCH


def test_an_animated_picture_is_a_picture_and_a_video(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image]) -> None:
    data = animated_gif(pictures[:5])
    exchange.add("first", fingerprint_image(data).pdq)
    add_video(exchange, "moving", data)
    partner.sync.run()
    assert sorted(kind for kind, _ in summary(partner.screen(data))) == ["pdq", "vpdq"]


def test_half_a_video_is_compared_and_never_cleared(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image]) -> None:
    """What is missing may be what matters."""
    whole = video_file(pictures[:4])
    partner.sync.run()
    result = partner.screen(whole[: len(whole) // 2])
    assert result.outcome is ScreenOutcome.NOT_SCREENED


def framed(picture: Image.Image) -> bytes:
    wide = Image.new("RGB", (picture.width + 160, picture.height + 160), "white")
    wide.paste(picture.convert("RGB"), (80, 80))
    buffer = io.BytesIO()
    wide.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def test_a_border_is_undone_and_said(partner: Partner, exchange: FakeExchange, root: Path, pictures: list[Image.Image]) -> None:
    rocket = Image.open(root / "media/skimage/rocket.jpg").convert("RGB")
    exchange.add("f", fingerprint_image((root / "media/skimage/rocket.jpg").read_bytes()).pdq)
    partner.sync.run()
    (match,) = partner.screen(framed(rocket)).matches
    assert (match.match_class, match.variant, match.undone) == (MatchClass.NEAR, Variant.ORIGINAL, [Undone.TRIM_BORDER])


def made(kind: Kind, value: str, quality: int = 100) -> Fingerprint:
    return Fingerprint(kind, value, quality)


def test_fingerprints_of_every_kind_are_screened(partner: Partner, exchange: FakeExchange, film: bytes) -> None:
    text = write_vpdq(fingerprint_video(film).frames)
    quality = vpdq_quality(parse_vpdq(text))
    digest = "ab" * 16
    exchange.add_text("v", Kind.VPDQ, text, quality)
    exchange.add_text("m", Kind.MD5, digest)
    partner.sync.run()
    result = partner.screening.screen_fingerprints([made(Kind.VPDQ, text, quality), made(Kind.MD5, digest), made(Kind.SHA256, "0" * 64)])
    assert sorted(summary(result)) == [("md5", "exact"), ("vpdq", "exact")]


def test_a_shared_logo_in_the_feed_stops_nothing(partner: Partner, exchange: FakeExchange) -> None:
    logo = [VideoFrame(b"l" * 32, 90, 0.0), VideoFrame(b"l" * 32, 90, 3.0)]
    own = [VideoFrame(hashlib.sha256(bytes([place])).digest(), 90, 4.0 + place) for place in range(20)]
    other = [VideoFrame(hashlib.sha256(bytes([100 + place])).digest(), 90, 4.0 + place) for place in range(20)]
    exchange.add_text("v", Kind.VPDQ, format_vpdq([*logo, *own]), 90)
    partner.sync.run()
    assert partner.screening.screen_fingerprints([made(Kind.VPDQ, format_vpdq([*logo, *other]), 90)]).outcome is ScreenOutcome.NO_MATCH
    assert partner.screening.screen_fingerprints([made(Kind.VPDQ, format_vpdq(own), 90)]).outcome is ScreenOutcome.MATCH


@pytest.mark.parametrize("kind", sorted(LISTED_KINDS))
def test_a_value_that_is_not_of_its_kind_stops_the_page(partner: Partner, exchange: FakeExchange, kind: Kind) -> None:
    from stillmine.client.errors import ExchangeAnswerError

    exchange.add_text("f", kind, "[]")
    with pytest.raises(ExchangeAnswerError):
        partner.sync.run()
    assert partner.store.place().cursor is None


OLD_TABLES = """
CREATE TABLE fingerprints (id BLOB PRIMARY KEY CHECK (length(id) = 16), kind TEXT NOT NULL, state TEXT NOT NULL, value BLOB,
    quality INTEGER, generation INTEGER NOT NULL, CHECK ((state = 'active') = (value IS NOT NULL))) WITHOUT ROWID;
CREATE TABLE place (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), exchange_url TEXT, cursor TEXT, acknowledged_cursor TEXT,
    synced_at INTEGER, generation INTEGER NOT NULL DEFAULT 0, is_refetching INTEGER NOT NULL DEFAULT 0);
INSERT INTO place (only_row, exchange_url, cursor, acknowledged_cursor, synced_at) VALUES (1, NULL, 'a.2', 'a.2', 5);
CREATE TABLE matches (match_id BLOB PRIMARY KEY CHECK (length(match_id) = 16), fingerprint_id BLOB NOT NULL, variant TEXT NOT NULL,
    bucket TEXT NOT NULL, class TEXT NOT NULL, matched_minute INTEGER NOT NULL, decision TEXT, reason TEXT) WITHOUT ROWID;
CREATE TABLE outbox (place INTEGER PRIMARY KEY AUTOINCREMENT, feedback_id BLOB NOT NULL UNIQUE CHECK (length(feedback_id) = 16),
    fingerprint_id BLOB NOT NULL, outcome TEXT NOT NULL, reason TEXT);
"""
VALUE = bytes(range(32))


def make_old_store(home: Path, exchange: FakeExchange) -> None:
    """The store of a version that knew pictures only, synced to a feed that already held a digest."""
    exchange.add("picture", VALUE)
    exchange.add_text("digest", Kind.SHA256, "cd" * 32)
    with sqlite3.connect(home / FILE_NAME) as db:
        db.executescript(OLD_TABLES)
        picture = bytes.fromhex(exchange.id_of("picture"))
        db.execute("INSERT INTO fingerprints VALUES (?, 'pdq', 'active', ?, 100, 0)", (picture, VALUE))
        db.execute("INSERT INTO matches VALUES (?, ?, 'rotate90', '8-15', 'near', 77, 'removed', NULL)", (b"m" * 16, picture))
        db.execute("PRAGMA user_version = 1")
    db.close()


def test_a_partner_brought_up_to_date_fetches_what_it_left_out(
    home: Path, exchange: FakeExchange, open_partner: Callable[[], Partner]
) -> None:
    make_old_store(home, exchange)
    partner = open_partner()
    with sqlite3.connect(home / FILE_NAME) as db:
        rows = db.execute("SELECT kind, variant, bucket, class, matched_minute, decision FROM matches").fetchall()
    db.close()
    assert rows == [("pdq", "rotate90", "8-15", "near", 77, "removed")]
    picture, digest = made(Kind.PDQ, VALUE.hex()), made(Kind.SHA256, "cd" * 32)
    assert partner.screening.screen_fingerprints([picture]).outcome is ScreenOutcome.MATCH
    assert partner.screening.screen_fingerprints([digest]).reason == "never_synced"
    partner.sync.run()
    assert partner.screening.screen_fingerprints([digest]).outcome is ScreenOutcome.MATCH
    assert partner.screening.screen_fingerprints([made(Kind.SHA256, "0" * 64)]).outcome is ScreenOutcome.NO_MATCH
    assert len(partner.index) == 2


def test_the_list_is_fetched_again_only_when_kinds_are_added(home: Path, exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(home)
    assert not store.match_kinds({Kind.PDQ})
    store.apply_page([], "c1", 5)
    assert not store.match_kinds({Kind.PDQ})
    assert store.match_kinds({Kind.PDQ, Kind.MD5})
    assert (store.place().cursor, store.place().synced_at) == (None, None)
    store.apply_page([], "c2", 6)
    assert not store.match_kinds({Kind.PDQ})
    assert store.place().cursor == "c2"
    assert MATCHED_KINDS
    store.close()


def add_sound(exchange: FakeExchange, name: str, data: bytes) -> str:
    return exchange.add_text(name, Kind.CHROMAPRINT, fingerprint_sound(data).text)


def test_a_sound_and_its_poor_copy_and_a_cut(partner: Partner, exchange: FakeExchange) -> None:
    samples = melody(1, 30)
    add_sound(exchange, "song", sound_file(samples))
    partner.sync.run()
    assert summary(partner.screen(sound_file(samples))) == [("chromaprint", "exact")]
    assert summary(partner.screen(sound_file(samples, "libmp3lame", "mp3", 32_000))) == [("chromaprint", "near")]
    (match,) = partner.screen(sound_file(samples[441_000:882_000], "libmp3lame", "mp3", 48_000)).matches
    (span,) = match.matched_spans
    assert abs(span.fingerprint_start_seconds - 10) <= 1
    assert partner.screen(sound_file(melody(2, 30))).outcome is ScreenOutcome.NO_MATCH
    exchange.withdraw("song")
    partner.sync.run()
    assert partner.screen(sound_file(samples)).outcome is ScreenOutcome.NO_MATCH


def test_sound_that_tells_nothing_apart_is_not_screened(partner: Partner) -> None:
    partner.sync.run()
    assert partner.screen(sound_file(melody(1, 30) * 0)).reason == "sound_without_detail"
    assert partner.screen(sound_file(melody(1, 2))).reason == "sound_too_short"


def test_the_sound_of_a_video_is_compared(partner: Partner, exchange: FakeExchange, pictures: list[Image.Image]) -> None:
    samples = melody(3, 12)
    add_sound(exchange, "song", sound_file(samples))
    partner.sync.run()
    clip = video_file(pictures[:3], seconds_each=4, samples=samples)
    assert summary(partner.screen(clip)) == [("chromaprint", "near")]
    assert partner.screen(clip).is_by_sound_alone
    exchange.add_text("file", Kind.SHA256, hashlib.sha256(clip).hexdigest())
    partner.sync.run()
    both = partner.screen(clip)
    assert sorted(kind for kind, _ in summary(both)) == ["chromaprint", "sha256"]
    assert not both.is_by_sound_alone
    assert not partner.screen(sound_file(melody(4, 12))).is_by_sound_alone
    assert partner.screen(video_file(pictures[:3], seconds_each=4, samples=melody(4, 12))).outcome is ScreenOutcome.NO_MATCH
    assert partner.screen(video_file(pictures[:3], seconds_each=4, samples=samples * 0)).outcome is ScreenOutcome.NO_MATCH
