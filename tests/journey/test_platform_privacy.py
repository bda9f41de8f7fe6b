# SPDX-License-Identifier: Apache-2.0
"""What a partner's service that asks leaves behind and gives away.

Uploads of all kinds pass, marked in pixels, EXIF, file name, uploader and content id. Then every file of the service, its log and all that
it sent are searched: nothing that was asked about stays on its disk, and nothing of an upload is sent but what was made of it.
"""

import json
import secrets
from pathlib import Path

import pytest

from stillmine.demo.person import Person
from stillmine.fingerprint import fingerprint_image
from stillmine.wire import codec
from stillmine.wire.ask import BINARY_CONTENT_TYPE, AskQuery, decode_ask
from stillmine.wire.ask_regions import RegionsAsk, RegionsLook
from stillmine.wire.feedback import SubmitFeedback
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, ScreenOutcome
from tests.journey import faults, protected
from tests.journey.between import ASK, ASK_REGIONS, FEEDBACK, STATUS, Between, Seen
from tests.journey.marks import FILE_NAME, MarkedPicture, files_with_marks, files_with_values, found_marks, marked_picture, value_forms
from tests.journey.parties import Exchange, Service, wait_until

pytestmark = pytest.mark.any_database  # what the partner's service keeps and sends

UPLOADER = "canary-uploader-p4x9d2"
CONTENT_ID = "canary-content-h6n1v8"

_SENT = {("POST", ASK_REGIONS), ("POST", f"{ASK_REGIONS}/look"), ("GET", STATUS), ("POST", ASK), ("POST", FEEDBACK)}
_HEADERS = {"accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "host", "user-agent"}


@pytest.fixture
def picture(photograph: bytes) -> MarkedPicture:
    return marked_picture(photograph)


def test_nothing_that_was_asked_stays_and_nothing_else_is_sent(
    root: Path, exchange: Exchange, between: Between, asking: Service, picture: MarkedPicture
) -> None:
    own = Fingerprint(kind=Kind.PDQ, value=fingerprint_image(picture.data).pdq.hex(), quality=100)
    with Person(exchange.url, secrets.token_bytes(10)) as person:
        person.open_case([own])
        wait_until(lambda: exchange.knows(asking.key, own))
        found = asking.screen(picture.data, CONTENT_ID, UPLOADER)
        assert found.outcome is ScreenOutcome.MATCH
        asking.review(found.matches[0].match_id, Decision.REMOVED)
        for data in (protected.unrelated(root), *(file.copy for file in protected_files(root))):
            assert asking.screen(data, CONTENT_ID, UPLOADER).outcome is ScreenOutcome.NO_MATCH
        assert asking.screen_form(picture.data, FILE_NAME).outcome is ScreenOutcome.MATCH
        for fault in (faults.says(500), faults.cut, faults.answers(faults.one_answer_less)):
            between.fault = fault
            assert asking.screen(picture.data, CONTENT_ID, UPLOADER).outcome is ScreenOutcome.NOT_SCREENED
            between.fault = None
            wait_until(lambda: asking.screen(picture.data, CONTENT_ID, UPLOADER).outcome is ScreenOutcome.MATCH)
        wait_until(lambda: asking.health().waiting_feedback == 0)

        assert_only_documented_fields(between.seen)
        traffic = b"\n".join(each.raw for each in between.seen)
        assert found_marks(picture, traffic) == set()
        assert not [word for word in (UPLOADER, CONTENT_ID) for form in value_forms(word) if form in traffic]

        asked = asked_values(between)
        assert {query.kind for query in asked} == {Kind.PDQ, Kind.VPDQ, Kind.CHROMAPRINT, Kind.SHA256, Kind.MD5}
        assert {len(query.upload_token or "") for query in asked} == {32}
        values = sorted({query.value for query in asked})
        assert own.value in values
        assert_left_nothing(asking, picture, values)
        asking.stop()
        assert_left_nothing(asking, picture, values)
        assert_clear_is_forgotten(asking, between, protected.unrelated(root))


def test_the_search_finds_what_a_list_keeps(root: Path, tmp_path: Path) -> None:
    """A value in any form, in any file, also beside a database."""
    value = fingerprint_image(protected.unrelated(root)).pdq.hex()
    for number, form in enumerate(value_forms(value)):
        (tmp_path / f"partner.sqlite3-wal{number}").write_bytes(b"before" + form + b"after")
    assert len(files_with_values([value], tmp_path)) == len(value_forms(value))


def protected_files(root: Path) -> list[protected.Protected]:
    """What moves, sounds, and a picture; none is protected here."""
    return [protected.video(root), protected.sound(root), protected.very_file(root)]


def asked_values(between: Between) -> list[AskQuery]:
    """Every query so far."""
    return [query for body in between.bodies(ASK) for query in decode_ask(body).queries]


def assert_only_documented_fields(seen: list[Seen]) -> None:
    """Messages are read as strictly as the exchange reads them: an unknown field is refused."""
    assert {(each.method, each.path) for each in seen} <= _SENT, "and no query in an address"
    for each in seen:
        headers = {name.lower(): text for name, text in each.headers.items()}
        assert headers.keys() <= _HEADERS
        if each.path == ASK:
            assert headers["content-type"] == BINARY_CONTENT_TYPE
            decode_ask(each.body)
        elif each.path == FEEDBACK:
            assert json.loads(each.body).keys() == {"version", "feedback"}
            codec.decode(each.body, SubmitFeedback)
        elif each.path == ASK_REGIONS:
            codec.decode(each.body, RegionsAsk)
        elif each.path == f"{ASK_REGIONS}/look":
            codec.decode(each.body, RegionsLook)
        else:
            assert each.body == b""


def assert_clear_is_forgotten(service: Service, between: Between, data: bytes) -> None:
    """It is remembered, so that the second upload asks nothing; but nowhere but in memory: a start asks again."""
    service.start()
    before = len(between.bodies(ASK))
    for _ in range(2):
        assert service.screen(data).outcome is ScreenOutcome.NO_MATCH
        assert len(between.bodies(ASK)) == before + 1


def assert_left_nothing(service: Service, picture: MarkedPicture, values: list[str]) -> None:
    assert files_with_values(values, service.home, service.log) == []
    assert list(files_with_marks(picture, service.home)) == []
    assert found_marks(picture, service.log.read_bytes()) == set()
    assert files_with_values([UPLOADER], service.home, service.log) == []
    assert CONTENT_ID not in service.written()
