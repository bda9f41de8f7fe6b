# SPDX-License-Identifier: Apache-2.0
"""Whatever moment the process dies at: what is stored holds together, what was answered is kept, and doing it again ends well.

A child does one thing and kills itself (SIGKILL) before its n-th write, before the commit or just after it, for every n there is. After
each death the parent checks the database, and that what had been answered before is as it was.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, feedback_on, fingerprint, publish, value, vote_on
from tests.exchange.exchange_parts import suspend as keep_out
from tests.exchange.test_receipts import receipt_of
from tests.exchange.thief import Thief

WRITES = ("INSERT", "UPDATE", "DELETE")
MOST_MOMENTS = 200


class Killer:
    """Kills this process at the n-th moment: before each write, before and after each commit, before each step of a file."""

    def __init__(self, moment: int) -> None:
        self.left = moment

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().upper().startswith(WRITES):
            self.tick()
        return execute(sql, params, many, context)

    def commit_between(self, commit: Callable[[], None]) -> Callable[[], None]:
        def between() -> None:
            self.tick()
            commit()
            self.tick()

        return between

    def before(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def then(*arguments: Any, **named: Any) -> Any:
            self.tick()
            return change(*arguments, **named)

        return then

    def tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Scene:
    """Who is there before the deed: a case that was opened and answered, and partners that know it."""

    exchange: Context
    clock: Clock
    phone: Phone
    newcomer: Phone
    partner: PartnerClient

    @property
    def a_fingerprint(self) -> str:
        return self.phone.show().fingerprints[0].id


def upkeep(scene: Scene) -> None:
    from stillmine.exchange.running.upkeep import run_upkeep

    scene.clock.forward(days=800)
    run_upkeep(scene.exchange)


def the_day_turns(scene: Scene) -> None:
    from stillmine.exchange.erasure.day_turn import keep_day_keys

    scene.clock.forward(days=1)
    keep_day_keys(scene.exchange)
    keep_day_keys(scene.exchange)


def another_partner(scene: Scene) -> None:
    from stillmine.exchange.partners.actions import add_partner
    from stillmine.exchange.rows.partners import Partner

    Partner.objects.filter(name="Example Video").exists() or add_partner(scene.exchange, "Example Video")


def another_key(scene: Scene) -> None:
    from stillmine.exchange.partners.actions import add_key

    add_key(scene.exchange, "Example Social")


def revoke(scene: Scene) -> None:
    from stillmine.exchange.partners.actions import revoke_partner

    revoke_partner(scene.exchange, "Example Social")


def suspend(scene: Scene) -> None:
    from stillmine.wire.case import SuspensionReason

    keep_out(scene.exchange, [scene.a_fingerprint], SuspensionReason.OPERATOR)


def report(scene: Scene) -> None:
    entry = sorted(scene.partner.entries)[0]
    scene.partner.report(feedback_on(entry, 1), feedback_on(entry, 2, "removed"))


def vote(scene: Scene) -> None:
    entry = sorted(scene.partner.entries)[0]
    scene.partner.vote(vote_on(entry, 1, "disagree", "not_intimate"))


def posted(scene: Scene, path: str, **body: object) -> dict[str, Any]:
    headers = scene.partner.headers | scene.partner.stopncii_headers
    answer = scene.phone.web.post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def submit(scene: Scene) -> dict[str, Any]:
    return posted(scene, "/api/v1/submissions", version=1, fingerprints=[fingerprint(20), fingerprint(21)])


def submit_and_withdraw(scene: Scene) -> None:
    posted(scene, "/api/v1/submissions/withdraw", version=1, fingerprint_ids=submit(scene)["fingerprint_ids"])


def submit_hashes(scene: Scene) -> None:
    said = [{"feedbackValue": "Blocked", "tags": []}]
    record = {"signalType": "ImagePDQ", "hashValue": value(22), "CSPFeedbacks": said}
    posted(scene, "/stopncii/v1/SubmitHashes", count=1, hashRecords=[record])


def submit_hash_feedback(scene: Scene) -> None:
    feedback = {"hashValue": value(1), "feedbackValue": "PendingReview", "tags": []}
    posted(scene, "/stopncii/v1/SubmitFeedback", count=1, hashFeedbacks=[feedback])


def set_partner(scene: Scene) -> None:
    from stillmine.exchange.partners.actions import set_partner as change
    from stillmine.exchange.rows.scopes import Way

    change(scene.exchange, "Example Social", Way.LIST, 5)


def rotate_partner_key(scene: Scene) -> None:
    from stillmine.exchange.partners.actions import rotate_key

    rotate_key(scene.exchange, "Example Social", timedelta(days=7))


def change_bank(scene: Scene) -> None:
    from stillmine.exchange.quarantine.actions import add_bank, remove_bank
    from stillmine.exchange.quarantine.bank_files import BankSource
    from stillmine.exchange.rows.intake import Bank

    if not Bank.objects.exists():
        add_bank(scene.exchange, "Example news", BankSource((bytes.fromhex(value(30)),), pictures=1))
    remove_bank(scene.exchange, "Example news")


def sweep_bank(scene: Scene) -> None:
    from stillmine.exchange.quarantine.actions import add_bank
    from stillmine.exchange.quarantine.bank_files import BankSource
    from stillmine.exchange.quarantine.sweep import sweep
    from stillmine.exchange.rows.intake import Bank

    if not Bank.objects.exists():
        add_bank(scene.exchange, "Example news", BankSource((bytes.fromhex(value(1)),), pictures=1))
    sweep(scene.exchange)


def suspend_keep_and_restore(scene: Scene) -> None:
    from stillmine.exchange.quarantine.actions import keep_suspended, restore_suspended

    suspend(scene)
    keep_suspended(scene.exchange, scene.a_fingerprint)
    restore_suspended(scene.exchange, scene.a_fingerprint)


def ask_for_work(scene: Scene) -> None:
    from stillmine.exchange.quarantine.actions import set_under_attack

    set_under_attack(scene.exchange, True)
    set_under_attack(scene.exchange, False)


def drill(scene: Scene) -> None:
    from stillmine.exchange.drills.actions import plant, withdraw_planted
    from stillmine.exchange.drills.kind import DrillKind
    from stillmine.exchange.partners.actions import find_partner

    planted, _ = plant(scene.exchange, find_partner("Example Social"), DrillKind.PDQ)
    withdraw_planted(scene.exchange, planted)


def operator(scene: Scene) -> None:
    from stillmine.exchange.console.operators import add_operator, remove_operator
    from stillmine.exchange.rows.console import Operator, Role

    if not Operator.objects.exists():
        add_operator(scene.exchange, "Mia Manager", Role.MANAGER)
    remove_operator(scene.exchange, "Mia Manager")


def try_a_wrong_key(scene: Scene) -> None:
    stranger = Phone(scene.phone.web, b"nobodyhere")
    assert stranger.web.get("/api/v1/case", headers=stranger.headers).status_code == 404


DEEDS: dict[str, Callable[[Scene], object]] = {
    "a case is opened": lambda scene: scene.newcomer.open(4, 5),
    "fingerprints are added": lambda scene: scene.phone.add(6, 7),
    "one fingerprint is withdrawn": lambda scene: scene.phone.withdraw(scene.a_fingerprint),
    "the case is withdrawn": lambda scene: scene.phone.withdraw(),
    "the term ends": upkeep,
    "the day turns": the_day_turns,
    "a page is handed out": lambda scene: scene.partner.fetch(limit=1),
    "a page is handed out in the StopNCII shape": lambda scene: scene.partner.fetch_hashes(10),
    "a page is confirmed": lambda scene: scene.partner.acknowledge(),
    "a wrong key is tried": try_a_wrong_key,
    "a copy is reported": report,
    "a fingerprint is suspended": suspend,
    "a case is renewed": lambda scene: scene.phone.renew(term_months=24),
    "a snapshot is handed out": lambda scene: scene.phone.web.get("/api/v1/feed/snapshot", headers=scene.partner.headers).read(),
    "a checkpoint is given": lambda scene: scene.phone.web.get("/api/v1/ledger/checkpoint"),
    "the ledger is published": lambda scene: publish(scene.exchange),
    "a partner is added": another_partner,
    "a key is added": another_key,
    "a partner is revoked": revoke,
    "a partner is changed": set_partner,
    "a partner's key is rotated": rotate_partner_key,
    "a vote is cast": vote,
    "fingerprints are submitted": submit,
    "fingerprints are submitted and withdrawn": submit_and_withdraw,
    "hashes are submitted in the StopNCII shape": submit_hashes,
    "feedback is submitted in the StopNCII shape": submit_hash_feedback,
    "the bank is changed": change_bank,
    "the bank is held against what is there": sweep_bank,
    "a suspended fingerprint is kept and restored": suspend_keep_and_restore,
    "proof of work is switched on and off": ask_for_work,
    "a drill is planted and withdrawn": drill,
    "an operator comes and goes": operator,
}


@pytest.fixture
def scene(exchange: Context, clock: Clock, phone: Phone, other_phone: Phone, partner: PartnerClient) -> Scene:
    phone.open(1, 2, 3)
    partner.sync()
    phone.add(8)
    return Scene(exchange, clock, phone, other_phone, partner)


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_lost_or_broken_whenever_it_dies(scene: Scene, deed: str) -> None:
    from stillmine.exchange.fsck.findings import findings

    before = kept(scene)
    deaths = 0
    for moment in range(1, MOST_MOMENTS):
        was_killed = run_in_child(DEEDS[deed], scene, moment)
        assert findings() == [], f"after moment {moment}"
        assert kept(scene) >= before, f"after moment {moment}"
        if not was_killed:
            break
        deaths += 1
    else:
        pytest.fail("it never came to its end")
    assert deaths >= 3, "it wrote nothing"


def test_whenever_it_dies_while_the_day_turns_what_lives_opens_and_the_old_key_goes(scene: Scene) -> None:
    from stillmine.exchange.erasure.day_turn import keep_day_keys

    for moment in range(1, MOST_MOMENTS):
        old = set(scene.exchange.day_keys.lines())
        was_killed = run_in_child(the_day_turns, scene, moment)
        assert [row.value for row in scene.phone.show().fingerprints] == [value(1), value(2), value(3), value(8)]
        scene.clock.forward(days=1)
        keep_day_keys(scene.exchange)
        keep_day_keys(scene.exchange)
        assert len(scene.exchange.day_keys.lines()) == 1
        assert not old & set(scene.exchange.day_keys.lines())
        assert sorted(path.name for path in scene.exchange.home.glob("day.keys*")) == ["day.keys", "day.keys.lock"]
        if not was_killed:
            break
    assert moment > 20, "it did too little"


@pytest.mark.parametrize("is_known", [False, True], ids=["a new folder", "a folder that is known"])
def test_whenever_it_dies_while_it_backs_up_no_receipt_says_too_much(scene: Scene, tmp_path: Path, is_known: bool) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.folders import forget_folder
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.running.upkeep import run_upkeep

    for moment in range(1, MOST_MOMENTS):
        folder = tmp_path / str(moment)
        if is_known:
            back_up(scene.exchange, folder)
        scene.clock.forward(minutes=1)
        person = Phone(scene.phone.web, b"%010d" % moment)
        person.open(100 + moment)
        was_killed = run_in_child(lambda at: back_up(at.exchange, folder), scene, moment)  # noqa: B023 (called in this round)
        thief = Thief(scene.exchange, None, folder)
        thief.copy()
        scene.clock.forward(minutes=6)
        person.withdraw()
        for pause in ({"days": 1}, {"minutes": 1}):
            scene.clock.forward(**pause)
            run_upkeep(scene.exchange)
        if receipt_of(person).receipt.erased[0].is_unreadable:
            assert value(100 + moment) not in thief.opened(), f"after moment {moment}"
            assert list(folder.glob(".data-*keys*" if not is_known else ".data-*")) == [], "what a sudden end has left is gone"
        else:
            assert was_killed
            assert not (folder / "data-keys.jsonl").exists(), "it would have been renewed"
            assert forget_folder(scene.exchange, folder)
            assert list(folder.glob(".data-keys*")) == []
        assert findings() == [], f"after moment {moment}"
        if not was_killed:
            break
    assert moment > 5, "it did too little"


def kept(scene: Scene) -> set[str]:
    """What a person was told once and must find again: each of their fingerprints, whatever its state is."""
    return {fingerprint.id for fingerprint in scene.phone.show().fingerprints}


def run_in_child(deed: Callable[[Scene], object], scene: Scene, moment: int) -> bool:
    """Do it in a child; True where it was killed before its end. Anything else than an end or that death fails the test."""
    from django.db import connection

    scene.exchange.random_bytes(16)  # the child of a death after the commit would make the same ids again
    connection.close()  # a connection must not be shared with the child
    child = os.fork()
    if child == 0:
        die_or_do(deed, scene, moment)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the child failed"
    return False


def die_or_do(deed: Callable[[Scene], object], scene: Scene, moment: int) -> None:
    from django.db import connection

    code = 1
    try:
        killer = Killer(moment)
        connection._commit = killer.commit_between(connection._commit)  # type: ignore[attr-defined]
        for owner, name in ((os, "fsync"), (os, "link"), (Path, "replace"), (Path, "unlink")):
            setattr(owner, name, killer.before(getattr(owner, name)))
        with connection.execute_wrapper(killer):
            deed(scene)
        code = 0
    finally:
        os._exit(code)
