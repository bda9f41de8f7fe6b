# SPDX-License-Identifier: Apache-2.0
"""Banks of the platform's own: what goes in, what matches, and that what is removed matches no longer and is not in the file."""

import json
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.matching.turned import orientations
from stillmine.partner.fingerprinting.worker_messages import Digest, Picture
from stillmine.partner.screening.made import Made
from stillmine.partner.sources.bank import BankOfNo, BankWay
from stillmine.partner.sources.bank_contents import BankContents, HeldContent
from stillmine.partner.sources.bank_entries import entry_of_value
from stillmine.partner.sources.bank_store import FILE_NAME, BankStore, entry_id
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import Kind
from tests.partner.partner_parts import Clock, Run

PDQ = bytes(range(32))
NEAR = bytes([*PDQ[:31], PDQ[31] ^ 7])
OTHER = bytes(255 - value for value in PDQ)
SHA256 = b"s" * 32


@pytest.fixture
def folder(home: Path) -> Path:
    (home / "sources/own").mkdir(mode=0o700, parents=True)
    return home / "sources/own"


@pytest.fixture
def bank(folder: Path) -> Iterator[BankStore]:
    with closing(BankStore(folder)) as store:
        yield store


def upload(pdq: bytes, digest: bytes = b"d" * 32) -> Made:
    return Made(b"u" * 32, [], [Picture([pdq], 90, []), Digest(Kind.SHA256, digest)])


def test_what_another_program_adds_and_removes_counts_from_the_next_upload_on(bank: BankStore, folder: Path, clock: Clock) -> None:
    way = BankWay(bank, clock, threads=1)
    with closing(BankStore(folder)) as command:
        assert way.look_up(upload(NEAR), b"t").candidates == []
        (added,) = command.add([(Kind.PDQ, PDQ)], "a note", 7)
        (found,) = way.look_up(upload(NEAR), b"t").candidates
        assert (found.id, found.kind, found.distance_bits) == (added, Kind.PDQ, 3)
        assert way.look_up(upload(OTHER), b"t").candidates == []
        assert command.remove([added]) == 1
        assert way.look_up(upload(NEAR), b"t").candidates == []
        assert way.look_up(upload(NEAR), b"t").as_of == clock().replace(microsecond=0)
    way.close()


def test_what_the_same_program_adds_counts_too(bank: BankStore, clock: Clock) -> None:
    way = BankWay(bank, clock, threads=1)
    assert way.look_up(upload(OTHER, SHA256), b"t").candidates == []
    bank.add([(Kind.SHA256, SHA256)], "", 7)
    assert [one.kind for one in way.look_up(upload(OTHER, SHA256), b"t").candidates] == [Kind.SHA256]
    way.close()


def test_adding_twice_is_one_entry_and_what_is_removed_is_not_in_the_files(bank: BankStore, folder: Path) -> None:
    secret = b"\xa7\x5e" * 16
    for note in ("first", "second"):
        assert bank.add([(Kind.PDQ, secret)], note, 7) == [entry_id(Kind.PDQ, secret)]
    assert [entry.note for entry in bank.entries()] == ["first"]
    assert any(secret in path.read_bytes() for path in folder.iterdir())
    bank.remove([entry_id(Kind.PDQ, secret)])
    assert not any(secret in path.read_bytes() for path in folder.iterdir())
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600


def test_a_bank_of_version_1_goes_on(folder: Path) -> None:
    with closing(BankStore(folder)) as bank:
        (id,) = bank.add([(Kind.PDQ, PDQ)], "", 7)
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        db.executescript("DROP TABLE contents; DROP TABLE content_entries; PRAGMA user_version = 1")
    with closing(BankStore(folder)) as bank:
        contents = BankContents(bank)
        number = contents.add("holder", [(Kind.PDQ, PDQ), (Kind.PDQ, OTHER)], "", "{}", 7)
        assert contents.having(id) == [HeldContent("holder", number)]
        contents.remove_all("holder")
        assert bank.ids() == set()


def test_an_entry_is_held_while_a_match_is_recorded(bank: BankStore, folder: Path) -> None:
    (id,) = bank.add([(Kind.PDQ, PDQ)], "", 7)
    with bank.held_still() as active_of:
        assert active_of([id, b"x" * 16]) == {id: False}
    bank.remove([id])
    with bank.held_still() as active_of:
        assert active_of([id]) == {}


def test_the_negative_bank_knows_a_file_and_a_picture_in_any_orientation(bank: BankStore, media: Path) -> None:
    negative = BankOfNo(bank)
    turned = orientations(fingerprint_image((media / "clothing/coat.jpg").read_bytes()).pdq)
    assert not negative.holds_picture(turned[3])
    bank.add([(Kind.PDQ, turned[0]), (Kind.SHA256, SHA256)], "", 7)
    assert all(negative.holds_picture(value) for value in turned)
    assert not negative.holds_picture(OTHER)
    assert negative.holds_file([Digest(Kind.MD5, b"m" * 16), Digest(Kind.SHA256, SHA256)])
    assert not negative.holds_file([Digest(Kind.SHA256, b"x" * 32)])


@pytest.mark.parametrize("said", ["pdq", "pdq:", "pdq:00", "pdq:" + "00" * 32, "pdq:" + "ff" * 32, "pdq:" + "a5" * 32, "word:" + "ab" * 32])
def test_what_is_no_value_or_flat_is_refused(said: str) -> None:
    with pytest.raises(NotConfiguredError, match="--value"):
        entry_of_value(said)


def test_commands_add_list_and_remove(run: Run, media: Path, tmp_path: Path, home: Path) -> None:
    coat = media / "clothing/coat.jpg"
    flat = tmp_path / "flat.txt"
    flat.write_bytes(b"no picture")
    added = run("bank", "add", "own", str(coat), "--value", f"md5:{'ab' * 16}", "--note", "from a report")
    assert added.exit_code == 0, added.output
    assert len(added.stdout.split()) == 4
    rows = [json.loads(line) for line in run("bank", "list", "own", "--json").stdout.splitlines()]
    assert sorted(row["kind"] for row in rows) == ["md5", "md5", "pdq", "sha256"]
    pdq = next(row for row in rows if row["kind"] == "pdq")
    assert pdq["value"] == fingerprint_image(coat.read_bytes()).text
    assert {row["note"] for row in rows} == {"from a report"}
    assert run("bank", "remove", "own", pdq["id"]).stdout == "1 removed\n"
    assert run("bank", "remove", "own", pdq["id"]).exit_code != 0
    assert len(run("bank", "list", "own").stdout.splitlines()) == 3
    missing = run("bank", "add", "own", str(tmp_path / "none.jpg"))
    assert (missing.exit_code, "file_unreadable" in missing.stderr) == (2, True)
    assert len(run("bank", "add", "own", str(flat)).stdout.split()) == 2, "of what can't be read its digests alone"


def test_a_slip_in_the_name_of_a_bank_is_said(run: Run, home: Path) -> None:
    value = ("--value", f"md5:{'ab' * 16}")
    assert "Bank own is new (this home folder has no other)" in run("bank", "add", "own", *value).stderr
    assert run("bank", "add", "own", *value).stderr == ""
    slip = run("bank", "add", "ownn", *value)
    assert (slip.exit_code, "Bank ownn is new (this home folder has own)" in slip.stderr) == (0, True)
    for arguments in (("list", "onw"), ("remove", "onw", "ab" * 16)):
        assert str(run("bank", *arguments).exception).count("there is no bank onw; this home folder has own, ownn") == 1
    assert sorted(path.name for path in (home / "sources").iterdir()) == ["own", "ownn"]


@pytest.mark.parametrize("arguments", [("add", "own"), ("add", "../x", "--value", "md5:00"), ("remove", "own", "zz"), ("list", "OWN")])
def test_wrong_commands_say_what_is_wrong(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("bank", *arguments)
    assert result.exit_code != 0
    assert isinstance(result.exception, NotConfiguredError)
