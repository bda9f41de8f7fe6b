# SPDX-License-Identifier: Apache-2.0
"""The status form: a hook that reads a status alone lets through nothing that was not compared, and stops nothing that is for a person."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace
from starlette.datastructures import QueryParams

from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.service.status_form import in_status, later_status
from stillmine.wire.errors import MalformedMessageError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import MatchClass, ScreenMatch, ScreenOutcome, ScreenResult
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers
from tests.partner.service_client import ServiceClient, running
from tests.partner.test_partner_service import wait_until

FILE = b"any file, also one that can't be read"
NEAR = ScreenMatch("0" * 32, Kind.PDQ, MatchClass.NEAR)
PART, DISPUTED, FLAGGED = (
    replace(NEAR, match_class=MatchClass.PART),
    replace(NEAR, match_class=MatchClass.DISPUTED),
    replace(NEAR, is_flagged=True),
)


@pytest.fixture
def platform(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[ServiceClient]:
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    with running(build_service(home, SETTINGS, sync_every_seconds=0.2, threads=1, surroundings=surroundings)) as client:
        client.headers["Authorization"] = f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"
        wait_until(lambda: client.get("/health").status_code == 200)
        yield client


def test_a_hook_is_answered_by_a_status_without_a_body(platform: ServiceClient, root: Path) -> None:
    photograph = (root / "media/clothing/coat.jpg").read_bytes()
    answers = [platform.post("/screen/hook", body) for body in (photograph, FILE, b"what nothing can read")]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b""), (451, b""), (202, b"")]
    assert platform.post("/screen/hook?later=503", b"what nothing can read").status_code == 503
    assert platform.post("/screen/hook?later=200", photograph).status_code == 400
    (match,) = platform.get("/matches").json()["matches"]
    assert match["kind"] == "sha256"


@pytest.mark.parametrize(
    ("matches", "is_by_sound_alone", "expected"),
    [
        ([NEAR], False, 451),
        ([PART, NEAR], False, 451),
        ([PART], False, 202),
        ([DISPUTED, PART], False, 202),
        ([FLAGGED], False, 202),
        ([replace(NEAR, kind=Kind.CHROMAPRINT)], True, 202),
    ],
)
def test_what_is_for_a_person_is_never_stopped_by_a_rule(matches: list[ScreenMatch], is_by_sound_alone: bool, expected: int) -> None:
    result = ScreenResult(ScreenOutcome.MATCH, matches, None, is_by_sound_alone=is_by_sound_alone)
    assert in_status(result, 202).status_code == expected


def test_what_was_not_screened_says_when_to_try_again() -> None:
    result = ScreenResult(ScreenOutcome.NOT_SCREENED, [], None, "busy", retry_after_seconds=7)
    answer = in_status(result, 503)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")


@pytest.mark.parametrize("query", ["later=200", "later=", "later=202&later=202", "latter=503", "later=503&x=1"])
def test_a_parameter_that_is_no_choice_is_refused(query: str) -> None:
    with pytest.raises(MalformedMessageError):
        later_status(QueryParams(query))
