# SPDX-License-Identifier: Apache-2.0
"""The doctor: a line for each part, what to do where one is not well, and nothing changed by looking."""

import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import Error, OperationalError

from stillmine.exchange.ask.protocol import ServiceStatus
from stillmine.exchange.ground.secret import load_secret
from stillmine.exchange.settings.address import PublicAddress, read_address
from stillmine.exchange.settings.config import ExchangeConfig, database_settings
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.certificates import Certified, answering
from tests.exchange.exchange_parts import Clock, Phone
from tests.exchange.served_exchange import Operator, serving, wait_until
from tests.prepared_commands import run_command

PARTS = [
    "database",
    "secret",
    "migrations",
    "keys",
    "clock",
    "upkeep",
    "index",
    "ledger",
    "feed",
    "erasing",
    "disk",
    "backup",
    "under_attack",
    "quarantine",
    "flags",
    "partners",
    "withdrawals",
    "probing",
    "drills",
    "portal",
    "version",
]


@pytest.fixture
def ready(exchange: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Context:
    """An exchange in which all is well."""
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.folders import note_test
    from stillmine.exchange.log.portal import record_portal
    from stillmine.exchange.running.upkeep import run_upkeep
    from stillmine.wire.portal_list import list_hash, list_of_folder

    run_upkeep(exchange)
    assert exchange.portal
    record_portal(exchange, list_hash(list_of_folder(exchange.portal)))
    back_up(exchange, tmp_path / "backup")
    note_test(exchange, tmp_path / "backup", is_passed=True)
    monkeypatch.setattr("stillmine.exchange.health.parts.service_status", lambda _: ServiceStatus(0, 0.1))
    monkeypatch.setattr("stillmine.exchange.health.further.free_bytes", lambda _: 2 * 1024**3)
    return exchange


def looked(exchange: Context, address: PublicAddress | None = None) -> dict[str, tuple[str, str]]:
    """Level and words of each part; whether all is well is what the levels say."""
    from stillmine.exchange.health.report import report_of

    found = report_of(exchange, address)
    assert found.is_well is all(finding.level != "wrong" for finding in found.findings)
    return {finding.part: (finding.level.value, finding.words) for finding in found.findings}


def not_well(exchange: Context) -> dict[str, str]:
    return {part: level for part, (level, _) in looked(exchange).items() if level != "ok"}


def test_all_is_well(ready: Context, phone: Phone) -> None:
    phone.open(1)
    found = looked(ready)
    assert list(found) == PARTS
    assert {level for level, _ in found.values()} == {"ok"}, found
    assert found["upkeep"][1] == "last at 2026-11-22 14:05 UTC"
    assert found["backup"][1] == "the last was at 2026-11-22 14:05 UTC, 0 h ago, and one was restored to try it 0 h ago"
    assert found["index"][1] == "ready, 0 s behind"


def test_each_word_of_readyz_has_a_sentence_and_no_other(root: Path) -> None:
    from stillmine.exchange.health.sentences import NOT_OK

    page = (root / "spec/readiness.md").read_text()
    table = re.findall(r"^\| `(\w+)` \| (`[^|]+`) \|", page[: page.index("A partner's service")], re.MULTILINE)
    assert {(part, word) for part, words in table for word in re.findall(r"`(\w+)`", words)} == NOT_OK.keys()


def test_what_readyz_says_is_wrong_here_too(ready: Context, phone: Phone, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    phone.open(1)
    clock.until(datetime(2026, 11, 22, 18, 6, tzinfo=UTC))
    assert not_well(ready) == {"upkeep": "wrong", "ledger": "wrong", "feed": "wrong"}
    assert "last at 2026-11-22 14:05 UTC" in looked(ready)["upkeep"][1]
    monkeypatch.setattr("stillmine.exchange.health.parts.service_status", lambda _: None)
    assert "none answers on this machine" in looked(ready)["index"][1]
    monkeypatch.setattr("stillmine.exchange.health.parts.service_status", lambda _: ServiceStatus(0, None))
    assert "it is loading" in looked(ready)["index"][1]


def test_data_keys_that_are_not_replaced_are_said_though_readyz_does_not(ready: Context, clock: Clock) -> None:
    from stillmine.exchange.rows.backups import BackupFolder
    from stillmine.exchange.running.upkeep import run_upkeep

    BackupFolder.objects.update(made_at=clock() - timedelta(hours=49), folder="/away")
    run_upkeep(ready)
    assert not_well(ready) == {"erasing": "wrong"}
    assert "/away" not in looked(ready)["erasing"][1]


@pytest.mark.parametrize(("hours", "level"), [(26, "ok"), (27, "warning"), (7 * 24, "warning"), (7 * 24 + 1, "wrong"), (-1, "warning")])
def test_the_age_of_the_last_backup(ready: Context, clock: Clock, hours: int, level: str) -> None:
    from stillmine.exchange.rows.backups import BackupFolder

    BackupFolder.objects.update(backed_up_at=clock() - timedelta(hours=hours))
    assert looked(ready)["backup"][0] == level


@pytest.mark.parametrize(
    ("tested", "level"),
    [
        ({"tested_at": None}, "warning"),
        ({"is_test_passed": False}, "wrong"),
        ({"days": 35}, "ok"),
        ({"days": 36}, "warning"),
    ],
)
def test_whether_a_backup_was_ever_restored(ready: Context, clock: Clock, tested: dict[str, object], level: str) -> None:
    from stillmine.exchange.rows.backups import BackupFolder

    days = tested.get("days")
    BackupFolder.objects.update(**(tested if days is None else {"tested_at": clock() - timedelta(days=int(str(days)))}))
    assert looked(ready)["backup"][0] == level
    assert ("backup verify" in looked(ready)["backup"][1]) is (level != "ok")


def test_an_exchange_without_a_backup(ready: Context, phone: Phone, clock: Clock) -> None:
    from stillmine.exchange.rows.backups import BackupFolder
    from stillmine.exchange.rows.cases import Case

    BackupFolder.objects.update(backed_up_at=None)
    assert not_well(ready) == {"backup": "warning"}
    phone.open(1)
    assert not_well(ready) == {"backup": "warning"}
    Case.objects.update(opened_at=clock() - timedelta(days=8))
    assert not_well(ready) == {"backup": "wrong"}


def test_little_room(ready: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillmine.exchange.health.further.free_bytes", lambda _: 1024**3 - 1)
    level, words = looked(ready)["disk"]
    assert (level, words[:13]) == ("warning", "1.0 GB free w")


def test_an_attack_is_a_warning(ready: Context, phone: Phone) -> None:
    from stillmine.exchange.quarantine.actions import set_under_attack

    set_under_attack(ready, True)
    assert not_well(ready) == {"under_attack": "warning"}
    set_under_attack(ready, False)
    phone.open(1)
    busy = replace(ready, intake=replace(ready.intake, fingerprints_in_ten_minutes=1))
    assert not_well(busy) == {}
    phone.post("case/fingerprints", {"version": 1, "fingerprints": [{"kind": "pdq", "value": "c9" * 32, "quality": 90}]})
    assert not_well(busy) == {"under_attack": "warning"}


def test_a_portal_that_is_not_what_the_ledger_names(ready: Context) -> None:
    assert ready.portal
    added = ready.portal / "added.html"
    added.write_text("<!doctype html>")
    try:
        assert not_well(ready) == {"portal": "warning"}
    finally:
        added.unlink()
    assert "portal" not in looked(replace(ready, portal=None))


def test_a_secret_that_is_gone_or_another(ready: Context, phone: Phone) -> None:
    phone.open(1)
    file, away = ready.home / "exchange.secret", ready.home / "away"
    file.rename(away)
    try:
        assert not_well(ready) == {"secret": "wrong"}
        assert not file.exists()
    finally:
        away.rename(file)
    other = replace(ready, secret=type(ready.secret)(b"x" * 32))
    assert not_well(other)["secret"] == "wrong"


def test_a_database_that_is_down_or_goes_meanwhile(ready: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OperationalError

    rest = {"migrations", "keys", "clock", "upkeep", "index", "ledger", "feed", "erasing", "disk", "version"}
    with monkeypatch.context() as patched:
        patched.setattr("stillmine.exchange.health.parts.MigrationRecorder.applied_migrations", fails)
        assert looked(ready).keys() == {"database", *rest}
        assert not_well(ready)["database"] == "wrong"
        assert not_well(ready)["ledger"] == "warning"
    monkeypatch.setattr("stillmine.exchange.health.further.last_backup", fails)
    assert not_well(ready) == {"database": "wrong"}


def test_no_line_names_a_path(ready: Context, tmp_path: Path) -> None:
    words = " ".join(words for _, words in looked(ready).values())
    assert str(ready.home) not in words
    assert str(tmp_path) not in words


# The certificate


@pytest.fixture
def certified(tmp_path: Path) -> Certified:
    return Certified(tmp_path)


@pytest.mark.parametrize(("days", "level"), [(60, "ok"), (22, "ok"), (20, "warning"), (8, "warning"), (6, "wrong")])
def test_a_certificate_that_ends(ready: Context, certified: Certified, days: int, level: str) -> None:
    with answering(certified.of("localhost", days)) as port:
        found = certified.look(port)
    assert (found.level, f"in {days - 1} days" in found.words or f"in {days} days" in found.words) == (level, True)
    if level != "ok":
        assert "Renew it" in found.words


def test_a_certificate_that_browsers_refuse(certified: Certified) -> None:
    for of, says in ((certified.of("localhost", -1), "expired"), (certified.of("other.example", 60), "not valid for")):
        with answering(of) as port:
            found = certified.look(port)
        assert found.level == "wrong"
        assert says in found.words
    with answering(certified.of("localhost", 60)) as port:
        found = certified.look(port, ssl.create_default_context(cadata=None))
    assert found.level == "wrong"
    assert "browsers refuse" in found.words


def test_nobody_answers_or_without_tls(certified: Certified) -> None:
    with answering(None) as port:
        assert "does not speak TLS" in certified.look(port).words
    found = certified.look(port)
    assert (found.level, "nobody answers" in found.words) == ("wrong", True)


@pytest.mark.parametrize(
    "text",
    [
        "http://exchange.example",
        "exchange.example",
        "https://",
        "https://a b",
        "https://x/y",
        "https://x?y",
        "https://u@x",
        "https://x:99999",
    ],
)
def test_an_address_that_is_none(text: str) -> None:
    with pytest.raises(NotConfiguredError, match="https://name"):
        read_address(text)


def test_an_address() -> None:
    assert read_address("https://Exchange.Example/") == PublicAddress("exchange.example", 443, "https://exchange.example")
    assert read_address("https://[::1]:8443") == PublicAddress("::1", 8443, "https://[::1]:8443")


# The command


def files(home: Path) -> Mapping[str, bytes]:
    """Everything in the home but what SQLite keeps beside a file while it is open."""
    return {path.name: path.read_bytes() for path in home.iterdir() if path.is_file() and not path.name.endswith(("-wal", "-shm"))}


def by_command(operator: Operator, *options: str, expect: int) -> dict[str, str]:
    said = operator.run("doctor", "--json", *options, expect=expect)
    report = json.loads(said.splitlines()[0])
    assert report["is_well"] is (expect == 0)
    return {finding["part"]: finding["level"] for finding in report["findings"]}


def test_while_nothing_is_served_it_says_so_and_touches_nothing(migrated_operator: Operator) -> None:
    before = files(migrated_operator.home)
    found = by_command(migrated_operator, expect=1)
    assert {part for part, level in found.items() if level == "wrong"} == {"upkeep", "index"}
    assert files(migrated_operator.home) == before
    lines = migrated_operator.run("doctor", expect=1).splitlines()
    assert lines[0].split() == ["ok", "database", "it", "answers"]
    assert any(line.startswith("wrong    index         none answers on this machine") for line in lines)


def test_while_it_is_served_all_is_well(migrated_operator: Operator, portal_folder: Path, tmp_path: Path) -> None:
    with serving(migrated_operator, portal_folder, tmp_path / "log"):
        wait_until(lambda: json.loads(said_now(migrated_operator))["is_well"])
        migrated_operator.run("backup", str(tmp_path / "backup"))
        migrated_operator.run("backup", "verify", str(tmp_path / "backup"))
        found = by_command(migrated_operator, expect=0)
    assert {part: level for part, level in found.items() if level != "ok" and part != "disk"} == {}
    assert set(found) == {*PARTS}


def said_now(operator: Operator) -> str:
    return run_command(["exchange", "doctor", "--json", "--home", str(operator.home)], operator.environment).stdout


def test_a_database_that_is_away_is_not_made_again(migrated_operator: Operator) -> None:
    if "STILLMINE_EXCHANGE_DATABASE" in migrated_operator.environment:
        migrated_operator.environment["STILLMINE_EXCHANGE_DATABASE"] += "_away"
    else:
        (migrated_operator.home / "exchange.sqlite3").unlink()
    before = files(migrated_operator.home)
    assert by_command(migrated_operator, expect=1)["database"] == "wrong"
    assert files(migrated_operator.home) == before


def test_a_secret_that_is_away_is_not_made_again(migrated_operator: Operator) -> None:
    (migrated_operator.home / "exchange.secret").unlink()
    (migrated_operator.home / "exchange.toml").write_text("")
    (migrated_operator.home / "exchange.toml").chmod(0o600)
    assert by_command(migrated_operator, expect=1)["secret"] == "wrong"
    assert load_secret(migrated_operator.home) is None


@pytest.mark.parametrize("options", [("--address", "http://exchange.example"), ("--unknown",)])
def test_bad_use(migrated_operator: Operator, options: tuple[str, ...]) -> None:
    migrated_operator.run("doctor", *options, expect=2)


def test_a_folder_that_is_no_home_stays_none(operator: Operator) -> None:
    assert "is no exchange’s home" in operator.run("doctor", expect=2)
    assert not operator.home.exists()


def test_the_address_of_the_settings_and_that_of_the_option(migrated_operator: Operator, certified: Certified) -> None:
    """The authority of the test is trusted as an operator's machine trusts one: by its list."""
    migrated_operator.environment["SSL_CERT_FILE"] = str(certified.authority_file)
    with answering(certified.of("localhost", 60)) as port:
        migrated_operator.environment["STILLMINE_EXCHANGE_PUBLIC_ADDRESS"] = f"https://localhost:{port}"
        assert by_command(migrated_operator, expect=1)["certificate"] == "ok"
        assert by_command(migrated_operator, "--address", f"https://127.0.0.1:{port}", expect=1)["certificate"] == "wrong"


def test_a_connection_that_only_reads_can_not_write(exchange: Context, fresh_database_url: str | None, database_url: str | None) -> None:
    from django.db.utils import ConnectionHandler

    url = database_url and database_url.rpartition("/")[0] + "/stillmine_exchange_tests"
    if database_url and "?" in database_url:
        url = database_url.replace("/postgres?", "/stillmine_exchange_tests?")
    config = ExchangeConfig(home=exchange.home, database_url=url, is_reading=True)
    handler = ConnectionHandler({"default": database_settings(config)})
    connection = handler["default"]
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM cases_case")
            with pytest.raises(Error):
                cursor.execute("DELETE FROM cases_case")
    finally:
        connection.close()
