# SPDX-License-Identifier: Apache-2.0
"""After a whole journey, whoever has the exchange's files, a dump of its tables and its log reads no fingerprint.

Open, withdrawn and kept ones alike, of every kind, in any form: the text, its bytes, base64, its digest.
"""

import base64
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillmine.demo.person import Person
from stillmine.demo.processes import System
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.vpdq import VideoFrame, format_vpdq
from tests import plain_http
from tests.journey.marks import files_with_values, value_forms

STILLMINE = [sys.executable, "-c", "from stillmine.cli import main; main()"]


def made_sound() -> str:
    """32 values that each differ from the one before in one bit: numbers of three bits, the lowest first, each value ended by 0."""
    numbers = [number for _ in range(32) for number in (secrets.randbelow(6) + 1, 0)]
    packed = sum(number << (3 * place) for place, number in enumerate(numbers)).to_bytes(24, "little")
    return base64.urlsafe_b64encode(bytes([1, 0, 0, 32]) + packed).rstrip(b"=").decode()


def one_of_every_kind() -> list[Fingerprint]:
    frames = [VideoFrame(secrets.token_bytes(32), 80, float(place)) for place in range(3)]
    return [
        Fingerprint(kind=Kind.PDQ, value=secrets.token_hex(32), quality=90),
        Fingerprint(kind=Kind.MD5, value=secrets.token_hex(16), quality=100),
        Fingerprint(kind=Kind.SHA256, value=secrets.token_hex(32), quality=100),
        Fingerprint(kind=Kind.VPDQ, value=format_vpdq(frames), quality=80),
        Fingerprint(kind=Kind.CHROMAPRINT, value=made_sound(), quality=100),
    ]


def all_tables(database_url: str) -> Iterator[bytes]:
    """Every table as text, as a dump gives it."""
    import psycopg

    with psycopg.connect(database_url) as connection:
        names = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").fetchall()
        for (name,) in names:
            with connection.cursor().copy(f'COPY "{name}" TO STDOUT') as rows:
                yield from (bytes(row) for row in rows)
        assert len(names) > 10


def exchange_command(system: System, home: Path, *arguments: str) -> str:
    command = [*STILLMINE, "exchange", *arguments, "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=system.environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_fingerprint_in_clear_anywhere_at_the_exchange(
    system: System, system_folder: Path, fresh_database_url: str | None, database_folder: Path | None, tmp_path: Path
) -> None:
    home, kept, withdrawn = system_folder / "exchange", one_of_every_kind(), one_of_every_kind()
    key = json.loads(exchange_command(system, home, "partner", "add", "Example Forum", "--way", "list", "--json"))["key"]
    headers = {"x-functions-key": key, "Ocp-Apim-Subscription-Key": key, "Authorization": f"Bearer {key}"}
    with (
        Person(system.url("exchange"), secrets.token_bytes(10)) as stays,
        Person(system.url("exchange"), secrets.token_bytes(10)) as goes,
        plain_http.Client(base_url=system.url("exchange"), headers=headers) as partner,
    ):
        stays.open_case(kept)
        goes.open_case(withdrawn)
        give_up_at = time.monotonic() + 60
        while len(entries := partner.get("/api/v1/feed").json()["entries"]) < len(kept + withdrawn):  # they come with the next tick
            assert time.monotonic() < give_up_at
            time.sleep(0.2)
        assert {row["value"] for row in entries} == {row.value for row in kept + withdrawn}
        partner.get("/stopncii/v1/FetchHashes", params={"startTimestamp": 0})
        goes.withdraw_case()
        told = partner.get("/stopncii/v1/FetchHashes", params={"startTimestamp": 0}).json()["hashRecords"]
        assert {row["hashValue"]: row["hashStatus"] for row in told}[withdrawn[0].value] == "Withdrawn"
        assert [row.value for row in stays.show_case().fingerprints] == [row.value for row in kept]
    exchange_command(system, home, "backup", str(tmp_path / "backup"))
    exchange_command(system, home, "fsck")
    exchange_command(system, home, "expire")
    values = [row.value for row in kept + withdrawn]
    if fresh_database_url:
        dump = b"\n".join(all_tables(fresh_database_url))
        assert not [value for value in values if any(form in dump for form in value_forms(value))]
    system.stop()
    places = [home, system_folder / "exchange.log", tmp_path / "backup", *([database_folder] if database_folder else [])]
    assert files_with_values(values, *places) == []


@pytest.mark.parametrize("fingerprint", one_of_every_kind()[:4], ids=["pdq", "md5", "sha256", "vpdq"])
def test_the_search_would_find_a_value(fingerprint: Fingerprint, tmp_path: Path) -> None:
    text = fingerprint.value
    first = json.loads(text)[0].split(",")[0] if text.startswith("[") else text
    raw = bytes.fromhex(first)
    for number, content in enumerate(
        (text.encode(), raw, raw.hex().upper().encode(), b"x" + base64.b64encode(b"xy" + raw), first.encode())
    ):
        (tmp_path / str(number)).write_bytes(b"before" + content + b"after")
    assert files_with_values([text], tmp_path) == ["0", "1", "2", "3", "4"]
    assert files_with_values([secrets.token_hex(32)], tmp_path) == []
