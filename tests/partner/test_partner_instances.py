# SPDX-License-Identifier: Apache-2.0
"""Several instances as one partner, with real processes: one list, one set of matches, and nothing withdrawn is answered by any."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest

from stillmine.partner.instances.followers import FILE_NAME
from stillmine.wire.kinds import Kind
from tests.partner.fake_exchange import FakeExchange
from tests.partner.instances_parts import Balancer, House, until

FILE = b"any file, also one that can't be read"
OTHER = b"another"

Open = Callable[..., House]


@pytest.fixture
def open_house(tmp_path: Path, exchange: FakeExchange) -> Iterator[Open]:
    """Start a leader whose list holds a file; its followers may answer for so many seconds without it."""
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    with exchange.serving(), ExitStack() as stack:
        yield lambda lease_seconds, *more: House(tmp_path, exchange, stack, lease_seconds, *more)


def outcome(answer: dict[str, object]) -> tuple[object, object]:
    return answer["outcome"], answer["reason"]


def is_acknowledged(exchange: FakeExchange) -> bool:
    return exchange.acknowledged[-1:] == [exchange.cursor()]


def test_a_follower_answers_as_its_leader_does_and_keeps_nothing(open_house: Open, exchange: FakeExchange) -> None:
    house = open_house(60)
    follower = house.follower("one").until_ready()
    here, there = (instance.screen(FILE).json() for instance in (house.leader, follower))
    assert [match["match_id"] for match in here["matches"]] == [match["match_id"] for match in there["matches"]]
    assert there["not_recorded"] is None
    assert [match["match_id"] for match in follower.get("/matches").json()["matches"]] == [there["matches"][0]["match_id"]]
    match_id = there["matches"][0]["match_id"]
    review = {"version": 1, "decision": "removed"}
    said = follower.client.post(f"/matches/{match_id}/review", json=review, headers=house.authorization())
    assert said.status_code == 204
    assert house.leader.get(f"/matches/{match_id}").json()["decision"] == "removed"
    assert follower.screen(FILE).json()["matches"][0]["decision"] == "removed"
    assert follower.get("/matches/" + "0" * 32).json()["code"] == "match_not_found"
    until(lambda: len(exchange.feedback) == 2, "found and removed, once each")
    assert sorted(path.name for path in follower.home.iterdir()) == ["lock"]

    exchange.withdraw("f")
    until(lambda: is_acknowledged(exchange), "acknowledged")
    assert [outcome(instance.screen(FILE).json()) for instance in (house.leader, follower)] == [("not_screened", "not_an_image")] * 2


def test_a_withdrawal_waits_for_a_follower_that_was_killed_and_no_longer(open_house: Open, exchange: FakeExchange) -> None:
    house = open_house(6)
    house.follower("one").until_ready()
    two = house.follower("two").until_ready()
    two.send(signal.SIGKILL)
    killed_at = time.monotonic()
    exchange.withdraw("f")
    until(lambda: is_acknowledged(exchange), "acknowledged")
    assert time.monotonic() - killed_at > 3, "while its lease might live, nothing is acknowledged"


def test_a_follower_that_was_paused_beyond_its_lease_answers_nothing_old(open_house: Open, exchange: FakeExchange) -> None:
    house = open_house(3)
    follower = house.follower("one").until_ready()
    follower.send(signal.SIGSTOP)
    exchange.withdraw("f")
    until(lambda: is_acknowledged(exchange), "acknowledged")
    house.leader.send(signal.SIGSTOP)  # so that nothing but its own clock tells it
    follower.send(signal.SIGCONT)
    assert outcome(follower.screen(FILE).json()) == ("not_screened", "not_in_step")
    assert follower.get("/readyz").json()["parts"]["leader"] == "late"
    house.leader.send(signal.SIGCONT)
    follower.until_ready()
    assert outcome(follower.screen(FILE).json()) == ("not_screened", "not_an_image")


def test_while_the_leader_is_away_matches_are_answered_and_recorded_later(open_house: Open) -> None:
    house = open_house(60)
    follower = house.follower("one").until_ready()
    house.leader.send(signal.SIGKILL)
    house.leader.process.wait()
    answer = follower.screen(FILE).json()
    assert (answer["outcome"], answer["not_recorded"]) == ("match", "leader_away")
    assert follower.get("/matches").status_code == 503
    assert follower.get("/matches").json()["code"] == "leader_away"
    assert follower.is_ready()
    house.leader.start()
    house.leader.until_ready()
    until(lambda: len(house.leader.get("/matches").json()["matches"]) == 1, "recorded")
    assert house.leader.get("/matches").json()["matches"][0]["match_id"] == answer["matches"][0]["match_id"]


def test_what_a_follower_screened_while_the_leader_was_away_is_remembered_though_both_were_killed(
    open_house: Open, exchange: FakeExchange
) -> None:
    house = open_house(60, "--remember-days", "7")
    follower = house.follower("one").until_ready()
    follower.screen(OTHER, stillmine_content_id="post 1")
    until(lambda: house.leader.client.get("/health").json()["older"]["uploads"] == 1, "handed over")
    house.leader.send(signal.SIGKILL)
    house.leader.process.wait()
    follower.screen(OTHER, stillmine_content_id="post 2")
    follower.send(signal.SIGKILL)
    follower.process.wait()
    house.leader.start()
    house.leader.until_ready()
    follower.start()
    follower.until_ready()
    # Three, where the leader was killed before it could say that it has the first: that is then handed over once more.
    until(lambda: house.leader.client.get("/health").json()["older"]["uploads"] >= 2, "handed over after both were killed")
    exchange.add("g", sha256(OTHER).digest(), Kind.SHA256)
    until(lambda: len(follower.get("/matches").json()["matches"]) == 2, "found once the case is opened")
    assert {match["content_id"] for match in follower.get("/matches").json()["matches"]} == {"post 1", "post 2"}


def test_a_leader_that_starts_again_waits_for_those_who_followed_it(open_house: Open, exchange: FakeExchange) -> None:
    house = open_house(6)
    follower = house.follower("one").until_ready()
    follower.send(signal.SIGSTOP)
    house.leader.send(signal.SIGKILL)
    house.leader.process.wait()
    assert (house.leader.home / FILE_NAME).exists()
    exchange.withdraw("f")
    started_at = time.monotonic()
    house.leader.start()
    until(lambda: is_acknowledged(exchange), "acknowledged")
    assert time.monotonic() - started_at > 6


def test_who_has_the_wrong_key_or_another_version_is_refused_in_words(open_house: Open, tmp_path: Path) -> None:
    house = open_house(60)
    wrong = tmp_path / "wrong.key"
    wrong.write_text("smi_" + "A" * 43)
    wrong.chmod(0o600)
    stranger = house.follower("stranger", key_file=wrong)
    assert stranger.process.wait(30) == 2
    assert "instances_key_unknown" in stranger.log()
    newer = house.follower("newer", "from stillmine.partner.instances import leader; leader.INSTANCES_VERSION = 2")
    assert newer.process.wait(30) == 2
    assert "Start the same release on both" in newer.log()
    assert "[instance_version]" in newer.log()
    for path in ("welcome", "step", "record", "leave"):
        answer = house.leader.client.post(f"/instances/{path}", content=b"{}", headers=house.authorization())
        assert answer.json()["code"] == "instances_key_unknown", "the platform's key opens nothing here"
    assert house.leader.client.get("/instances/list").status_code == 401


def test_no_upload_is_refused_while_one_after_another_starts_again(open_house: Open, root: Path) -> None:
    house = open_house(60)
    everyone = [house.leader, house.follower("one").until_ready(), house.follower("two").until_ready()]
    balancer = Balancer(everyone, house.authorization())
    balancer.start([FILE, (root / "media/clothing/coat.jpg").read_bytes()])
    try:
        for instance in [everyone[1], everyone[2], everyone[0]]:
            instance.send(signal.SIGTERM)
            until(lambda of=instance: not of.is_ready(), "draining")  # type: ignore[misc]
            assert instance.process.wait(30) == 0
            instance.start()
            instance.until_ready()
            time.sleep(1)  # until the balancer has seen it
    finally:
        balancer.stop()
    assert len(balancer.answers) > 50
    assert {answer for answer in balancer.answers if answer not in {(200, "match"), (200, "no_match")}} == set()
