# SPDX-License-Identifier: Apache-2.0
"""The log as JSON: every line of a real service is an object, and none holds anything of what was sent."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.serving.log_lines import JsonLines
from stillmine.wire.errors import StillmineError
from tests import plain_http
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.test_partner_commands import free_port, wait_for

CONTENT_ID, UPLOADER, NAME, TOKEN = "post-4711-of-somebody", "account-77", "a-name-of-a-file", "sms_" + "Z" * 43

SERVE = "from stillmine.partner.commands.service_commands import app; app()"


def lines_of_a_service(home: Path, url: str, exchange: FakeExchange, photograph: bytes, said_as: str) -> tuple[list[str], list[str]]:
    """Run a service, send it good and bad uploads, and stop it; return the lines of its log and what must not be in them."""
    port = free_port()
    command = [sys.executable, "-c", SERVE, "serve", "--home", str(home), "--exchange", url, "--port", str(port)]
    process = subprocess.Popen(
        [*command, *(["--log-format", "json"] if said_as == "option" else [])],
        env={**os.environ, "STILLMINE_PARTNER_KEY": KEY, **({} if said_as == "option" else {said_as: "json"})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    pdq = fingerprint_image(photograph).pdq
    fingerprint_id = exchange.add("f", pdq)
    try:
        with plain_http.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            wait_for(lambda: client.get("/health").json()["fingerprints"] == 1, process)
            key = (home / "service.key").read_text().strip()
            said = {"Authorization": f"Bearer {key}", "Stillmine-Content-Id": CONTENT_ID, "Stillmine-Uploader": UPLOADER}
            (match,) = client.post("/screen", content=photograph, headers=said).json()["matches"]
            client.post("/screen", content=b"GIF89a" + NAME.encode(), headers=said)
            client.post("/screen", files={"file": (NAME, photograph)}, headers=said)
            client.get(f"/{NAME}", headers={"Authorization": f"Bearer {TOKEN}"})
            client.get("/matches", params={NAME: "x"}, headers=said)
            client.post("/screen", content=b"{" + NAME.encode(), headers={**said, "Content-Type": "application/json"})
            exchange.answers["/api/v1/feedback"] = httpx.Response(500)
            client.post(f"/matches/{match['match_id']}/review", content=b'{"version":1,"decision":"removed"}', headers=said)
    finally:
        process.terminate()
        _, err = process.communicate(timeout=60)
    return err.splitlines(), [
        CONTENT_ID,
        UPLOADER,
        NAME,
        TOKEN,
        key,
        KEY,
        pdq.hex(),
        fingerprint_id,
        match["match_id"],
        "/matches",
        "/screen",
    ]


@pytest.mark.parametrize("said_as", ["option", "STILLMINE_LOG_FORMAT"])
def test_every_line_is_an_object_and_holds_nothing_of_a_request(
    home: Path, url: str, exchange: FakeExchange, root: Path, said_as: str
) -> None:
    lines, secrets = lines_of_a_service(home, url, exchange, (root / "media/clothing/coat.jpg").read_bytes(), said_as)
    records = [json.loads(line) for line in lines]
    assert any(record["message"].startswith("partner service: http://127.0.0.1:") for record in records)
    assert any(record["message"].startswith("uploads are looked up in the way") for record in records)
    for record in records:
        assert {"time", "level", "logger", "message"} <= set(record) <= {"time", "level", "logger", "message", "code", "exception"}
        assert record["time"].endswith("Z")
    text = "\n".join(lines)
    assert [secret for secret in secrets if secret in text] == []


def record_of(words: str, *arguments: object, error: BaseException | None = None) -> logging.LogRecord:
    raised = None if error is None else (type(error), error, None)
    return logging.LogRecord("stillmine.partner", logging.ERROR, "a.py", 1, words, arguments, raised)


def test_a_code_at_the_end_stands_by_itself() -> None:
    error = StillmineError()
    written = json.loads(JsonLines().format(record_of("the exchange can't be asked: %s [%s]", error, error.code)))
    assert (written["code"], written["level"]) == ("internal_error", "error")
    assert not written["message"].endswith("]")
    assert "code" not in json.loads(JsonLines().format(record_of("a list of [1, 2]")))


def test_of_an_exception_the_type_alone_is_written() -> None:
    line = JsonLines().format(record_of("it failed", error=ValueError("what was sent")))
    assert json.loads(line)["exception"] == "ValueError"
    assert "what was sent" not in line


@pytest.mark.parametrize("words", ['"', "two\nlines", "\u2028", "\x00", "\ud800"])
def test_whatever_the_words_are_it_is_one_line(words: str) -> None:
    line = JsonLines().format(record_of("%s", words))
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == words
