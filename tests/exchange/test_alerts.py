# SPDX-License-Identifier: Apache-2.0
"""Whom an exchange tells what is wrong: every rule once, quiet hours, the next person, the digest, and targets that give way."""

import hashlib
import hmac
import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from stillmine.exchange.alerts import keeping, sending
from stillmine.exchange.alerts.rules import NOT_TOLD, RULES
from stillmine.exchange.alerts.telling import DIGEST, OVER, look_through
from stillmine.exchange.health.alert_state import AlertState, Letter, acknowledge, changing_state, read_state
from stillmine.exchange.health.findings import Finding, Level, fine, warned, wrong
from stillmine.exchange.settings.alerts import AlertSettings, MailServer, alert_settings
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case import SuspensionReason
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.exchange_parts import Clock, Phone, suspend
from tests.exchange.served_exchange import Operator, serving, wait_until
from tests.exchange.smtp_parts import MailServer as Server
from tests.exchange.smtp_parts import mail_server

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()
MINUTE = 60.0
ANNA, BEN, HOOK = "anna@example.org", "ben@example.org", "webhook"
BOTH = AlertSettings(people=(ANNA, BEN), server=MailServer("127.0.0.1", 25, "exchange@example.org"))
QUARANTINE = wrong("quarantine", "…")
CALM = fine("quarantine", "…")


class Watch:
    """Looks as the exchange does, a minute after the other, without sending anything."""

    def __init__(self, settings: AlertSettings = BOTH, at: float = NOON) -> None:
        self.settings, self.now, self.state = settings, at, AlertState(digest_day="2026-11-22")
        self._numbers = count(1)

    def look(self, *findings: Finding, minutes: float = 1) -> list[Letter]:
        """Look, and return what is to be sent now."""
        self.now += minutes * MINUTE
        before = len(self.state.letters)
        look_through(self.state, self.settings, findings, self.now, lambda: f"{next(self._numbers):032x}")
        return self.state.letters[before:]

    def told(self, *findings: Finding, minutes: float = 1) -> list[str]:
        return [letter.target for letter in self.look(*findings, minutes=minutes)]


@pytest.mark.parametrize(("part", "level"), RULES)
def test_every_rule_is_told_once_and_that_it_is_over_once(part: str, level: Level) -> None:
    rule, watch = RULES[part, level], Watch()
    finding = Finding(part, level, "/srv/home 17 cases of Example Video")
    letters = watch.look(finding)
    if rule.after:
        assert letters == []
        letters = watch.look(finding, minutes=rule.after / MINUTE)
    [letter] = letters
    assert (letter.target, letter.parts) == (ANNA, [part])
    assert rule.words in letter.text
    assert "17" not in letter.text, "what the doctor says is not told: it can hold a number"
    assert watch.look(finding) == []
    assert watch.look(fine(part, "…")) == []
    [over] = watch.look(fine(part, "…"), minutes=4)
    assert (over.kind, over.target) == (OVER, ANNA)
    assert watch.look(fine(part, "…"), minutes=30) == []
    assert watch.state.alerts == {}


def test_every_part_that_the_doctor_looks_at_has_a_rule(exchange: Context, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    from stillmine.exchange.health.report import report_of

    found = {finding.part for finding in report_of(replace(exchange, alerts=BOTH), None).findings}
    assert found - NOT_TOLD == {part for part, _ in RULES} - {"certificate"}
    page = (root / "spec/alerts.md").read_text()
    assert {part for part, _ in RULES if f"`{part}`" not in page} == set()


def test_the_next_person_is_told_where_nobody_takes_care_of_it() -> None:
    watch = Watch()
    assert watch.told(QUARANTINE) == [ANNA]
    assert watch.told(QUARANTINE, minutes=29) == []
    assert watch.told(QUARANTINE, minutes=1) == [BEN]
    assert watch.told(QUARANTINE, minutes=300) == []
    assert sorted(watch.told(CALM, minutes=1) + watch.told(CALM, minutes=4)) == [ANNA, BEN]


def test_it_says_since_when_something_waits_and_not_since_when_it_was_found() -> None:
    watch = Watch()
    [letter] = watch.look(wrong("quarantine", "…", datetime(2026, 11, 22, 11, 20, tzinfo=UTC)))
    assert "for 41 minutes." in letter.text
    [letter] = watch.look(wrong("quarantine", "…", datetime(2026, 11, 22, 11, 50, tzinfo=UTC)), minutes=30)
    assert "for 41 minutes." in letter.text, "the oldest was decided, another has waited since"
    [letter] = watch.look(QUARANTINE, wrong("secret", "…"))
    assert "found just now." in letter.text


def test_who_takes_care_of_it_lets_the_next_sleep() -> None:
    watch = Watch()
    assert watch.told(QUARANTINE) == [ANNA]
    watch.state.alerts["quarantine"].acknowledged_at = watch.now
    assert watch.told(QUARANTINE, minutes=300) == []
    watch.told(CALM)
    assert watch.told(CALM, minutes=4) == [ANNA]
    assert watch.told(QUARANTINE) == [ANNA], "another one is another matter"


def test_in_quiet_hours_only_what_is_urgent_is_mailed() -> None:
    night = replace(BOTH, quiet=(time(22), time(7)), zone=ZoneInfo("Europe/Helsinki"), webhook="https://hook.example/")
    watch = Watch(night, datetime(2026, 11, 22, 20, 30, tzinfo=UTC).timestamp())  # half past ten in Helsinki
    assert watch.told(warned("flags", "…")) == [HOOK]
    assert watch.told(warned("flags", "…"), QUARANTINE) == [HOOK, ANNA]
    assert watch.told(warned("flags", "…"), QUARANTINE, minutes=31) == [BEN]
    at_seven = datetime(2026, 11, 23, 5, 1, tzinfo=UTC).timestamp()
    watch.state.digest_day = "2026-11-23"
    assert watch.told(warned("flags", "…"), QUARANTINE, minutes=(at_seven - watch.now) / MINUTE) == [ANNA]


def test_what_becomes_urgent_is_told_again() -> None:
    watch = Watch()
    assert watch.told(warned("withdrawals", "…")) == [ANNA]
    assert watch.told(warned("withdrawals", "…"), minutes=60) == []
    assert watch.told(wrong("withdrawals", "…")) == [ANNA]


def test_what_comes_and_goes_within_minutes_is_no_news_each_time() -> None:
    watch = Watch()
    assert watch.told(QUARANTINE) == [ANNA]
    for _ in range(5):
        assert watch.told(CALM) == []
        assert watch.told(QUARANTINE) == []


def test_while_the_database_is_gone_it_alone_is_told_and_nothing_is_over() -> None:
    watch = Watch()
    assert watch.told(QUARANTINE) == [ANNA]
    gone = [wrong("database", "…"), warned("quarantine", "not looked at"), warned("keys", "not looked at")]
    assert watch.told(*gone, minutes=10) == []
    assert watch.told(*gone, minutes=2) == [ANNA]
    assert watch.state.alerts.keys() == {"quarantine", "database"}


def test_a_digest_a_day_says_what_is_wrong_or_that_all_is_well() -> None:
    watch = Watch(replace(BOTH, zone=ZoneInfo("Europe/Helsinki")))
    tomorrow = (datetime(2026, 11, 23, 5, 59, tzinfo=UTC).timestamp() - watch.now) / MINUTE
    assert watch.look(CALM, minutes=tomorrow) == [], "a minute before eight"
    letters = watch.look(CALM)
    assert [(letter.target, letter.kind, letter.text) for letter in letters] == [
        (ANNA, DIGEST, "All is well."),
        (BEN, DIGEST, "All is well."),
    ]
    assert watch.look(CALM, minutes=60) == []
    watch.look(QUARANTINE)
    digest = watch.look(QUARANTINE, minutes=23 * 60)
    assert "Something waits in quarantine" in digest[-1].text
    assert digest[-1].subject == "Stillmine: still not well"


def test_a_digest_never_calls_well_what_nobody_was_told_of_yet() -> None:
    watch = Watch(replace(BOTH, quiet=(time(22), time(9))), datetime(2026, 11, 22, 23, 0, tzinfo=UTC).timestamp())
    assert watch.told(wrong("backup", "…")) == []
    digest = watch.look(wrong("backup", "…"), minutes=9 * 60)
    assert {letter.kind for letter in digest} == {DIGEST}
    assert all("There is no backup" in letter.text for letter in digest)


def test_a_clock_that_jumps_back_or_ahead_loses_nothing() -> None:
    watch = Watch()
    watch.told(QUARANTINE)
    watch.now -= 10 * 24 * 3600
    letters = watch.look(QUARANTINE)
    assert [letter.target for letter in letters if letter.kind != DIGEST] == [BEN], "sooner than needed, never not at all"
    watch.now += 800 * 24 * 3600
    assert [letter.kind for letter in watch.look(QUARANTINE)] == [DIGEST, DIGEST]
    watch.told(CALM)
    assert sorted(watch.told(CALM, minutes=4)) == [ANNA, BEN]


@pytest.fixture
def mailing(exchange: Context) -> Iterator[tuple[Context, Server]]:
    with mail_server() as server:
        settings = alert_settings({"people": [ANNA, BEN], "mail_server": server.place, "mail_from": "exchange@example.org"})
        yield replace(exchange, alerts=settings), server
    for name in ("alerts.json", "alerts.lock", "alerts.secret"):
        (exchange.home / name).unlink(missing_ok=True)


def look(exchange: Context, *findings: Finding, seconds: float = 5) -> None:
    keeping.look_once(exchange, lambda _: list(findings), sending.sender(exchange, seconds), is_quick=True)


def test_what_takes_long_to_look_at_is_looked_at_each_minute_while_it_is_not_well(
    mailing: tuple[Context, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, _ = mailing
    stopped, looks = threading.Event(), []
    levels = {2: Level.WRONG, 3: Level.WARNING}

    def look(_exchange: Context, _stopped: threading.Event, is_quick: bool) -> list[Finding]:
        looks.append(is_quick)
        if len(looks) == 16:
            stopped.set()
        return [fine("disk", "…")] if is_quick else [Finding("certificate", levels.get(len(looks), Level.OK), "…")]

    monkeypatch.setattr(keeping, "look_by_command", look)
    monkeypatch.setattr(keeping, "INTERVAL_SECONDS", 0)
    monkeypatch.setattr(keeping, "WHOLE_EVERY", 1)
    keeping.keep_alerts(exchange, stopped)
    assert looks == [False] * 16
    stopped.clear()
    looks.clear()
    levels = {1: Level.WRONG, 2: Level.WARNING}
    monkeypatch.setattr(keeping, "WHOLE_EVERY", 10)
    keeping.keep_alerts(exchange, stopped)
    assert [number for number, is_quick in enumerate(looks, 1) if not is_quick] == [1, 2, 3, 13]


def test_a_mail_is_sent_once_over_a_restart_and_holds_nothing_of_a_case(mailing: tuple[Context, Server], clock: Clock) -> None:
    exchange, server = mailing
    with changing_state(exchange.home) as state:
        state.digest_day = clock().date().isoformat()
    look(exchange, QUARANTINE)
    look(exchange, QUARANTINE)  # all it knows is in the file, as after a restart
    [(to, mail)] = server.mails
    assert to == [ANNA]
    assert mail["Subject"] == "Stillmine: Something waits in quarantine"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert (exchange.home / "alerts.json").stat().st_mode & 0o777 == 0o600
    assert read_state(exchange.home).letters == []
    assert acknowledge(exchange, []) == ["quarantine"]
    clock.forward(hours=2)
    look(exchange, QUARANTINE)
    assert len(server.mails) == 1


@pytest.mark.parametrize("how", ["hangs", "refuses", "is gone"])
def test_a_target_that_gives_way_is_tried_again_and_the_doctor_says_so(mailing: tuple[Context, Server], clock: Clock, how: str) -> None:
    from stillmine.exchange.health.alert_state import of_alerts

    exchange, server = mailing
    alerts = exchange.alerts
    with changing_state(exchange.home) as state:
        state.digest_day = clock().date().isoformat()
    if how == "hangs":
        server.is_hanging = True
    elif how == "refuses":
        server.refuses = True
    else:
        assert alerts.server
        exchange = replace(exchange, alerts=replace(alerts, server=replace(alerts.server, port=1)))
    look(exchange, QUARANTINE, seconds=0.3)
    [letter] = read_state(exchange.home).letters
    assert letter.tries == 1
    assert of_alerts(exchange).level is Level.OK
    clock.forward(minutes=16)
    look(exchange, QUARANTINE, seconds=0.3)
    assert read_state(exchange.home).letters[0].tries == 2
    assert of_alerts(exchange).level is Level.WRONG
    assert ANNA not in of_alerts(exchange).words
    server.is_hanging = server.refuses = False
    exchange = replace(exchange, alerts=alerts)
    clock.forward(minutes=3)
    look(exchange, QUARANTINE)
    assert read_state(exchange.home).letters == []
    assert len(server.mails) == 1
    assert of_alerts(exchange).level is Level.OK


class Hook(BaseHTTPRequestHandler):
    """Takes what is posted."""

    taken: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        self.taken.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    Hook.taken = []
    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook?a=1", Hook.taken
        server.shutdown()


def test_served_it_tells_a_signed_webhook_and_commands_work_without_the_database(
    migrated_operator: Operator, portal_folder: Path, tmp_path: Path, hook: tuple[str, list[tuple[dict[str, str], bytes]]]
) -> None:
    url, taken = hook
    operator = migrated_operator
    database = operator.environment.get("STILLMINE_EXCHANGE_DATABASE", "sqlite")
    settings = f'database = "{database}"\n\n[alerts]\nwebhook = "{url}"\ndigest_at = "00:00"\n'
    (operator.home / "exchange.toml").write_text(settings)
    (operator.home / "exchange.toml").chmod(0o600)
    with serving(operator, portal_folder, tmp_path / "log"):
        wait_until(lambda: bool(taken))
    headers, body = taken[0]
    said = json.loads(body)
    assert (said["type"], said["data"]["parts"]) == ("exchange.digest", ["backup"]), "nobody was told of it yet, and it is not called well"
    assert "- There is no backup that can be relied on, found just now." in said["data"]["text"]
    secret = b64decode((operator.home / "alerts.secret").read_text().strip().removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == f"v1,{b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()}"
    assert "webhook: taken" in operator.run("alerts", "test")
    with (operator.home / "alerts.json").open() as file:
        state = json.load(file)
    state["alerts"]["quarantine"] = {"part": "quarantine", "since": NOON, "is_urgent": True, "told": {"webhook": NOON}}
    (operator.home / "alerts.json").write_text(json.dumps(state))
    if database == "sqlite":
        (operator.home / "exchange.sqlite3").rename(tmp_path / "aside")
    assert "quarantine    urgent" in operator.run("alerts", "list")
    assert "no alert is about nonsense" in operator.run("alerts", "ack", "nonsense", expect=2)
    assert "quarantine." in operator.run("alerts", "ack")
    assert "somebody takes care of it" in operator.run("alerts", "list")


def test_a_doctor_that_hangs_is_ended_and_the_database_counts_as_gone(
    exchange: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(program))
    found = keeping.look_by_command(exchange, threading.Event(), True, seconds=0.3)
    assert [(finding.part, finding.level) for finding in found] == [("database", Level.WRONG)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"people": ["Anna"]}, "a mail address"),
        ({"people": ["a@example.org\nBcc: b@example.org"]}, "a mail address"),
        ({"people": [ANNA]}, "name a `mail_server`"),
        ({"people": [ANNA], "mail_server": "mail.example:587"}, "mail_from"),
        ({"mail_server": "mail.example:587", "mail_from": ANNA, "mail_user": "me"}, "belong together"),
    ],
)
def test_settings_that_are_not_whole(said: dict[str, object], words: str) -> None:
    with pytest.raises(NotConfiguredError, match=words):
        alert_settings(said)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('webhook = "http://elsewhere.example/"', "https://"),
        ('quiet_hours = "late"', "two times of day"),
        ('time_zone = "Mars/Olympus"', "a time zone"),
        ('mail_server = "mail.example"', "host:port"),
        ("next_person_after_minutes = 1", "a number from 5 to 1440"),
    ],
)
def test_settings_that_can_not_be_used(migrated_operator: Operator, line: str, words: str) -> None:
    (migrated_operator.home / "exchange.toml").write_text(f"\n[alerts]\n{line}\n")
    (migrated_operator.home / "exchange.toml").chmod(0o600)
    assert words in migrated_operator.run("alerts", "list", expect=2)


def test_what_waits_is_found_when_it_has_waited_for_too_long(exchange: Context, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.health.waiting import of_waiting

    def levels() -> dict[str, Level]:
        return {finding.part: finding.level for finding in of_waiting(exchange)}

    suspend(exchange, [phone.open(1).fingerprints[0].id], SuspensionReason.OPERATOR)
    assert set(levels().values()) == {Level.OK}
    clock.forward(minutes=41)
    assert levels()["quarantine"] is Level.WRONG
