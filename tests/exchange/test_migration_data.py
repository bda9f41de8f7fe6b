# SPDX-License-Identifier: Apache-2.0
"""What was stored before a migration is there after it: each migration that moves data is run on a database that holds some."""

import hashlib
import subprocess
import sys
from pathlib import Path

VALUE = "0123456789abcdef" * 4
SCRIPT = """
import sys
from pathlib import Path
from stillmine.exchange.app import configure
from stillmine.exchange.config import ExchangeConfig
configure(ExchangeConfig(home=Path(sys.argv[1]), database_url=sys.argv[2] or None, host_names=(), trusted_proxies=0, portal=None))
from django.core.management import call_command
from django.db import connection
call_command("migrate", "cases", sys.argv[3], verbosity=0)
call_command("migrate", "feed", sys.argv[4], verbosity=0)
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
