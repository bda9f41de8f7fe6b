# SPDX-License-Identifier: Apache-2.0
"""Backfill of a real S3-compatible store: Swift with its S3 interface, more objects than one listing gives, each answered once."""

import getpass
import importlib
import json
from collections.abc import Iterator
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pytest

from stillmine.wire.kinds import Kind
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Run
from tests.partner.swift_store import ACCESS, PACKAGES, SECRET, is_installed, swift

pytestmark = [
    pytest.mark.long,
    pytest.mark.any_database,
    pytest.mark.skipif(not is_installed(), reason=f"no object store on this machine: apt-get install {PACKAGES}"),
]

OBJECTS = 1010
"""One listing gives 1,000."""

KEY = "2024/é + 7%.bin"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("stillmine.partner.commands.backfill_command.NICENESS", 0)
    folder = tmp_path / "swift"
    folder.mkdir()
    with swift(folder, getpass.getuser()) as url:
        yield url


def client(url: str) -> Any:
    boto3, config = importlib.import_module("boto3"), importlib.import_module("botocore.config")
    settings = config.Config(s3={"addressing_style": "path"})
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1", config=settings)


def test_every_object_of_a_real_store_is_answered_once(store: str, run: Run, exchange: FakeExchange, tmp_path: Path, media: Path) -> None:
    s3 = client(store)
    s3.create_bucket(Bucket="media")
    s3.put_object(Bucket="media", Key=KEY, Body=b"a copy")
    s3.put_object(Bucket="media", Key="2024/hat.jpg", Body=(media / "clothing/hat.jpg").read_bytes())
    s3.put_object(Bucket="media", Key="2024/", Body=b"")
    s3.put_object(Bucket="media", Key="2025/other.bin", Body=b"a copy")
    for number in range(OBJECTS - 2):
        s3.put_object(Bucket="media", Key=f"2024/many/{number:04}", Body=b"%d" % number)
    exchange.add("f", sha256(b"a copy").digest(), Kind.SHA256)
    assert run("sync").exit_code == 0
    arguments = (
        "backfill",
        "s3://media/2024/",
        "--endpoint-url",
        store,
        "--regions",
        "off",
        "--threads",
        "2",
        "--out",
        str(tmp_path / "out"),
    )
    assert run(*arguments).exit_code == 1
    rows = {row["place"]: row for row in map(json.loads, (tmp_path / "out").read_text().splitlines())}
    assert len(rows) == OBJECTS
    assert (rows[KEY]["result"]["outcome"], rows[KEY]["result"]["content_id"]) == ("match", KEY)
    assert rows[KEY]["version"] == f"{md5(b'a copy').hexdigest()}-6"
    assert rows["2024/hat.jpg"]["result"]["outcome"] == "no_match"
    assert sum(row["result"]["outcome"] == "match" for row in rows.values()) == 1

    before = (tmp_path / "out").read_bytes()
    assert run(*arguments).exit_code == 1
    assert (tmp_path / "out").read_bytes() == before
    s3.put_object(Bucket="media", Key="2024/many/0005", Body=b"a copy")
    s3.delete_object(Bucket="media", Key="2024/many/0006")
    assert run(*arguments).exit_code == 1
    rows = {row["place"]: row for row in map(json.loads, (tmp_path / "out").read_text().splitlines())}
    assert len(rows) == OBJECTS - 1
    assert sorted(place for place, row in rows.items() if row["result"]["outcome"] == "match") == ["2024/many/0005", KEY]
