# SPDX-License-Identifier: Apache-2.0
"""What was stored before a migration is there after it: each migration that moves data is run on a database that holds some."""

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

VALUE = "0123456789abcdef" * 4
LATEST = "0004_sealed_only"
SCRIPT = f"""
LATEST = {LATEST!r}
import json, sys
from pathlib import Path
from stillmine.exchange.app import configure
from stillmine.exchange.config import ExchangeConfig
configure(ExchangeConfig(home=Path(sys.argv[1]), database_url=sys.argv[2] or None, host_names=(), trusted_proxies=0, portal=None))
from django.core.management import call_command
from django.db import connection
call_command("migrate", "cases", sys.argv[3], verbosity=0)
call_command("migrate", "feed", sys.argv[4], verbosity=0)
if sys.argv[4] == LATEST:
    call_command("migrate", verbosity=0)
    from stillmine.exchange.cases.models import Fingerprint
    from stillmine.exchange.cases.values import values_of
    from stillmine.exchange.context import context
    from stillmine.exchange.feed.kept_values import open_kept
    from stillmine.exchange.feed.models import PendingTombstone
    from stillmine.exchange.fsck import findings
    from stillmine.exchange.partners.models import Partner
    exchange = context()
    print(json.dumps(values_of(exchange, list(Fingerprint.objects.all()))))
    print([open_kept(exchange, row) for row in PendingTombstone.objects.all()])
    print(findings())
with connection.cursor() as cursor:
    for statement in sys.stdin.read().split(";;"):
        if statement.strip():
            cursor.execute(statement)
            if cursor.description:
                for row in cursor.fetchall():
                    print("|".join(str(cell) for cell in row))
"""
TIME = "'2030-01-01 00:00:00+00:00'"
BEFORE = f"""
INSERT INTO cases_case (id, case_id, token_hash, state, term_months, opened_at, expires_at, closed_at)
 VALUES (1, '00', '00', 'open', 24, {TIME}, {TIME}, NULL);;
INSERT INTO cases_fingerprint (id, case_id, position, is_from_opening, kind, state, value, quality, added_at, withdrawn_at)
 VALUES ('a', 1, 1, true, 'pdq', 'active', '{VALUE}', 90, {TIME}, NULL), ('b', 1, 2, true, 'pdq', 'withdrawn', NULL, NULL, {TIME}, {TIME});;
INSERT INTO partners_partner (id, name, name_key, random_id, created_at, revoked_at)
 VALUES (1, 'Example', 'example', '{"0" * 32}', {TIME}, NULL);;
INSERT INTO feed_pendingtombstone (id, partner_id, fingerprint_id, value, changed_at) VALUES (1, 1, 'b', '{VALUE}', {TIME})
"""
AFTER = """
SELECT id, file_number, value, value_digest, value_bytes FROM cases_fingerprint ORDER BY id;;
SELECT value, value_digest FROM feed_pendingtombstone
"""


def at(home: Path, database_url: str | None, cases: str, feed: str, statements: str) -> list[str]:
    """Migrate to these, run the statements, return the rows."""
    arguments = [sys.executable, "-c", SCRIPT, str(home), database_url or "", cases, feed]
    done = subprocess.run(arguments, input=statements, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_values_of_before_get_digest_size_and_file_number(tmp_path: Path, fresh_database_url: str | None) -> None:
    at(tmp_path / "home", fresh_database_url, "0001", "0002", BEFORE)
    digest = hashlib.sha256(VALUE.encode()).hexdigest()
    rows = at(tmp_path / "home", fresh_database_url, "0003", "0003", AFTER)
    assert rows == [f"a|1|{VALUE}|{digest}|64", "b|2|None|None|0", f"{VALUE}|{digest}"]


CONSISTENT = f"""
UPDATE feed_head SET sequence = 2;;
INSERT INTO feed_change (sequence, fingerprint_id, state, changed_at, superseded_by)
 VALUES (1, 'a', 'active', {TIME}, NULL), (2, 'b', 'withdrawn', {TIME}, NULL);;
INSERT INTO feed_disclosure (partner_id, shape, from_sequence, to_sequence, head_sequence, first_at, last_at, pages)
 VALUES (1, 'stopncii', 0, 1, 1, {TIME}, {TIME}, 1)
"""
SEALED = """
SELECT id, sealed_value, blind_index, value_bytes FROM cases_fingerprint ORDER BY id;;
SELECT fingerprint_id FROM fingerprint_data_keys;;
SELECT tombstone_id FROM tombstone_data_keys;;
SELECT delay, delay_ends_at FROM cases_case;;
SELECT withdrawal_asked_at, withdrawal_due_at FROM cases_fingerprint ORDER BY id
"""


def test_values_in_clear_are_sealed_and_leave_no_trace(
    tmp_path: Path, fresh_database_url: str | None, database_folder: Path | None
) -> None:
    home = tmp_path / "home"
    at(home, fresh_database_url, "0001", "0002", BEFORE)
    at(home, fresh_database_url, "0003", "0003", CONSISTENT)
    rows = at(home, fresh_database_url, LATEST, LATEST, SEALED)
    assert rows[:3] == [json.dumps({"a": VALUE}), str([VALUE]), "[]"], "opened, and fsck finds nothing"
    assert rows[4:] == ["b|None|None|0", "a", "1", "off|None", "None|None", "None|None"]
    assert VALUE not in rows[3]
    assert (home / "key-encryption.keys").stat().st_mode & 0o777 == 0o600
    digest = hashlib.sha256(VALUE.encode()).hexdigest()
    raw = bytes.fromhex(VALUE)
    for path in [*home.iterdir(), *table_files(database_folder, fresh_database_url)]:
        content = path.read_bytes()
        for mark in (VALUE.encode(), digest.encode(), raw, base64.b64encode(raw)):
            assert mark not in content, path


def table_files(database_folder: Path | None, database_url: str | None) -> list[Path]:
    """The files of PostgreSQL's tables, brought up to date; its own log is the operator's (docs/operators.md)."""
    if database_folder is None or database_url is None:
        return []
    import psycopg

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")
        [(number,)] = connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchall()
    found = [path for path in (database_folder / "base" / str(number)).iterdir() if path.is_file()]
    assert len(found) > 50
    return found


CLOCK_SCRIPT = """
import sys
from pathlib import Path
from stillmine.exchange.app import configure
from stillmine.exchange.config import ExchangeConfig
configure(ExchangeConfig(home=Path(sys.argv[1]), database_url=sys.argv[2] or None))
from django.core.management import call_command
from stillmine.exchange.clock.models import ClockState
call_command("migrate", verbosity=0)
print([row.believed_at.isoformat() for row in ClockState.objects.all()])
call_command("migrate", "clock", "zero", verbosity=0)
from stillmine.exchange.feed.models import Head
Head.objects.update(changed_at="2030-01-01T00:00:00Z")
call_command("migrate", verbosity=0)
print([(row.believed_at.isoformat(), row.seen_at.isoformat(), row.anchor_boot) for row in ClockState.objects.all()])
"""


def test_the_state_of_the_clock_begins_with_the_newest_time_that_is_stored(tmp_path: Path, fresh_database_url: str | None) -> None:
    arguments = [sys.executable, "-c", CLOCK_SCRIPT, str(tmp_path / "home"), fresh_database_url or ""]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    newest = "2030-01-01T00:00:00+00:00"
    assert done.stdout.splitlines() == ["[]", str([(newest, newest, "")])]


ERASED_SCRIPT = f"""
import sys
from pathlib import Path
from stillmine.exchange.app import configure
from stillmine.exchange.config import ExchangeConfig
configure(ExchangeConfig(home=Path(sys.argv[1]), database_url=sys.argv[2] or None))
from django.core.management import call_command
from django.db import connection
call_command("migrate", "cases", "0006_is_synthetic", verbosity=0)
with connection.cursor() as cursor:
    cursor.execute(\"\"\"INSERT INTO cases_case (id, case_id, token_hash, state, term_months, opened_at, expires_at, closed_at)
      VALUES (1, '00', '00', 'expired', 24, {TIME}, {TIME}, {TIME})\"\"\")
    cursor.execute(\"\"\"INSERT INTO cases_fingerprint
      (id, case_id, position, is_from_opening, file_number, kind, state, value_bytes, is_synthetic, added_at, withdrawn_at)
      VALUES ('a', 1, 1, true, 1, 'pdq', 'withdrawn', 0, false, {TIME}, {TIME})\"\"\")
call_command("migrate", verbosity=0)
from stillmine.exchange.cases.models import ExpiredValue, Fingerprint
row = Fingerprint.objects.get()
print(row.erased_at == row.withdrawn_at, ExpiredValue.objects.count())
from stillmine.exchange.cases.expiry import bring_back_cases
from stillmine.exchange.context import context
from datetime import timedelta
print(bring_back_cases(context(), timedelta(days=9999)))
"""


def test_what_ended_before_is_erased_and_does_not_come_back(tmp_path: Path, fresh_database_url: str | None) -> None:
    arguments = [sys.executable, "-c", ERASED_SCRIPT, str(tmp_path / "home"), fresh_database_url or ""]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["True 0", "(0, 0)"]


BANK_SCRIPT = """
import sys
from pathlib import Path
from stillmine.exchange.app import configure
from stillmine.exchange.config import ExchangeConfig
configure(ExchangeConfig(home=Path(sys.argv[1]), database_url=sys.argv[2] or None))
from django.core.management import call_command
from django.db import connection
call_command("migrate", "intake", "0001", verbosity=0)
with connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO intake_bank (id, name, name_key, added_at, pictures) VALUES (1, 'News', 'news', '2030-01-01 00:00:00+00:00', 2)"
    )
    for place in (0, 1):
        cursor.execute('INSERT INTO intake_bankpart (bank_id, place, "values") VALUES (1, %s, %s)', [place, bytes([place]) * 32])
call_command("migrate", verbosity=0)
from stillmine.exchange.intake.models import Bank, BankPart
print([(row.kind, row.place, bytes(row.values).hex()) for row in BankPart.objects.order_by("place")])
BankPart.objects.create(bank=Bank.objects.get(), kind="md5", place=0, values=bytes(16))
print(BankPart.objects.count())
"""


def test_lists_of_the_negative_bank_go_on_as_pictures(tmp_path: Path, fresh_database_url: str | None) -> None:
    command = [sys.executable, "-c", BANK_SCRIPT, str(tmp_path / "home"), fresh_database_url or ""]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str([("pdq", 0, "00" * 32), ("pdq", 1, "01" * 32)]), "3"]


REPORT_SCRIPT = f"""
import sys
from pathlib import Path
from stillmine.exchange.app import configure
from stillmine.exchange.config import ExchangeConfig
configure(ExchangeConfig(home=Path(sys.argv[1]), database_url=sys.argv[2] or None))
from django.core.management import call_command
from django.db import connection
call_command("migrate", "feedback", "0002_votes", verbosity=0)
call_command("migrate", "cases", "0006_is_synthetic", verbosity=0)
with connection.cursor() as cursor:
    cursor.execute(\"\"\"INSERT INTO cases_case (id, case_id, token_hash, state, term_months, opened_at, expires_at)
      VALUES (1, '00', '00', 'open', 24, {TIME}, {TIME})\"\"\")
    cursor.execute(\"\"\"INSERT INTO cases_fingerprint
      (id, case_id, position, is_from_opening, file_number, kind, state, value_bytes, is_synthetic, added_at, withdrawn_at)
      VALUES ('a', 1, 1, true, 1, 'pdq', 'withdrawn', 0, false, {TIME}, {TIME})\"\"\")
call_command("migrate", "partners", verbosity=0)
from stillmine.exchange.partners.models import Partner
from django.utils import timezone
partner = Partner.objects.create(name="A", name_key="a", random_id="00", created_at=timezone.now())
with connection.cursor() as cursor:
    cursor.execute(\"\"\"INSERT INTO feedback_report (partner_id, feedback_id, fingerprint_id, outcome, reason, received_at)
      VALUES (%s, '1', 'a', 'not_removed', 'not_intimate', {TIME})\"\"\", [partner.id])
call_command("migrate", verbosity=0)
from stillmine.exchange.intake.quarantine import doubting_partners
print(len(doubting_partners(["a"])["a"]))
"""


def test_doubts_of_before_are_of_what_was_named(tmp_path: Path, fresh_database_url: str | None) -> None:
    command = [sys.executable, "-c", REPORT_SCRIPT, str(tmp_path / "home"), fresh_database_url or ""]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["1"]
