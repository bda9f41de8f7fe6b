# SPDX-License-Identifier: Apache-2.0
"""Files as answers: the smallest form that a browser takes, a tag for each form, whole or not at all, and never another than was read."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest

from stillmine.exchange.web.encodings import chosen
from stillmine.exchange.web.portal import read_portal, with_portal
from stillmine.wire.portal_list import list_hash, list_of_folder

pytestmark = pytest.mark.any_database  # files, no rows

SCRIPT = b"export const words = 1;\n" * 100
BR, GZ = b"as if compressed", gzip.compress(SCRIPT)
FORMS = ["br", "gzip", "identity"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "help").mkdir()
    for name, body in (("assets/a.b1.js", SCRIPT), ("assets/a.b1.js.br", BR), ("assets/a.b1.js.gz", GZ)):
        (tmp_path / name).write_bytes(body)
    for name in ("index.html", "help/index.html", "alone.br"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "portal-files.txt").write_bytes(list_of_folder(tmp_path))
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[httpx.Client]:
    def nothing(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        start("404 Not Found", [])
        return []

    transport = httpx.WSGITransport(with_portal(nothing, read_portal(folder)))
    with httpx.Client(transport=transport, base_url="http://exchange.example", headers={"Accept-Encoding": ""}) as opened:
        yield opened


def raw(client: httpx.Client, path: str, method: str = "GET", **headers: str) -> tuple[httpx.Response, bytes]:
    with client.stream(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize(
    ("accepted", "form"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("br;q=0, gzip", "gzip"),
        ("br ; q=0 , gzip ; q=0", "identity"),
        ("br;q=0.001", "br"),
        ("identity, br;q=0.5", "identity"),
        ("identity;q=0", "identity"),
        ("identity;q=0, *", "br"),
        ("*", "identity"),
        ("*;q=0", "identity"),
        ("*;q=0, gzip", "gzip"),
        ("br;q=much, gzip;q=2", "identity"),
        ("brotli, zip", "identity"),
        ("deflate, zstd", "identity"),
    ],
)
def test_the_form_is_the_one_that_the_browser_values_most(accepted: str | None, form: str) -> None:
    assert chosen(accepted, FORMS) == form


def test_what_the_folder_does_not_hold_is_never_chosen() -> None:
    assert chosen("br, gzip", ["identity"]) == "identity"
    assert chosen("br, gzip;q=0.1", ["gzip", "identity"]) == "gzip"


@pytest.mark.parametrize(("accepted", "coding", "body"), [("br, gzip", "br", BR), ("gzip", "gzip", GZ), ("deflate", None, SCRIPT)])
def test_a_form_comes_with_its_own_headers(client: httpx.Client, accepted: str, coding: str | None, body: bytes) -> None:
    answer, got = raw(client, "/assets/a.b1.js", Accept_Encoding=accepted)
    assert (answer.status_code, got) == (200, body)
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-length"] == str(len(body))
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["accept-ranges"] == "none"
    head, nothing = raw(client, "/assets/a.b1.js", "HEAD", Accept_Encoding=accepted)
    assert (head.headers, nothing) == (answer.headers, b"")


def test_each_form_has_its_own_tag_and_is_sent_again_only_to_who_does_not_hold_it(client: httpx.Client) -> None:
    tags = {form: raw(client, "/assets/a.b1.js", Accept_Encoding=form)[0].headers["etag"] for form in ("br", "gzip", "identity")}
    assert len(set(tags.values())) == 3
    for accepted, tag in tags.items():
        for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            answer, got = raw(client, "/assets/a.b1.js", Accept_Encoding=accepted, If_None_Match=held)
            assert (answer.status_code, got, answer.headers["vary"]) == (304, b"", "Accept-Encoding")
            assert "content-encoding" not in answer.headers
        others = ", ".join(other for other in tags.values() if other != tag)
        assert raw(client, "/assets/a.b1.js", Accept_Encoding=accepted, If_None_Match=others)[0].status_code == 200


def test_a_file_of_one_form_does_not_vary(client: httpx.Client) -> None:
    answer, got = raw(client, "/", Accept_Encoding="br, gzip")
    assert (got, answer.headers.get("vary"), answer.headers.get("content-encoding")) == (b"index.html", None, None)


def test_no_part_is_sent(client: httpx.Client) -> None:
    answer, got = raw(client, "/assets/a.b1.js", Range="bytes=0-9", Accept_Encoding="gzip")
    assert (answer.status_code, got) == (200, GZ)


@pytest.mark.parametrize("path", ["/assets/a.b1.js.br", "/assets/a.b1.js.gz", "/assets", "/assets/", "/nothing"])
def test_a_copy_has_no_address_and_a_folder_no_list(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_file_that_only_ends_like_a_copy_is_a_file(client: httpx.Client) -> None:
    assert client.get("/alone.br").text == "alone.br"


@pytest.mark.parametrize(("path", "location"), [("/help", "help/"), ("/help/index.html", "./"), ("/index.html", "./")])
def test_a_page_has_one_address(client: httpx.Client, path: str, location: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (302, location)


def test_nothing_is_written_here(client: httpx.Client) -> None:
    answer = client.post("/help/", content=b"x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_what_was_read_at_the_start_is_served_whatever_becomes_of_the_folder(client: httpx.Client, folder: Path) -> None:
    (folder / "help/index.html").write_text("another", encoding="utf-8")
    (folder / "index.html").unlink()
    assert (client.get("/help/").text, client.get("/").text) == ("help/index.html", "index.html")


def test_the_list_is_of_what_is_served_and_a_false_one_is_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = read_portal(folder)
    assert files is not None
    assert files.list_hash == list_hash((folder / "portal-files.txt").read_bytes())
    assert caplog.text == ""
    (folder / "help/index.html").write_text("another", encoding="utf-8")
    changed = read_portal(folder)
    assert changed is not None
    assert changed.list_hash == list_hash(list_of_folder(folder)) != files.list_hash
    assert "not those of its portal-files.txt" in caplog.text
