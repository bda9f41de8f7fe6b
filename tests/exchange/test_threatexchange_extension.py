# SPDX-License-Identifier: Apache-2.0
"""Our extension of `threatexchange`, in its own command line and library, against a running exchange.

A withdrawal is dropped from the index, is confirmed once it is, and a decision arrives at the person.
"""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from stillmine.client import Exchange
from stillmine.exchange.drills.picture import drill_picture
from stillmine.fingerprint import fingerprint_image
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import FeedCursorForeignError
from stillmine.wire.feed import FeedEntry, FeedPage
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.kinds import Kind
from tests import plain_http
from tests.exchange.exchange_parts import ADULT, PartnerClient, Phone, fingerprint, value
from tests.exchange.served_exchange import Operator, wait_until
from tests.exchange.test_open_client_commands import Tx

pytestmark = pytest.mark.any_database  # the field's client reads answers

pytest.importorskip("threatexchange")

FOLDER = "integrations/threatexchange"
COLLAB = ("--only-collab", "ours")


@pytest.fixture
def key(operator: Operator, served: tuple[str, object, object]) -> str:
    made: str = json.loads(operator.run("partner", "add", "Example Forum", "--way", "list", "--json"))["key"]
    return made


def tx_of(root: Path, home: Path, url: str, key: str) -> Tx:
    tx = Tx(home, url, key)
    tx.environment |= {"PYTHONPATH": str(root / FOLDER), "TX_STILLMINE_KEY": key}
    tx.run("config", "extensions", "add", "stillmine_threatexchange")
    tx.run("config", "collab", "edit", "stillmine", "--create", "ours", "--exchange", url, "--acknowledge-after-seconds", "0")
    return tx


def confirmed_at(phone: Phone) -> set[datetime | None]:
    """When the partner confirmed what the person withdrew, as the person reads it; None: not yet."""
    return {given.withdrawal_confirmed_at for one in phone.show().fingerprints for given in one.partners}


def test_a_withdrawal_reaches_tx_and_is_confirmed_once_its_index_is_rebuilt(
    served: tuple[str, object, object], key: str, root: Path, tmp_path: Path
) -> None:
    picture, video = tmp_path / "protected.png", tmp_path / "video.mp4"
    picture.write_bytes(drill_picture(b"a picture of fog"))
    video.write_bytes(b"a video")
    made = fingerprint_image(picture.read_bytes())
    tx = tx_of(root, tmp_path / "tx-home", served[0], key)
    with plain_http.Client(base_url=served[0]) as web:
        other, phone = Phone(web, b"9876543210"), Phone(web, b"0123456789")
        kept = [fingerprint(number) for number in range(20)]  # its index of a single hash finds nothing once it was on disk
        assert other.post("case", {"version": 1, "statement": ADULT, "fingerprints": kept}).status_code == 201
        own = [
            {"kind": "pdq", "value": made.pdq.hex(), "quality": made.quality},
            {"kind": "md5", "value": "1a3f9e8b5b5c0e7f6d2c4b1a09f8e7d6", "quality": 100},
        ]
        assert phone.post("case", {"version": 1, "statement": ADULT, "fingerprints": own}).status_code == 201
        native = PartnerClient(web, key)
        wait_until(lambda: len(native.fetch().entries) == 22)
        tx.run("fetch", *COLLAB)
        assert "(ours) INVESTIGATION_SEED" in tx.run("match", "photo", str(picture))
        phone.withdraw()
        assert confirmed_at(phone) == {None}
        tx.run("fetch", *COLLAB)
        assert "ours" not in tx.run("match", "photo", str(picture))
        assert confirmed_at(phone) == {None}, "what it fetched just now may be in an index that is not rebuilt yet"
        tx.run("fetch", *COLLAB)
        assert None not in confirmed_at(phone)


DECIDE = """
import sys
from threatexchange.exchanges.fetch_state import SignalOpinion, SignalOpinionCategory
from threatexchange.signal_type.pdq.signal import PdqSignal
from stillmine_threatexchange import StillmineConfig, StillmineCredentials, StillmineSignalExchangeAPI

url, key, value = sys.argv[1:]
api = StillmineSignalExchangeAPI.for_collab(StillmineConfig("ours", exchange=url), StillmineCredentials(key))
api.report_opinion(PdqSignal, value, SignalOpinion(True, SignalOpinionCategory.POSITIVE_CLASS, set()))
try:
    api.report_opinion(PdqSignal, "f" * 64, SignalOpinion(True, SignalOpinionCategory.POSITIVE_CLASS, set()))
except LookupError:
    print("nothing there")
try:
    api.report_opinion(PdqSignal, value, SignalOpinion(True, SignalOpinionCategory.NEGATIVE_CLASS, set()))
except ValueError:
    print("why not?")
api.report_opinion(PdqSignal, value, SignalOpinion(True, SignalOpinionCategory.NEGATIVE_CLASS, {"not_the_same"}))
"""


def test_decisions_arrive_and_two_cases_are_one_signal(served: tuple[str, object, object], key: str, root: Path) -> None:
    with plain_http.Client(base_url=served[0]) as web:
        phones = [Phone(web, b"0123456789"), Phone(web, b"9876543210")]
        for phone in phones:
            body = {"version": 1, "statement": ADULT, "fingerprints": [fingerprint(1)]}
            assert phone.post("case", body).status_code == 201
        native = PartnerClient(web, key)
        wait_until(lambda: len(native.fetch().entries) == 2)
        wait_until(lambda: plain_http.get(served[0] + "/readyz").status_code == 200)
        environment = {**os.environ, "PYTHONPATH": str(root / FOLDER)}
        command = [sys.executable, "-c", DECIDE, served[0], key, value(1)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == ["nothing there", "why not?"]
        for phone in phones:
            (given,) = phone.show().fingerprints[0].partners
            assert given.not_removed_reason is NotRemovedReason.NOT_THE_SAME, "in each case with this picture"


class Feed(Exchange):
    """An exchange whose feed is a list of pages by cursor."""

    def __init__(self) -> None:
        self.pages: dict[str | None, FeedPage] = {}
        self.confirmed: list[str] = []

    def feed_page(self, cursor: str | None = None) -> FeedPage:
        if cursor not in self.pages:
            raise FeedCursorForeignError
        return self.pages[cursor]

    def acknowledge(self, cursor: str) -> None:
        self.confirmed.append(cursor)


def test_what_waits_and_what_is_confirmed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(root / FOLDER)
    import stillmine_threatexchange as extension
    from threatexchange.signal_type.pdq.signal import PdqSignal
    from threatexchange.utils import dataclass_json

    same = "a" * 64
    active = [FeedEntry(number * 32, Kind.PDQ, FingerprintState.ACTIVE, same, 90, is_flagged=number == "2") for number in "12"]
    feed, now = Feed(), [1000.0]
    feed.pages = {
        None: FeedPage(1, active, "one", True),
        "one": FeedPage(1, [FeedEntry("3" * 32, Kind.CHROMAPRINT, FingerprintState.ACTIVE, "AAAA", 100)], "two", False),
        "two": FeedPage(1, [], "two", False),
    }
    api = extension.StillmineSignalExchangeAPI(extension.StillmineConfig("ours", acknowledge_after_seconds=60), feed, lambda: now[0])

    def fetched(checkpoint: extension.StillmineCheckpoint | None) -> extension.StillmineCheckpoint:
        for delta in api.fetch_iter([PdqSignal], checkpoint):
            api.naive_fetch_merge(held, delta.updates)
            checkpoint = dataclass_json.dataclass_load_dict(dataclass_json.dataclass_dump_dict(delta.checkpoint), type(delta.checkpoint))
        assert checkpoint is not None
        return checkpoint

    held: dict[str, extension.StillmineRecord] = {}
    first = fetched(None)
    assert (first.cursor, first.waiting_cursor, feed.confirmed) == ("two", "two", [])
    assert set(held) == {"1" * 32, "2" * 32}
    (signal,) = api.naive_convert_to_signal_type([PdqSignal], api.collab, held)[PdqSignal].items()
    assert signal == (same, extension.StillmineSignalMetadata(["1" * 32, "2" * 32], True))
    feed.pages["two"] = FeedPage(1, [FeedEntry("1" * 32, Kind.PDQ, FingerprintState.WITHDRAWN)], "three", False)
    feed.pages["three"] = FeedPage(1, [], "three", False)
    now[0] += 59
    second = fetched(first)
    assert set(held) == {"2" * 32}
    assert feed.confirmed == [], "too soon"
    now[0] += 1
    third = fetched(second)
    assert (feed.confirmed, third.waiting_cursor) == (["two"], "three")
    now[0] += 60
    fourth = fetched(third)
    assert (feed.confirmed, fourth.waiting_cursor) == (["two", "three"], None)
    fetched(fourth)
    assert feed.confirmed == ["two", "three"]
    with pytest.raises(RuntimeError, match="fetch again"):
        fetched(extension.StillmineCheckpoint("of another exchange"))
