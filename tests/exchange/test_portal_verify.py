# SPDX-License-Identifier: Apache-2.0
"""`stillmine portal verify` against the real exchange: what it serves, what its log says of that, and what a dishonest server could do."""

import gzip
import hashlib
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest
from typer.testing import CliRunner, Result

from stillmine.auditor import portal_commands
from stillmine.auditor.client import LogClient
from stillmine.auditor.portal_client import PortalClient
from stillmine.exchange.ground.headers import API_PREFIXES
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from stillmine.exchange.web.portal import read_portal
from stillmine.wire.ledger import LedgerPortal
from stillmine.wire.portal_list import PORTAL_LIST_NAME, list_hash, list_of_folder
from tests.exchange.exchange_parts import publish

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PAGE = b"<!doctype html>" + b"<p>what to do</p>" * 100
Verify = Callable[..., Result]


def built(folder: Path) -> Path:
    """A small portal as the build leaves it."""
    for name, body in (("index.html", PAGE), ("fi/help/index.html", b"apua"), ("404.html", b"not here"), ("assets/a.b1.js", b"export {}")):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    (folder / "index.html.gz").write_bytes(gzip.compress(PAGE))
    (folder / PORTAL_LIST_NAME).write_bytes(list_of_folder(folder))
    return folder


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return built(tmp_path / "checkout/portal/dist")


@pytest.fixture
def served(tmp_path: Path, dist: Path) -> Path:
    return Path(shutil.copytree(dist, tmp_path / "served"))


def recorded(exchange: Context, hashed: str) -> bool:
    from stillmine.exchange.log.portal import record_portal

    return record_portal(exchange, hashed)


def application(exchange: Context, folder: Path) -> "WSGIApplication":
    """The exchange with the portal of a folder, whose list it has recorded, as a worker does it."""
    files = read_portal(folder)
    assert files is not None
    recorded(exchange, files.list_hash)
    return wsgi_application(exchange, files)


@pytest.fixture
def verify(exchange: Context, served: Path, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """The command, with the application behind it instead of a network."""

    def run(*options: object) -> Result:
        transport = httpx.WSGITransport(application(exchange, served), raise_app_exceptions=True)
        monkeypatch.setattr(portal_commands, "LogClient", partial(LogClient, transport=transport))
        monkeypatch.setattr(portal_commands, "PortalClient", partial(PortalClient, transport=transport))
        return CliRunner().invoke(portal_commands.app, ["verify", "https://exchange.example", *map(str, options)])

    return run


def shown(exchange: Context) -> LedgerPortal:
    transport = httpx.WSGITransport(wsgi_application(exchange), raise_app_exceptions=True)
    with httpx.Client(transport=transport, base_url="http://exchange.example") as client:
        return msgspec.json.decode(client.get("/api/v1/ledger/portal").content, type=LedgerPortal)


def test_a_change_is_recorded_once_and_a_restart_is_none(exchange: Context) -> None:
    one, other = "ab" * 32, "cd" * 32
    assert [recorded(exchange, hashed) for hashed in (one, one, other, one, one)] == [True, False, True, True, False]
    assert [f'"list":"{hashed}"' in entry.text for hashed, entry in zip((one, other, one), shown(exchange).promised, strict=True)] == [
        True
    ] * 3
    publish(exchange)
    answer = shown(exchange)
    assert (len(answer.entries), answer.promised) == (3, [])


def test_the_right_files_are_found_right_promised_and_then_published(exchange: Context, verify: Verify, dist: Path, tmp_path: Path) -> None:
    result = verify("--checkout", tmp_path / "checkout")
    assert result.exit_code == 0, result.output
    assert "All 4 files are served as listed. Compared with the portal built in" in result.output
    assert "has promised to publish that by 2026-11-22 19:00 UTC" in result.output
    publish(exchange)
    for options in (("--list", dist / PORTAL_LIST_NAME), ("--list", dist / PORTAL_LIST_NAME, "--key", shown(exchange).key)):
        result = verify(*options)
        assert result.exit_code == 0, result.output
        assert "The exchange's log names this list, on 2026-11-22, at place" in result.output
        assert ("taken from the exchange itself" in result.output) is ("--key" not in options)


def test_without_a_list_it_says_how_little_that_shows(verify: Verify) -> None:
    result = verify()
    assert result.exit_code == 0
    assert "shows only that it agrees with itself" in result.output


def test_one_changed_byte_is_found(verify: Verify, served: Path, tmp_path: Path) -> None:
    (served / "fi/help/index.html").write_bytes(b"apuA")
    result = verify("--checkout", tmp_path / "checkout")
    assert result.exit_code == 1
    assert "fi/help/index.html: changed\nDifferences: 1. Files listed: 4." in result.output
    assert "does not name this list" in result.output  # the exchange recorded what it really serves


def test_a_byte_that_only_compressed_copies_have_is_found(verify: Verify, served: Path, tmp_path: Path) -> None:
    (served / "index.html.gz").write_bytes(gzip.compress(PAGE.replace(b"what", b"that", 1)))
    result = verify("--checkout", tmp_path / "checkout")
    assert result.exit_code == 1
    assert "index.html: changed as gzip" in result.output


@pytest.mark.parametrize("spoilt", [b"\x1f\x8bnothing", gzip.compress(PAGE)[:-4], gzip.compress(PAGE) + b"more"])
def test_a_copy_that_can_not_be_read_is_said(verify: Verify, served: Path, tmp_path: Path, spoilt: bytes) -> None:
    (served / "index.html.gz").write_bytes(spoilt)
    result = verify("--checkout", tmp_path / "checkout")
    assert result.exit_code == 1
    assert "index.html: missing (its gzip" in result.output


@pytest.mark.parametrize("header", [("Refresh", "0;url=https://elsewhere.example/"), ("link", "</other.css>; rel=stylesheet")])
def test_a_header_that_leads_a_browser_elsewhere_is_found(
    verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: tuple[str, str]
) -> None:
    """As a proxy before the exchange could add it: every byte is right."""
    answer = httpx.WSGITransport.handle_request

    def with_header(transport: httpx.WSGITransport, request: httpx.Request) -> httpx.Response:
        response = answer(transport, request)
        if request.url.path == "/fi/help/":
            response.headers[header[0]] = header[1]
        return response

    monkeypatch.setattr(httpx.WSGITransport, "handle_request", with_header)
    result = verify("--checkout", tmp_path / "checkout")
    assert result.exit_code == 1
    assert f"fi/help/index.html: missing (with a header that changes what a browser shows: {header[0].title()})" in result.output
    assert "Differences: 1." in result.output


def test_what_is_missing_and_what_is_additional_is_named(verify: Verify, served: Path, tmp_path: Path) -> None:
    (served / "404.html").unlink()
    (served / "assets/more.js").write_bytes(b"export {}")
    (served / PORTAL_LIST_NAME).write_bytes(list_of_folder(served))
    result = verify("--checkout", tmp_path / "checkout", "--without-ledger")
    assert result.exit_code == 1
    assert "404.html: missing (HTTP status 404)" in result.output
    assert "assets/more.js: not in the list" in result.output
    assert "Differences: 2." in result.output
    assert f"The {PORTAL_LIST_NAME} that it serves is another." in result.output


def test_an_exchange_that_recorded_another_list_since_is_found(
    exchange: Context, verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verify("--checkout", tmp_path / "checkout").exit_code == 0
    recorded(exchange, list_hash(b"another"))
    publish(exchange)
    monkeypatch.setattr("stillmine.exchange.log.portal.record_portal", lambda *_: False)
    result = verify("--checkout", tmp_path / "checkout")
    assert result.exit_code == 1
    assert "But it names another list after it." in result.output


def test_a_log_that_says_nothing_of_the_portal_is_no_proof(verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillmine.exchange.log.portal.record_portal", lambda *_: False)
    result = verify("--checkout", tmp_path / "checkout")
    assert result.exit_code == 1
    assert "The exchange's log does not name this list." in result.output
    assert verify("--checkout", tmp_path / "checkout", "--without-ledger").exit_code == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda one: msgspec.structs.replace(one, text=one.text.replace('"day":"2026', '"day":"2025')), "Wrong root"),
        (lambda one: msgspec.structs.replace(one, place=one.place ^ 1), "Wrong root"),
        (lambda one: msgspec.structs.replace(one, text=one.text.replace("portal_changed", "padding")), "Wrong root"),
        (lambda one: msgspec.structs.replace(one, text="{}"), "Wrong root"),
    ],
)
def test_an_entry_that_is_not_in_the_tree_is_found(
    exchange: Context, verify: Verify, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[object], object], said: str
) -> None:
    assert verify().exit_code == 0
    publish(exchange)
    true = LogClient.portal

    def spoilt(log: LogClient) -> LedgerPortal:
        return msgspec.structs.replace(true(log), entries=[spoil(one) for one in true(log).entries])

    monkeypatch.setattr(LogClient, "portal", spoilt)
    result = verify()
    assert result.exit_code == 1
    assert said in result.output


def test_a_promise_of_another_entry_and_another_key_are_found(exchange: Context, verify: Verify, monkeypatch: pytest.MonkeyPatch) -> None:
    from stillmine.ledger.checkpoint import SigningKey

    other = SigningKey(bytes(32)).verifier.text()
    result = verify("--key", other)
    assert (result.exit_code, "Wrong signature" in result.output) == (1, True)
    true = LogClient.portal

    def swapped(log: LogClient) -> LedgerPortal:
        dated = [msgspec.structs.replace(one, text=one.text.replace("2026-11-22", "2026-11-21")) for one in true(log).promised]
        return msgspec.structs.replace(true(log), promised=dated)

    monkeypatch.setattr(LogClient, "portal", swapped)
    result = verify()
    assert (result.exit_code, "Broken promise" in result.output) == (1, True)


def test_there_has_to_be_a_list(verify: Verify, served: Path, tmp_path: Path) -> None:
    (served / PORTAL_LIST_NAME).unlink()
    result = verify()
    assert type(result.exception).__name__ == "PortalListMissingError"
    empty = verify("--checkout", tmp_path)
    assert type(empty.exception).__name__ == "PortalListMissingError"
    (tmp_path / "list").write_bytes(b"nothing of this kind\n")
    assert type(verify("--list", tmp_path / "list").exception).__name__ == "PortalListMalformedError"
    result = verify("--checkout", tmp_path / "checkout")
    assert (result.exit_code, f"The {PORTAL_LIST_NAME} that it serves is missing." in result.output) == (1, True)


def test_a_portal_that_fails_is_an_error_and_no_answer(monkeypatch: pytest.MonkeyPatch, dist: Path) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(503))
    monkeypatch.setattr(portal_commands, "PortalClient", partial(PortalClient, transport=transport))
    result = CliRunner().invoke(portal_commands.app, ["verify", "https://exchange.example", "--list", str(dist / PORTAL_LIST_NAME)])
    assert type(result.exception).__name__ == "PortalUnreachableError"


def test_fsck_finds_a_note_of_another_list(exchange: Context) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.rows.log import PortalEntry

    recorded(exchange, "ab" * 32)
    PortalEntry.objects.update(list_hash="cd" * 32)
    assert [text for text in findings() if "portal" in text] == ["1 note of a portal's list is not of an entry that names it"]
    PortalEntry.objects.update(list_hash="ab" * 32)


def test_only_the_newest_are_shown(exchange: Context) -> None:
    hashes = [hashlib.sha256(bytes([number])).hexdigest() for number in range(34)]
    for hashed in hashes:
        recorded(exchange, hashed)
    publish(exchange)
    answer = shown(exchange)
    assert [hashed in entry.text for hashed, entry in zip(hashes[2:], answer.entries, strict=True)] == [True] * 32
    assert "/api/v1/ledger/portal".startswith(API_PREFIXES)
