# SPDX-License-Identifier: Apache-2.0
"""Any data file of any history restores into a fresh database with the newest data keys, and nothing withdrawn comes back."""

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import CaseState, CaseView, FingerprintState
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, empty_all_tables, feedback_on, suspend

PHONES = 3

PLACE = st.integers(0, PHONES - 1)
OPERATIONS = st.one_of(
    st.tuples(st.just("open"), PLACE, st.integers(1, 3)),
    st.tuples(st.just("add"), PLACE, st.integers(1, 2)),
    st.tuples(st.just("withdraw one"), PLACE, st.integers(0, 4)),
    st.tuples(st.just("withdraw"), PLACE, st.just(0)),
    st.tuples(st.just("suspend"), PLACE, st.integers(0, 4)),
    st.tuples(st.just("expire"), st.just(0), st.just(0)),
    st.tuples(st.just("undo"), st.just(0), st.just(0)),
    st.tuples(st.just("erase"), st.just(0), st.just(0)),
    st.tuples(st.just("delay"), PLACE, st.integers(0, 1)),
    st.tuples(st.just("cancel"), PLACE, st.just(0)),
    st.tuples(st.just("make due"), st.just(0), st.just(0)),
    st.tuples(st.just("doubt"), PLACE, st.integers(0, 4)),
    st.tuples(st.just("flag"), PLACE, st.integers(0, 4)),
    st.tuples(st.just("fetch"), st.just(0), st.just(0)),
    st.tuples(st.just("back up"), st.just(0), st.just(0)),
)


def make_due(exchange: Context) -> None:
    from stillmine.exchange.protection.withdrawal import end_due_delays, make_due_withdrawals
    from stillmine.exchange.quarantine.weighing import end_doubts

    make_due_withdrawals(exchange)
    end_due_delays(exchange)
    end_doubts(exchange)


def flag(exchange: Context, fingerprint_id: str) -> None:
    from stillmine.exchange.protection.flags import flag
    from stillmine.exchange.rows.intake import FlagReason
    from stillmine.exchange.transaction.tx import tx

    with tx("tests.flag", exchange.clock) as transaction:
        flag(exchange, transaction, [fingerprint_id], FlagReason.FOUND_TOO_OFTEN)


def begin_numbering_anew() -> None:
    """Leave the database as `migrate` leaves a new one: empty, and with its own numbering at the beginning."""
    from django.core.management.color import no_style
    from django.db import connection

    empty_all_tables()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence")
            return
        names = [name for name in connection.introspection.table_names() if name != "django_migrations"]
        for statement in connection.ops.sequence_reset_by_name_sql(
            no_style(), [one for name in names for one in connection.introspection.get_sequences(cursor, name)]
        ):
            cursor.execute(statement)


class History:
    """What some people did; each of their steps that can't be done at that moment is left out."""

    def __init__(self, exchange: Context, phone: Phone, clock: Clock, folder: Path) -> None:
        self.exchange, self.clock, self.folder = exchange, clock, folder
        self.phones = [Phone(phone.web, bytes([65 + place]) * 10) for place in range(PHONES)]
        self.opened: set[int] = set()
        self.number = 0
        self.files: list[tuple[Path, dict[str, FingerprintState]]] = []
        self.partner = PartnerClient.add(exchange, phone.web, "Example Social")
        self.other = PartnerClient.add(exchange, phone.web, "Other Forum")

    def step(self, name: str, place: int, count: int) -> None:
        self.clock.forward(minutes=1)
        if name == "back up":
            self.back_up()
        elif name in {"expire", "undo", "erase", "make due"}:
            self._end(name)
        elif name == "fetch":
            self.partner.sync()
            self.partner.fetch_hashes()
        elif name == "open" and place not in self.opened:
            self.opened.add(place)
            self.phones[place].open(*self._numbers(count), term_months=1)
        elif place in self.opened and ((view := self.phones[place].show()).state is CaseState.OPEN or name.startswith("withdraw")):
            self._change(name, place, count, view)

    def _end(self, name: str) -> None:
        from stillmine.exchange.protection.expiry import bring_back_cases, erase_expired, expire_cases

        if name == "expire":
            self.clock.forward(days=32)
            expire_cases(self.exchange)
        elif name == "undo":
            bring_back_cases(self.exchange, timedelta(days=1000))
        else:
            self.clock.forward(hours=73)
            (erase_expired if name == "erase" else make_due)(self.exchange)

    def back_up(self) -> None:
        from stillmine.exchange.backup.dump import back_up

        self.files.append((back_up(self.exchange, self.folder).data, self.states()))

    def states(self) -> dict[str, FingerprintState]:
        return {one.id: one.state for place in self.opened for one in self.phones[place].show().fingerprints}

    def _change(self, name: str, place: int, count: int, view: CaseView) -> None:
        from stillmine.wire.case import SuspensionReason

        chosen = view.fingerprints[count % len(view.fingerprints)].id
        if name == "add":
            self.phones[place].add(*self._numbers(count))
        elif name == "withdraw one":
            self.phones[place].withdraw(chosen)
        elif name == "withdraw":
            self.phones[place].withdraw()
        elif name == "suspend":
            suspend(self.exchange, [chosen], SuspensionReason.OPERATOR)
        elif name == "delay":
            self.phones[place].set_delay(bool(count))
        elif name == "cancel":
            self.phones[place].cancel()
        elif name == "doubt":
            for doubting in (self.partner, self.other):
                doubting.sync()
                self.number += 1
                doubting.report(
                    *(
                        feedback_on(entry, self.number * 100 + at, "not_removed", "not_intimate")
                        for at, entry in enumerate(doubting.entries)
                    )
                )
        elif name == "flag":
            flag(self.exchange, chosen)

    def _numbers(self, count: int) -> list[int]:
        self.number += count
        return list(range(self.number - count, self.number))


def restored(history: History, data: Path) -> dict[str, FingerprintState]:
    """Put one data file into a fresh database and say how each fingerprint is there."""
    from stillmine.exchange.backup.load import restore
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.rows.cases import Fingerprint

    begin_numbering_anew()
    restore(history.exchange, history.folder, data)
    assert findings() == []
    return {pk: FingerprintState(state) for pk, state in Fingerprint.objects.values_list("id", "state")}


def check(history: History) -> None:
    """Every data file, the oldest too, against the newest keys."""
    newest = history.states()
    for data, then in history.files:
        found = restored(history, data)
        assert found.keys() == then.keys()
        for pk, state in found.items():
            if newest[pk] is FingerprintState.WITHDRAWN or then[pk] is FingerprintState.WITHDRAWN:
                assert (state is FingerprintState.WITHDRAWN) is (newest[pk] is FingerprintState.WITHDRAWN)
            else:
                assert state is then[pk]
        Phone(history.phones[0].web, b"goes on....").open(900)
        history.partner.cursor = None


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(OPERATIONS, min_size=4, max_size=14))
def test_every_data_file_of_a_history_restores_into_a_fresh_database(
    exchange: Context, phone: Phone, clock: Clock, steps: list[tuple[str, int, int]]
) -> None:
    follow(exchange, phone, clock, steps)


@pytest.mark.parametrize(
    "steps",
    [
        [("open", 0, 2), ("back up", 0, 0), ("withdraw one", 0, 0)],
        [("open", 0, 2), ("fetch", 0, 0), ("back up", 0, 0), ("withdraw", 0, 0)],
        [("open", 0, 1), ("back up", 0, 0), ("add", 0, 1), ("withdraw one", 0, 0)],
        [("open", 0, 2), ("suspend", 0, 1), ("fetch", 0, 0), ("back up", 0, 0), ("expire", 0, 0), ("back up", 0, 0), ("undo", 0, 0)],
        [("open", 0, 2), ("back up", 0, 0), ("expire", 0, 0), ("back up", 0, 0), ("withdraw one", 0, 0)],
        [("open", 0, 2), ("back up", 0, 0), ("expire", 0, 0), ("back up", 0, 0), ("erase", 0, 0)],
        [("open", 0, 2), ("suspend", 0, 0), ("back up", 0, 0), ("fetch", 0, 0), ("open", 1, 1), ("withdraw one", 0, 1)],
    ],
)
def test_histories_that_failed_before(exchange: Context, phone: Phone, clock: Clock, steps: list[tuple[str, int, int]]) -> None:
    """What the restore itself writes took numbers that rows have (PostgreSQL); a case stayed open with nothing in it."""
    follow(exchange, phone, clock, steps)


def follow(exchange: Context, phone: Phone, clock: Clock, steps: list[tuple[str, int, int]]) -> None:
    begin_numbering_anew()
    clock.reset()
    with tempfile.TemporaryDirectory() as folder:
        history = History(exchange, phone, clock, Path(folder))
        for step in steps:
            history.step(*step)
        clock.forward(minutes=1)
        history.back_up()
        check(history)
