# SPDX-License-Identifier: Apache-2.0
"""Every block of docs/client.md is run, in order, against a real exchange with a real photograph in it, and prints what the page says."""

import contextlib
import io
import json
import re
import secrets
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stillmine.client import Exchange, ExchangeSettings
from stillmine.fingerprint import fingerprint_image
from stillmine.wire.ask import AskQuery, Outcome
from stillmine.wire.case_key import Secret
from stillmine.wire.kinds import Kind
from tests import plain_http
from tests.exchange.exchange_parts import Phone
from tests.exchange.served_exchange import Operator, wait_until

pytestmark = pytest.mark.any_database  # what a page of the docs prints

ADDRESS = "https://exchange.example"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def reader(operator: Operator, served: tuple[str, subprocess.Popen[bytes], Path], root: Path, tmp_path: Path) -> Path:
    """The folder of an engineer who follows the page: two keys, a key for tokens, and an upload that somebody protects."""
    url, _, _ = served
    folder = tmp_path / "reader"
    folder.mkdir()
    for name, way, file in (("Example Social", "ask", "partner.key"), ("Example Forum", "list", "list-partner.key")):
        key = json.loads(operator.run("partner", "add", name, "--way", way, "--json"))["key"]
        (folder / file).touch(mode=0o600)
        (folder / file).write_text(key)
    (folder / "upload-token.key").write_bytes(secrets.token_bytes(32))
    photograph = (root / "media/skimage/rocket.jpg").read_bytes()
    (folder / "upload.jpg").write_bytes(photograph)
    made = fingerprint_image(photograph)
    body = {"kind": "pdq", "value": made.pdq.hex(), "quality": made.quality}
    with plain_http.Client(base_url=url, timeout=30) as web:
        Phone(web, b"0123456789").post("case", opening_of(body)).raise_for_status()
    with Exchange(ExchangeSettings(url, Secret((folder / "list-partner.key").read_bytes()))) as exchange:
        wait_until(lambda: exchange.status().index == "ready")
        wait_until(lambda: bool(exchange.feed_page().entries))
        wait_until(
            lambda: exchange.ask([AskQuery(Kind.PDQ, made.pdq.hex())])[0].outcome is Outcome.MATCH
        )  # the index follows a moment later
    return folder


def opening_of(fingerprint: dict[str, object]) -> dict[str, object]:
    statement = {"role": "person", "is_adult_now": True, "was_adult_then": True}
    return {"version": 1, "statement": statement, "fingerprints": [fingerprint]}


def test_every_block_runs_and_prints_what_the_page_says(
    reader: Path, served: tuple[str, subprocess.Popen[bytes], Path], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reader)
    page = (root / "docs/client.md").read_text()
    blocks = BLOCK.findall(page)
    assert len(blocks) >= 14
    assert {language for language, _ in blocks} == {"python", "text"}
    program: dict[str, Any] = {}
    try:
        for (language, code), (next_language, expected) in zip(blocks[::2], blocks[1::2], strict=True):
            assert (language, next_language) == ("python", "text")
            assert printed_by(code.replace(ADDRESS, served[0]), program) == expected
    finally:
        for exchange in (program[name] for name in ("exchange", "list_exchange") if name in program):
            exchange.close()


def printed_by(code: str, program: dict[str, Any]) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "docs/client.md", "exec"), program)
    return printed.getvalue()
