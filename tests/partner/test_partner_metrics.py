# SPDX-License-Identifier: Apache-2.0
"""`GET /metrics`, read by Prometheus' own parser: numbers that are right, in words of a fixed set, and nothing of an upload."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fingerprinting.workers import Load
from stillmine.partner.instances.followers import FollowersSeen
from stillmine.partner.older.older_content import OlderSize
from stillmine.partner.service.metrics import RoomTaken, of_health
from stillmine.partner.service.own_gauges import gauges_of_follower, gauges_of_leader
from stillmine.partner.service.room import Room
from stillmine.partner.store.schema import FILE_NAME
from stillmine.partner.watching.counted import BUCKETS_SECONDS, Counted
from stillmine.serving.exposition import Family, Sample, exposition
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import (
    Action,
    Health,
    MatchClass,
    ScreenMatch,
    ScreenOutcome,
    ScreenResult,
    SourceHealth,
    SourceLeftOut,
    WayName,
    WebhooksHealth,
)
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock
from tests.partner.service_client import ServiceClient, running
from tests.partner.test_partner_service import PHOTOGRAPH, built, health, wait_until

CONTENT_ID, UPLOADER = "post 4711 of somebody", "account 77"
OF_SEVERAL = Health(
    is_fresh=False,
    synced_at=None,
    age_seconds=3,
    fingerprints=1,
    waiting_feedback=0,
    problem="exchange_unreachable",
    way=WayName.BOTH,
    queries_today=1,
    queries_a_day=2,
    webhooks=WebhooksHealth(1, 2, 3, True, None),
    sources=[
        SourceHealth("exchange", Action.MATCH, True, None, None, 0, None),
        SourceHealth("ncii", Action.LOG, False, None, 12, 0, "exchange_unreachable", would_have_matched=7),
    ],
)
NOT_READ = ScreenResult(ScreenOutcome.NOT_SCREENED, [], None, "not_an_image", left_out=["not_an_image"])


@pytest.fixture
def platform(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[ServiceClient]:
    with running(built(home, exchange, clock)) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        client.headers["Authorization"] = f"Bearer {(home / 'service.key').read_text().strip()}"
        yield client


def read(text: str) -> dict[tuple[str, ...], float]:
    """Return each sample's value by its name and the values of its labels, as Prometheus' parser reads them."""
    return {(one.name, *one.labels.values()): one.value for family in text_string_to_metric_families(text) for one in family.samples}


def metrics(platform: ServiceClient) -> dict[tuple[str, ...], float]:
    answer = platform.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read(answer.text)


def test_what_is_answered_is_counted(platform: ServiceClient, exchange: FakeExchange, root: Path) -> None:
    photograph = (root / PHOTOGRAPH).read_bytes()
    exchange.add("f", fingerprint_image(photograph).pdq)
    wait_until(lambda: health(platform).fingerprints == 1)
    platform.post("/screen", photograph, {"Stillmine-Content-Id": CONTENT_ID, "Stillmine-Uploader": UPLOADER})
    platform.post("/screen", (root / "media/clothing/hat.jpg").read_bytes())
    platform.post("/screen/hook", b"no picture")
    platform.post("/screen", b"x", {"Content-Encoding": "gzip"})
    platform.request("GET", "/matches", headers={"Authorization": "Bearer nobody"})
    seen = metrics(platform)
    assert seen["stillmine_partner_uploads_total", "match", ""] == 1
    assert seen["stillmine_partner_uploads_total", "no_match", ""] == 1
    assert sum(number for name, number in seen.items() if name[:2] == ("stillmine_partner_uploads_total", "not_screened")) == 1
    assert seen["stillmine_partner_matches_total", "pdq", "exact", "exchange", "match"] == 1
    assert seen["stillmine_partner_screening_seconds_count", "match"] == 1
    assert 0 <= seen["stillmine_partner_screening_seconds_sum", "match"] < 60
    assert seen["stillmine_partner_refused_requests_total", "content_encoding_unsupported"] == 1
    assert seen["stillmine_partner_refused_requests_total", "service_key_unknown"] == 1
    assert seen["stillmine_partner_fingerprints",] == 1
    assert seen["stillmine_partner_part_is_ok", "sync"] == 1
    assert seen["stillmine_partner_workers", "picture"] == 2
    assert seen["stillmine_partner_workers_at_work", "picture"] == 0
    assert seen["stillmine_partner_requests_at_work",] == 0
    assert seen["process_resident_memory_bytes",] > 1_000_000


def test_nothing_of_an_upload_is_in_it(platform: ServiceClient, exchange: FakeExchange, root: Path) -> None:
    photograph = (root / PHOTOGRAPH).read_bytes()
    pdq = fingerprint_image(photograph).pdq
    fingerprint_id = exchange.add("f", pdq)
    wait_until(lambda: health(platform).fingerprints == 1)
    answer = platform.post("/screen", photograph, {"Stillmine-Content-Id": CONTENT_ID, "Stillmine-Uploader": UPLOADER})
    (match,) = answer.json()["matches"]
    text = platform.get("/metrics").text
    for word in (CONTENT_ID, UPLOADER, fingerprint_id, match["match_id"], pdq.hex(), platform.headers["Authorization"][7:]):
        assert word not in text
    assert not re.search(r"[0-9a-f]{32}", text)


def names_of_instances() -> set[str]:
    """Names of the gauges that the service of these tests, which stands alone and remembers nothing, has not."""
    seen = FollowersSeen(0, 0, 0.0, 0)
    anything: Any = SimpleNamespace(
        followers=SimpleNamespace(seen=lambda _position: seen),
        log=SimpleNamespace(position=""),
        open_matches=lambda: 0,
        waiting=0,
        size=lambda: OlderSize(0, 0, 0, 0),
        fingerprints_waiting=lambda: 0,
        delay_hours=lambda: 25,
        seconds_left=0.0,
        not_remembered=0,
    )
    of_leader = gauges_of_leader(anything, anything, anything, anything, is_leading=True)
    return {family.name for gauges in (of_leader, gauges_of_follower(anything, anything, lambda: 0)) for family in gauges()}


def test_the_page_of_the_spec_names_each_metric(platform: ServiceClient, root: Path) -> None:
    everything = Counted()
    match = ScreenMatch("0" * 32, Kind.PDQ, MatchClass.NEAR)
    everything.screened(
        ScreenResult(
            ScreenOutcome.MATCH,
            [match],
            None,
            regions_left_out="regions_not_asked",
            not_recorded="store_unreadable",
            sources_left_out=[SourceLeftOut("other", "deadline")],
        ),
        0,
    )
    everything.refused("busy")
    names = {family.name for family in everything.families()}
    names |= {family.name for family in of_health(OF_SEVERAL)}
    names |= names_of_instances()
    names |= set(re.findall(r"^# TYPE (\w+) ", platform.get("/metrics").text, re.MULTILINE))
    page = (root / "spec/metrics.md").read_text()
    assert not {name for name in names if f"`{name.removeprefix('stillmine_partner_')}`" not in page}
    named = set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))))
    assert not named - {name.removeprefix("stillmine_partner_") for name in names}


def test_each_of_several_sources_is_told_by_its_name() -> None:
    seen = read(exposition(of_health(OF_SEVERAL)))
    assert seen["stillmine_partner_source_is_fresh", "exchange"] == 1
    assert seen["stillmine_partner_source_is_fresh", "ncii"] == 0
    assert seen["stillmine_partner_source_problem", "ncii", "exchange_unreachable"] == 1
    assert seen["stillmine_partner_source_would_have_matched_total", "ncii"] == 7
    assert seen["stillmine_partner_source_fingerprints", "ncii"] == 12
    assert ("stillmine_partner_source_fingerprints", "exchange") not in seen
    counted = Counted()
    left_out = [SourceLeftOut("ncii", "deadline")]
    counted.screened(ScreenResult(ScreenOutcome.NOT_SCREENED, [], None, "deadline", left_out=["deadline"], sources_left_out=left_out), 1.0)
    assert read(exposition(counted.families()))["stillmine_partner_uploads_without_source_total", "ncii", "deadline"] == 1


def test_a_store_that_can_not_be_read_leaves_out_what_stands_in_it(platform: ServiceClient, home: Path) -> None:
    def is_said_once_spoilt() -> bool:
        # Again and again: a thread at work may write the index of the log anew between two files. Never cut to nothing: it is mapped.
        for path in home.glob(f"{FILE_NAME}*"):
            with path.open("r+b") as file:
                file.write(b"\xff" * 40_000)
        return metrics(platform)["stillmine_partner_part_is_ok", "store"] == 0

    wait_until(is_said_once_spoilt)
    seen = metrics(platform)
    assert ("stillmine_partner_fingerprints",) not in seen
    assert seen["stillmine_partner_workers", "moving"] == 2


def test_a_time_falls_into_each_bucket_that_is_as_long() -> None:
    counted = Counted()
    for seconds in (0.0, 0.05, 0.051, 120.0, 121.0):
        counted.screened(NOT_READ, seconds)
    seen = read(exposition(counted.families()))
    name = "stillmine_partner_screening_seconds_bucket"
    assert [seen[name, "not_screened", str(bound)] for bound in BUCKETS_SECONDS] == [1, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4]
    assert seen[name, "not_screened", "+Inf"] == 5
    assert seen["stillmine_partner_screening_seconds_sum", "not_screened"] == pytest.approx(241.101)
    assert seen["stillmine_partner_uploads_total", "not_screened", "not_an_image"] == 5


def test_any_word_is_read_as_it_was_written() -> None:
    words = 'a "quoted" \\ line\nand another {x="y"} \\n'
    (family,) = text_string_to_metric_families(exposition([Family("some", "gauge", words, [Sample(0.1 + 0.2, (("word", words),))])]))
    assert (family.samples[0].labels, family.samples[0].value) == ({"word": words}, 0.1 + 0.2)
    assert exposition([Family("none", "gauge", "", [])]) == ""


async def _room_with_two() -> RoomTaken:
    room = Room(1.0, coming_bytes=100)
    with room.guest() as first, room.guest() as second:
        await first.hold(70)
        await second.take_place()
        return RoomTaken(room.places_taken, room.coming_bytes)


def test_the_room_says_what_is_taken() -> None:
    import asyncio

    assert asyncio.run(_room_with_two()) == RoomTaken(requests=1, coming_bytes=70)


def test_a_lost_worker_is_counted(tmp_path: Path) -> None:
    from stillmine.partner.fingerprinting.worker_messages import JobResult, Media
    from stillmine.partner.fingerprinting.workers import Task, WorkerPool, WorkerSettings

    pool = WorkerPool(1, WorkerSettings(1 << 31, ("/bin/false",)))
    pool.start()
    try:
        with (tmp_path / "upload").open("w+b") as file:
            assert pool.work(file, Task(False, 20.0), JobResult(Media.UNKNOWN)).left_out == ["decoder_stopped"]
        assert pool.load() == Load(workers=1, at_work=0, waiting=0, lost=1)
    finally:
        pool.close()
