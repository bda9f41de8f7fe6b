# SPDX-License-Identifier: Apache-2.0
"""Everybody of a simulation, what they may do, and what must be true whatever they did.

Values are few on purpose, so that cases share them. What is active is taken from the persons' own pages, never from the tables that
partners are served from.
"""

import contextlib
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import msgspec

from stillmine.exchange.rows.scopes import Way
from stillmine.exchange.transaction.context import Context
from stillmine.ledger.checkpoint import Checkpoint
from stillmine.ledger.proofs import continues
from stillmine.wire.case import CaseState, CaseView, DelayState, FingerprintState, SuspensionReason
from stillmine.wire.errors import NothingErasedError, StillmineError, WorkNeeded
from stillmine.wire.work import PROOF_HEADER, solve
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, suspend, tick, value
from tests.exchange.simulated_network import Network, sender_of
from tests.exchange.simulated_partners import PAGE_SIZES, Asking, NativeList, ValueList, a_report, a_vote
from tests.exchange.simulated_witness import Witness
from tests.exchange.test_ledger import checkpoint, told

PHONES, VALUES, TRIES = 4, 6, 5

Told = tuple[str, str | None, str]
"""An event of the ledger, a partner's name, a fingerprint."""

ENDED = {FingerprintState.WITHDRAWN}


class Person(Phone):
    """A phone in a network of its own, which solves what it is asked to."""

    @property
    def headers(self) -> dict[str, str]:
        number = int.from_bytes(self.secret) % 60_000
        return {**super().headers, "X-Forwarded-For": f"198.18.{number // 250}.{number % 250 + 1}"}

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        response = super().post(path, body, **headers)
        if response.status_code == 428 and response.json()["code"] == "proof_of_work_needed":
            proof = solve(msgspec.json.decode(response.content, type=WorkNeeded))
            response = super().post(path, body, **headers, **{PROOF_HEADER: proof})
        return response


@dataclass
class World:
    """One run."""

    chance: random.Random
    clock: Clock
    exchange: Context
    network: Network
    witness: Witness
    follow: Callable[[], None]
    web: httpx.Client = field(init=False)
    phones: list[Person] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)
    log: list[Checkpoint] = field(default_factory=list)
    held: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    told_before: set[Told] = field(default_factory=set)
    done: dict[str, int] = field(default_factory=dict)
    number: int = 0
    moment: int = 0
    views: dict[str, tuple[Any, CaseView]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.web = httpx.Client(transport=self.network, base_url="http://exchange.example")
        self.native = self._partner(NativeList, "Example Social", Way.LIST)
        self.by_value = ValueList(self._partner(PartnerClient, "Example Forum", Way.LIST))
        self.asking = Asking(self._partner(PartnerClient, "Example Video", Way.ASK))
        for _ in range(PHONES):
            self._new_phone()

    def step(self) -> None:
        """One operation of somebody."""
        self.number += 1
        self.moment += 1
        operation = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        before = self.done.get(operation.__name__, 0)
        if operation(self) is not False:
            self.done[operation.__name__] = before + 1

    # persons

    def open_case(self) -> bool:
        place = self.chance.randrange(PHONES)
        if self._seen(self.phones[place]) is not None:
            view = self._seen(self.phones[place])
            if view.state is CaseState.OPEN or any(one.erased_by for one in view.fingerprints):  # the end of the case may be undone
                return False
            with self._quiet():
                self.told_before |= _told(self.phones[place])
            self._new_phone(place)
        numbers, changes = self._numbers(), {"term_months": self.chance.choice([1, 24]), "delays_withdrawal": self.chance.random() < 0.2}
        return self._tried(self.phones[place], lambda phone: phone.open(*numbers, **changes)) is not None

    def add(self) -> bool:
        phone = self._a_phone(CaseState.OPEN)
        numbers = self._numbers()
        return phone is not None and self._tried(phone, lambda phone: phone.add(*numbers)) is not None

    def withdraw_one(self) -> bool:
        if (phone := self._a_phone()) is None:
            return False
        chosen = self.chance.choice(self._seen(phone).fingerprints).id
        view = self._tried(phone, lambda phone: phone.withdraw(chosen))
        return view is not None and self._asked(view, {chosen})

    def withdraw_case(self) -> bool:
        if (phone := self._a_phone()) is None or self.chance.random() < 0.5:
            return False
        chosen = {one.id for one in self._seen(phone).fingerprints}
        view = self._tried(phone, lambda phone: phone.withdraw())
        return view is not None and self._asked(view, chosen)

    def cancel_withdrawal(self) -> bool:
        phone = self._a_phone(CaseState.OPEN)
        view = phone and self._tried(phone, lambda phone: phone.cancel())
        assert not view or all(one.withdrawal_due_at is None for one in view.fingerprints)
        return view is not None

    def set_delay(self) -> bool:
        phone, is_on = self._a_phone(CaseState.OPEN), self.chance.random() < 0.5
        return phone is not None and self._tried(phone, lambda phone: phone.set_delay(is_on)) is not None

    def renew(self) -> bool:
        phone, term = self._a_phone(CaseState.OPEN), self.chance.choice([1, 24])
        if phone is None:
            return False
        before = self._seen(phone).expires_at
        view = self._tried(phone, lambda phone: phone.renew(term_months=term))
        assert view is None or view.expires_at >= before
        return view is not None

    def ask_receipt(self) -> bool:
        if (phone := self._a_phone()) is None:
            return False
        with self._quiet():
            answer = phone.web.get("/api/v1/case/receipt", headers=phone.headers)
        has_ended = any(one.state in ENDED or one.withdrawal_due_at for one in self._seen(phone).fingerprints)
        assert answer.status_code == (200 if has_ended else NothingErasedError.status), answer.text
        return True

    # partners

    def native_sync(self) -> bool:
        limit = self.chance.choice(PAGE_SIZES)
        return self._synced(self.native, self.native.headers, lambda: self.native.sync(limit))

    def native_restart(self) -> bool:
        def restart() -> None:
            self.native.begin_again()
            self.native.sync()

        return self._synced(self.native, self.native.headers, restart)

    def value_sync(self) -> bool:
        size = self.chance.choice([1, 2, 800])
        return self._synced(self.by_value, self.by_value.client.stopncii_headers, lambda: self.by_value.sync(size))

    def acknowledge(self) -> bool:
        return self.native.cursor is not None and self._attempt(self.native.acknowledge)

    def ask(self) -> bool:
        is_in_step = self.chance.random() < 0.5
        if is_in_step:
            self.follow()
        values = [value(number) for number in range(VALUES)] + [value(1_000)]
        found: set[str] = set()
        if not self._attempt(lambda: found.update(self.asking.ask(values))):
            return False
        active = self.active()
        assert found <= active, "an ask matched what is not active"
        assert not is_in_step or found == active, "an ask missed what is active"
        return True

    def report(self) -> bool:
        client, own = self._known_id()
        return own is not None and self._attempt(lambda: client.report(a_report(self.chance, own, self.number)))

    def vote(self) -> bool:
        client, own = self._known_id()
        body = None if own is None else a_vote(self.chance, own, self.number)
        return body is not None and self._attempt(lambda: client.vote(body))

    def rotate_key(self) -> bool:
        from stillmine.exchange.partners.actions import rotate_key

        client = self.chance.choice([self.native, self.by_value.client, self.asking.client])
        name = self.witness.names[client.key]
        _, client.key = rotate_key(self.exchange, name, timedelta(days=self.chance.choice([0, 7])))
        self.witness.names[client.key] = name
        return True

    def revoke_partner(self) -> bool:
        """A list partner leaves and another comes, which begins with nothing."""
        from stillmine.exchange.partners.actions import revoke_partner

        if self.chance.random() < 0.7:
            return False
        old = self.native
        self.network.let_arrive(sender_of(old.headers))
        revoke_partner(self.exchange, self.witness.names[old.key])
        with self._quiet():
            assert old.web.get("/api/v1/feed", headers=old.headers).status_code == 403
        self.native = self._partner(NativeList, f"Example Social {self.number}", Way.LIST)
        return True

    # operators, time and upkeep

    def suspend(self) -> bool:

        if (phone := self._a_phone()) is None:
            return False
        suspend(self.exchange, [self.chance.choice(self._seen(phone).fingerprints).id], SuspensionReason.OPERATOR)
        return True

    def decide(self) -> bool:
        from stillmine.exchange.quarantine.actions import keep_suspended, restore_suspended

        if (phone := self._a_phone()) is None:
            return False
        chosen = self.chance.choice(self._seen(phone).fingerprints).id
        with contextlib.suppress(StillmineError):
            self.chance.choice([keep_suspended, restore_suspended, restore_suspended])(self.exchange, chosen)
            return True
        return False

    def change_bank(self) -> bool:
        from stillmine.exchange.quarantine.actions import add_bank, remove_bank
        from stillmine.exchange.quarantine.bank_files import BankSource
        from stillmine.exchange.rows.intake import Bank

        if Bank.objects.exists():
            remove_bank(self.exchange, "Example news")
        else:
            known = bytes.fromhex(value(self.chance.randrange(VALUES)))
            add_bank(self.exchange, "Example news", BankSource((known,), pictures=1))
        return True

    def switch_work(self) -> bool:
        from stillmine.exchange.quarantine.actions import set_under_attack

        set_under_attack(self.exchange, self.chance.random() < 0.5)
        return True

    def pass_time(self) -> bool:
        self.clock.forward(minutes=self.chance.choice([1, 11, 11, 300, -3]))
        if self.chance.random() < 0.1:
            self.clock.forward(**self.chance.choice([{"days": 3}, {"days": 20}, {"minutes": -50}]))
        return True

    def run_upkeep(self) -> bool:
        from stillmine.exchange.running.upkeep import run_upkeep

        run_upkeep(self.exchange)
        return True

    def undo_ends(self) -> bool:
        """An operator brings back what expired in the last three days."""
        from stillmine.exchange.protection.expiry import bring_back_cases

        return bring_back_cases(self.exchange, timedelta(hours=72))[0] > 0

    def late_arrives(self) -> bool:
        self.network.let_arrive()
        return True

    # what must be true

    def active(self) -> set[str]:
        """Return the values that persons' pages show as active; what has ended must have stayed so."""
        found = set[str]()
        for phone in self.phones:
            view = self._seen(phone)
            for one in view.fingerprints if view else ():
                if one.state is FingerprintState.ACTIVE:
                    assert one.id not in self.ended, "what was withdrawn is active again"
                    found.add(one.value or "")
                elif one.state in ENDED and one.erased_at is not None:  # what is kept of an expired case may come back
                    self.ended.add(one.id)
        return found

    def check(self) -> None:
        """Everything at once, over a quiet network."""
        from stillmine.exchange.fsck.findings import findings

        self.moment += 1
        with self._quiet():
            self.network.let_arrive()
            tick(self.exchange)
            self.native.sync()
            self.by_value.sync(800)
            self.follow()
            active = self.active()
            assert self.native.matches() == active
            assert self.by_value.matches() == active
            assert self.asking.ask([value(number) for number in range(VALUES)]) == active
            self._check_ledger()
            self._check_counts()
        assert findings() == []

    def _check_ledger(self) -> None:
        """Each disclosure that left is proved to the person it is of, and the log only grows."""
        from stillmine.exchange.partners.actions import find_partner
        from stillmine.exchange.partners.opaque import partner_ids

        told = self.told_before | {entry for phone in self.phones if self._seen(phone) for entry in _told(phone)}
        ids = sorted(one for ids in self.held.values() for one in ids)
        for name in set(self.witness.names.values()):
            own = dict(zip(partner_ids(self.exchange.secret, find_partner(name).random_id).entry_ids(ids), ids, strict=True))
            for event, seen in (("disclosed", self.witness.given), ("matched", self.witness.matched)):
                missing = [entry for partner, entry in seen if partner == name and (event, name, own[entry]) not in told]
                assert missing == [], f"{event} to {name} without an entry"
        for name, shown in self.witness.given_by_value:
            assert any(("disclosed", name, one) in told for one in self.held[shown]), f"a value was given to {name} without an entry"
        new = checkpoint(self.web)
        if self.log:
            old = self.log[-1]
            proof = self.web.get("/api/v1/ledger/consistency", params={"from": old.size, "to": new.size}).json()["proof"]
            assert continues(old.size, old.root, new.size, new.root, [bytes.fromhex(one) for one in proof])
        self.log.append(new)

    def _check_counts(self) -> None:
        from stillmine.exchange.feedback.votes import current_votes
        from stillmine.exchange.partners.opaque import partner_ids
        from stillmine.exchange.rows.asks import AskCount
        from stillmine.exchange.rows.cases import Case
        from stillmine.exchange.rows.feedback import Report, Vote
        from stillmine.exchange.rows.partners import Partner

        assert Case.objects.count() == len(self.witness.opened)
        stored = set(Report.objects.values_list("partner__name", "feedback_id"))
        assert self.witness.reports <= stored
        asking = self.witness.names[self.asking.client.key]
        assert {name for name, _ in stored - self.witness.reports} <= {asking}, "only who asks is not told of every case"
        assert Vote.objects.count() == len(self.witness.vote_ids)
        assert sum(AskCount.objects.values_list("queries", flat=True)) == self.witness.queries.total()
        partners = {partner.id: partner for partner in Partner.objects.all()}
        ids = list(Vote.objects.values_list("fingerprint_id", flat=True).distinct())
        now: dict[Any, tuple[str, str]] = {}
        for (fingerprint_id, partner_id), vote in current_votes(ids).items():
            partner = partners[partner_id]
            (own,) = partner_ids(self.exchange.secret, partner.random_id).entry_ids([fingerprint_id])
            now[partner.name, own] = (vote.vote.value, vote.reason.value if vote.reason else "")
        assert now == self.witness.votes

    # how it is done

    def _partner(self, kind: type[Any], name: str, way: Way) -> Any:
        client = kind.add(self.exchange, self.web, name, way)
        self.witness.names[client.key] = name
        return client

    def _new_phone(self, place: int | None = None) -> None:
        phone = Person(self.web, self.chance.randbytes(10))
        if place is None:
            self.phones.append(phone)
        else:
            self.phones[place] = phone

    def _numbers(self) -> list[int]:
        return self.chance.sample(range(VALUES), self.chance.randint(1, 3))

    def _a_phone(self, state: CaseState | None = None) -> Person | None:
        in_any_order = self.chance.sample(self.phones, len(self.phones))
        return next((phone for phone in in_any_order if (view := self._seen(phone)) and state in {None, view.state}), None)

    def _known_id(self) -> tuple[PartnerClient, str | None]:
        client, known = self.chance.choice([(self.native, self.native.known()), (self.asking.client, self.asking.known())])
        return client, self.chance.choice(known) if known else None

    def _seen(self, phone: Person) -> Any:
        """What the page shows, over a quiet line; None where the case never arrived, which is not tried: tries are limited.

        Looked at once between one thing that may have changed it and the next.
        """
        key, moment = sender_of(phone.headers), (self.moment, self.network.posts)
        if key not in self.witness.opened:
            return None
        if self.views.get(key, (None, None))[0] == moment:
            return self.views[key][1]
        with self._quiet():
            view = phone.show()
        self.views[key] = (moment, view)
        for one in view.fingerprints:
            if one.value is not None:
                self.held[one.value].add(one.id)
        return view

    def _tried(self, phone: Person, operation: Callable[[Person], CaseView]) -> CaseView | None:
        """Try until there is an answer, or give up; what is late of the operation before arrives first."""
        self.network.let_arrive(sender_of(phone.headers))
        for _ in range(TRIES):
            with contextlib.suppress(httpx.TransportError):
                return operation(phone)
        return None

    def _asked(self, view: CaseView, chosen: set[str]) -> bool:
        """What is withdrawn at once has ended; the rest is asked for, and nothing sooner than was said before."""
        if view.delay is DelayState.OFF:
            self.ended |= chosen
        else:
            assert all(one.state in ENDED or one.withdrawal_due_at for one in view.fingerprints if one.id in chosen)
        return True

    def _attempt(self, operation: Callable[[], object]) -> bool:
        try:
            operation()
        except httpx.TransportError:
            return False
        return True

    def _synced(self, partner: NativeList | ValueList, headers: dict[str, str], sync: Callable[[], None]) -> bool:
        """Sync over the bad line; where it came through, what matches is what is active, but for what waits for a tick."""
        self.network.let_arrive(sender_of(headers))
        if not self._attempt(sync):
            return False
        matches, active = partner.matches(), self.active()
        missing = active - matches - self._waiting()
        too_many = matches - active
        assert (too_many, missing) == (set(), set()), f"a sync that came through left {len(too_many)} too many and {len(missing)} too few"
        return True

    def _waiting(self) -> set[str]:
        """Values of which some fingerprint waits for the next tick."""
        from stillmine.exchange.rows.feed import Change

        waiting = set(Change.objects.filter(superseded_by=None, is_shown=False).values_list("fingerprint_id", flat=True))
        return {shown for shown, ids in self.held.items() if ids & waiting}

    @contextlib.contextmanager
    def _quiet(self) -> Any:
        was, self.network.is_quiet = self.network.is_quiet, True
        try:
            yield
        finally:
            self.network.is_quiet = was


def _told(phone: Person) -> set[Told]:
    """Read what the ledger says of a case, and check every proof in it."""
    return {(event, partner, one) for event, partner, ids in told(phone) for one in ids}


WEIGHTS: dict[Callable[[World], bool], int] = {
    World.open_case: 8,
    World.add: 5,
    World.withdraw_one: 7,
    World.withdraw_case: 4,
    World.cancel_withdrawal: 2,
    World.set_delay: 1,
    World.renew: 2,
    World.ask_receipt: 1,
    World.native_sync: 8,
    World.native_restart: 1,
    World.value_sync: 8,
    World.acknowledge: 4,
    World.ask: 8,
    World.report: 4,
    World.vote: 4,
    World.rotate_key: 1,
    World.revoke_partner: 1,
    World.suspend: 3,
    World.decide: 4,
    World.change_bank: 1,
    World.switch_work: 1,
    World.pass_time: 8,
    World.run_upkeep: 4,
    World.undo_ends: 2,
    World.late_arrives: 3,
}
