# SPDX-License-Identifier: Apache-2.0
"""Backing up by the clock, copies elsewhere, trying a backup and the guided restore, as an operator types them."""

import json
import subprocess
from pathlib import Path

import pyrage
import pytest

from stillmine.exchange.backup.errors import BackupRefusedError, BackupUnusableError
from stillmine.exchange.backup.offsite import copy_data, decrypted, identities_of, recipients_of
from stillmine.exchange.backup.places import require_nothing_is_kept
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import NotConfiguredError
from tests.exchange.exchange_parts import Clock, Phone
from tests.exchange.served_exchange import COMMAND, Operator


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    """A file as `age-keygen` writes it."""
    key = pyrage.x25519.Identity.generate()
    path = tmp_path / "identity.txt"
    path.write_text(f"# created: 2026-11-22T14:05:31Z\n# public key: {key.to_public()}\n{key}\n")
    return path


def recipient(identity: Path) -> str:
    return identity.read_text().splitlines()[1].removeprefix("# public key: ")


def say(operator: Operator, text: str) -> None:
    """Write the part of the settings that is about backups."""
    (operator.home / "exchange.toml").write_text(
        f'database = "{operator.environment.get("STILLMINE_EXCHANGE_DATABASE", "sqlite")}"\n{text}'
    )
    (operator.home / "exchange.toml").chmod(0o600)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_by_the_clock_with_copies_elsewhere_that_are_tried(migrated_operator: Operator, tmp_path: Path, identity: Path) -> None:
    operator, here, there, second = migrated_operator, tmp_path / "here", tmp_path / "there", tmp_path / "second"
    say(
        operator,
        f"""
[backup]
folder = "{here}"
keep_days = 30
copy_to = "{there}"
recipients = ["{recipient(identity)}"]
keys_to = "{second}"
""",
    )
    here.mkdir()
    for day in ("01", "02", "03", "04"):
        (here / f"data-202001{day}T000000Z.jsonl").write_text("old")
    assert "2 old file(s) removed" in operator.run("backup"), "of five the newest three stay"
    data = max(here.glob("data-2*.jsonl"))
    assert names(there) == [f"data-202001{day}T000000Z.jsonl.age" for day in ("03", "04")] + [f"{data.name}.age"], "never the data keys"
    assert names(second) == ["data-keys.jsonl"]
    copy = there / f"{data.name}.age"
    assert copy.read_bytes().startswith(b"age-encryption.org/v1\n")
    assert b"stillmine" not in copy.read_bytes()
    assert copy.stat().st_mode & 0o777 == 0o600
    listed = operator.run("backup", "list")
    assert f"{data.name}  copied" in listed
    assert "not tried yet" in listed
    assert "is encrypted" in operator.run("backup", "verify", "--data", str(copy), expect=2)
    assert "no identity of age" in operator.run("backup", "verify", "--data", str(copy), "--identity", str(copy), expect=2)
    data.rename(tmp_path / "aside")
    assert "consistent" in operator.run("backup", "verify", "--data", str(copy), "--identity", str(identity))
    assert "not tried yet" not in operator.run("backup", "list")
    assert not [path for path in operator.home.iterdir() if path.name.startswith(("scratch-", "opened-"))]
    content = (tmp_path / "aside").read_bytes()
    data.write_bytes(content[:-9])
    assert "can't be relied on" in operator.run("backup", "verify", expect=1)
    assert "FAILED" in operator.run("backup", "list")
    findings = {
        finding["part"]: finding for finding in json.loads(operator.run("doctor", "--json", expect=1).partition("\n")[0])["findings"]
    }
    assert findings["backup"]["level"] == "wrong"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('folder = "backup"', "the whole path of a folder"),
        ("keep_days = 0", "a number from 1 to 3650"),
        ('recipients = "age1"', "a list of texts"),
        ("hourly = true", "there is no such key"),
    ],
)
def test_settings_that_can_not_be_used(migrated_operator: Operator, text: str, said: str) -> None:
    say(migrated_operator, f"\n[backup]\n{text}\n")
    assert said in migrated_operator.run("backup", expect=2)


def test_what_is_wrong_is_said_before_or_after_the_backup_and_it_stays(migrated_operator: Operator, tmp_path: Path, identity: Path) -> None:
    operator, here = migrated_operator, tmp_path / "here"
    assert "say where to" in operator.run("backup", expect=2)
    assert "needs a recipient" in operator.run("backup", str(here), "--copy-to", str(tmp_path / "there"), expect=2)
    wrong = ("--copy-to", str(tmp_path / "there"), "--recipient", "age1wrong")
    assert "recipient 1 is none of age" in operator.run("backup", str(here), *wrong, expect=2)
    same = ("--copy-to", str(here), "--recipient", recipient(identity))
    assert "the folder of the backup itself" in operator.run("backup", str(here), *same, expect=2)
    assert not here.exists()
    nowhere = ("--copy-to", "/proc/nowhere", "--recipient", recipient(identity))
    said = operator.run("backup", str(here), *nowhere, expect=2)
    assert "can't be written" in said
    assert "The backup itself is made" in said
    assert len(names(here)) == 2
    (tmp_path / ".stversions").mkdir()
    assert "Syncthing" in operator.run("backup", str(here), expect=2)
    (here / names(here)[0]).unlink()  # else it could be of this second
    operator.run("backup", str(here), "--no-versions")
    assert len(names(here)) == 2


@pytest.mark.parametrize("mark", [".git", ".snapshots", ".dropbox"])
def test_a_place_that_keeps_versions_is_refused_with_its_name(tmp_path: Path, mark: str) -> None:
    folder = tmp_path / "a" / "b"
    require_nothing_is_kept(folder)
    (tmp_path / mark).mkdir()
    with pytest.raises(BackupRefusedError, match="keep versions") as raised:
        require_nothing_is_kept(folder)
    assert str(tmp_path / mark) in str(raised.value)


def test_an_increment_s_copy_is_opened_with_its_whole_one(
    exchange: Context, phone: Phone, clock: Clock, tmp_path: Path, identity: Path
) -> None:
    from stillmine.exchange.backup.dump import back_up
    from stillmine.exchange.backup.increments import read_data

    here, there = tmp_path / "here", tmp_path / "there"
    phone.open(1, 2)
    whole = back_up(exchange, here, large_bytes=1).data
    clock.forward(minutes=5)
    increment = back_up(exchange, here, large_bytes=1).data
    rows = list(read_data(increment).lines())
    copies = copy_data(here, there, recipients_of([recipient(identity)]))
    assert len(copies) == 2
    assert copy_data(here, there, recipients_of([recipient(identity)])) == [], "each once"
    whole.unlink()
    increment.unlink()
    with decrypted(copies[1], identities_of(identity), tmp_path) as opened:
        assert list(read_data(opened).lines()) == rows
        place = opened.parent
    assert not place.exists()
    other = tmp_path / "other.txt"
    other.write_text(f"{pyrage.x25519.Identity.generate()}\n")
    with pytest.raises(BackupUnusableError, match="another identity"), decrypted(copies[1], identities_of(other), tmp_path):
        pass
    with pytest.raises(NotConfiguredError, match="No such file"):
        identities_of(tmp_path / "none.txt")


def guided(operator: Operator, *answers: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "restore", "--guide", "--home", str(operator.home)]
    said = "".join(f"{answer}\n" for answer in answers)
    return subprocess.run(command, env=operator.environment, input=said, capture_output=True, text=True, check=False)


def test_the_guided_restore_does_all_that_has_to_follow(migrated_operator: Operator, tmp_path: Path) -> None:
    old, new = migrated_operator, Operator(tmp_path / "new", None)
    folder, next_folder = tmp_path / "backup", tmp_path / "next"
    old.run("backup", str(folder))
    stopped = guided(new)
    assert stopped.returncode == 1
    assert "Missing: " in stopped.stdout
    assert "Traceback" not in stopped.stderr
    for name in ("exchange.secret", "key-encryption.keys"):
        (new.home / name).write_bytes((old.home / name).read_bytes())
    refused = guided(new, str(tmp_path), str(folder), "7", "1", "n")
    assert "Set the clock first" in refused.stdout
    assert not (new.home / "exchange.toml").exists()
    done = guided(new, str(folder), "1", "y", "y", str(folder), str(next_folder), "y")
    assert done.returncode == 0, done.stderr
    assert "Everything is consistent" in done.stdout
    assert "That is the old one" in done.stdout
    assert not (folder / "data-keys.jsonl").exists(), "it opens what is erased from now on"
    assert (next_folder / "data-keys.jsonl").exists()
    assert "Everything is consistent" in new.run("fsck")
    again = guided(new, str(next_folder), "1", "y", "y")
    assert again.returncode == 2
    assert "database_not_empty" in again.stderr
