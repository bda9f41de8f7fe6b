# SPDX-License-Identifier: Apache-2.0
"""The file of sources on the command line: `screen` looks files up in all of them, `sync` and `backfill` say that they know one."""

import json
import time
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.commands.service_commands import app
from stillmine.partner.ground.home import prepare_home
from stillmine.partner.sources.bank_store import BankStore
from stillmine.partner.store.place import StoredEntry
from stillmine.partner.store.store import Store
from stillmine.wire.case import FingerprintState
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import Kind
from tests.partner.fake_exchange import KEY

COAT, HAT, SKIRT = "media/clothing/coat.jpg", "media/clothing/hat.jpg", "media/clothing/skirt.jpg"
EXCHANGE = '[[source]]\nname = "exchange"\ntype = "stillmine"\nurl = "http://127.0.0.1:1"\nkey_file = "one.key"\n'
EXCHANGE += 'way = "list"\nregions = "off"\n'
FURTHER = EXCHANGE.replace('"exchange"', '"further"', 1).replace("127.0.0.1:1", "127.0.0.1:2") + 'action = "review"\n'
SERVER = '[[source]]\nname = "ncii"\ntype = "stopncii"\nurl = "https://ncii.example/v1"\nkey_file = "one.key"\n'
BANKS = '[[source]]\nname = "own"\ntype = "bank"\n[[source]]\nname = "known"\ntype = "bank"\naction = "never"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    key = tmp_path / "one.key"
    key.touch(0o600)
    key.write_text(KEY)
    path = tmp_path / "partner.toml"
    path.write_text(EXCHANGE + FURTHER + SERVER + BANKS)
    return path


def synced(folder: Path, *values: bytes) -> None:
    """A list as the service left it."""
    with closing(Store(prepare_home(folder))) as store:
        entries = [StoredEntry(value[:16], Kind.PDQ, FingerprintState.ACTIVE, value, 90) for value in values]
        store.apply_page(entries, "end", int(time.time()))


def called(home: Path, config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--home", str(home), "--config", str(config)])


def test_files_are_looked_up_in_every_source(home: Path, config: Path, root: Path) -> None:
    coat, hat = (fingerprint_image((root / name).read_bytes()).pdq for name in (COAT, HAT))
    prepare_home(home / "sources")
    synced(home)
    synced(home / "sources/further", coat)
    synced(home / "sources/ncii", hat)
    with closing(BankStore(prepare_home(home / "sources/own"))) as bank:
        bank.add([(Kind.PDQ, coat)], "", 7)
    result = called(home, config, "screen", "--json", *(str(root / name) for name in (COAT, HAT, SKIRT)))
    assert result.exit_code == 1, result.exception
    said = [json.loads(line)["result"] for line in result.stdout.splitlines()]
    assert [sorted((match["source"], match["action"]) for match in one["matches"]) for one in said] == [
        [("further", "review"), ("own", "match")],
        [("ncii", "match")],
        [],
    ]
    assert [one["outcome"] for one in said] == ["match", "match", "no_match"]


def test_nothing_is_clear_before_every_list_was_fetched(home: Path, config: Path, root: Path) -> None:
    synced(home)
    result = called(home, config, "screen", "--json", str(root / SKIRT))
    assert result.exit_code == 2, result.exception
    said = json.loads(result.stdout)["result"]
    assert (said["outcome"], [(one["source"], one["code"]) for one in said["sources_left_out"]]) == (
        "not_screened",
        [("further", "never_synced"), ("ncii", "never_synced")],
    )


def test_commands_that_know_one_exchange_say_so(home: Path, config: Path, tmp_path: Path) -> None:
    for command, instead in ((["sync"], "`serve`"), (["backfill", str(tmp_path)], "--exchange")):
        error = called(home, config, *command).exception
        assert isinstance(error, NotConfiguredError)
        assert "knows one exchange" in str(error)
        assert instead in str(error)
    config.write_text(EXCHANGE)
    assert not isinstance(called(home, config, "sync").exception, NotConfiguredError)
