# SPDX-License-Identifier: Apache-2.0
"""The exchange's log as JSON: every line of all its processes is an object; without the switch none is."""

import json
from pathlib import Path

import pytest

from tests import plain_http
from tests.exchange.served_exchange import Operator, serving, wait_until

pytestmark = pytest.mark.any_database


def written(operator: Operator, portal_folder: Path, log: Path) -> list[str]:
    """Serve until the index, which is a process of its own, has said that it is loaded; then stop."""
    with serving(operator, portal_folder, log) as (url, _, _):
        wait_until(lambda: "index loaded" in log.read_text())
        plain_http.get(f"{url}/api/v1/statistics", headers={"X-Forwarded-For": "203.0.113.9"}, timeout=60)
    return log.read_text().splitlines()


def test_every_line_is_an_object(migrated_operator: Operator, portal_folder: Path, tmp_path: Path) -> None:
    migrated_operator.environment["STILLMINE_LOG_FORMAT"] = "json"
    records = [json.loads(line) for line in written(migrated_operator, portal_folder, tmp_path / "log")]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, records))
    assert {record["logger"].rpartition(".")[0] for record in records} >= {"stillmine.exchange.running", "stillmine.exchange.ask"}
    assert all(record["time"].endswith("Z") and record["level"] in {"info", "warning", "error"} for record in records)
    assert "203.0.113.9" not in json.dumps(records)


def test_the_settings_file_says_it_too_and_what_is_unusable_is_refused(migrated_operator: Operator) -> None:
    file = migrated_operator.home / "exchange.toml"
    before = file.read_text() if file.exists() else ""
    file.write_text(f'log_format = "xml"\n{before}')
    file.chmod(0o600)
    assert "line 1: `log_format`: `text` or `json`" in migrated_operator.run("fsck", expect=2)
    file.write_text(f'log_format = "json"\n{before}')
    migrated_operator.run("fsck")
    migrated_operator.environment["STILLMINE_LOG_FORMAT"] = "xml"
    assert "STILLMINE_LOG_FORMAT: `text` or `json`" in migrated_operator.run("fsck", expect=2)
