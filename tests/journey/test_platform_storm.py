# SPDX-License-Identifier: Apache-2.0
"""Many uploads at once while the exchange fails in every way, again and again, and the service is killed in between.

A copy of what is protected is never let through, each upload keeps its match id, and each is reported once. What fails is drawn from a
number that the test names when it fails, so that it can be had again.
"""

import random
import threading
import time
from collections import defaultdict
from pathlib import Path

import httpx
import pytest

from stillmine.demo.person import Person
from stillmine.wire import codec
from stillmine.wire.feedback import Outcome, SubmitFeedback
from stillmine.wire.screen import ScreenOutcome
from tests.journey import faults, protected
from tests.journey.between import FEEDBACK, Between, Fault
from tests.journey.parties import Exchange, Service, wait_until

pytestmark = pytest.mark.long

UPLOADERS, CONTENT_IDS = 6, 12
FAULTS = 25
KILLED_EVERY = 8

_DRAWN: list[Fault | None] = [
    None,
    faults.says(500),
    faults.says(429),
    faults.says(200, b"<!doctype html>", Content_Type="text/html"),
    faults.cut,
    faults.hangs,
    faults.endless,
    faults.answers(faults.one_answer_less),
    faults.only(FEEDBACK, faults.says(503)),
    faults.only(FEEDBACK, faults.cut),
]


class Uploads:
    """Threads that upload one copy under content ids of their own, some of them again, until told to stop."""

    def __init__(self, service: Service, data: bytes) -> None:
        self._service, self._data = service, data
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._upload, args=(number,)) for number in range(UPLOADERS)]
        self.match_ids: defaultdict[str, set[str]] = defaultdict(set)
        self.wrong: list[str] = []
        self.refused = 0

    def __enter__(self) -> "Uploads":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def matched(self) -> list[set[str]]:
        """The match ids of each upload that was stopped, which should be one however often it was."""
        return [ids for ids in list(self.match_ids.values()) if ids]

    def _upload(self, number: int) -> None:
        draw = random.Random(number)
        while not self._stopped.is_set():
            content_id = f"upload-{number}-{draw.randrange(CONTENT_IDS)}"
            try:
                result = self._service.screen(self._data, content_id)
            except httpx.TransportError:
                time.sleep(0.2)  # it was killed
                continue
            except AssertionError as error:
                self.wrong.append(str(error))
                continue
            if result.outcome is ScreenOutcome.NO_MATCH:
                self.wrong.append(f"{content_id} was let through")
            self.refused += result.outcome is ScreenOutcome.NOT_SCREENED
            self.match_ids[content_id] |= {match.match_id for match in result.matches}


@pytest.mark.parametrize("seed", [1, 2])
def test_no_copy_passes_and_none_is_lost_in_a_storm(root: Path, exchange: Exchange, between: Between, asking: Service, seed: int) -> None:
    draw = random.Random(seed)
    file = protected.photograph(root)
    with Person(exchange.url, draw.randbytes(10)) as person:
        person.open_case([file.fingerprint])
        wait_until(lambda: exchange.knows(asking.key, file.fingerprint))
        with Uploads(asking, file.copy) as uploads:
            for step in range(1, FAULTS + 1):
                between.fault = draw.choice(_DRAWN)
                time.sleep(draw.uniform(0.05, 1.0))
                if step % KILLED_EVERY == 0:
                    asking.kill()
                    asking.begin()
                    asking.wait_until_answering()
                between.fault = None
                time.sleep(draw.uniform(0.05, 0.5))
            wait_until(lambda: len(uploads.matched()) == UPLOADERS * CONTENT_IDS)
        assert uploads.wrong == []
        assert uploads.refused > 0
        listed = [match.match_id for match in asking.matches(limit="500")]
        assert sorted(listed) == sorted(match_id for ids in uploads.matched() for match_id in ids), "one match for each upload"
        wait_until(lambda: asking.health().waiting_feedback == 0)
        sent = [each for body in between.bodies(FEEDBACK) for each in codec.decode(body, SubmitFeedback).feedback]
        assert {each.outcome for each in sent} == {Outcome.FOUND}
        assert len({each.feedback_id for each in sent}) == len(listed), "one report for each upload"
        assert person.show_case().fingerprints[0].partners[0].found_on is not None
    assert "Traceback" not in asking.written()
    assert "unexpected" not in asking.written()
