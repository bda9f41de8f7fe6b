# SPDX-License-Identifier: Apache-2.0
"""A folder's files as answers, read once when the process starts: what is served can't change behind what was recorded of it.

A browser gets the smallest of the forms that lie in the folder and that it takes: the file itself, or what the build compressed. Nothing is
compressed here, no part of a file is sent for a range, and no answer depends on who asks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from stillmine.exchange.web.encodings import IDENTITY, chosen
from stillmine.wire.portal_list import INDEX, PORTAL_LIST_NAME, address_of, list_hash, portal_files, portal_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".ttf": "font/ttf",
}
"""By a name's ending. A machine's own table of types must not decide this."""

OTHER_TYPE = "application/octet-stream"
_ENDINGS = {"br": ".br", "gzip": ".gz"}
_ETAG_HEX_DIGITS = 32


@dataclass(frozen=True)
class Form:
    """One form of a file: its bytes, and their hash as an entity tag, so that no two forms share one."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class StaticFile:
    """A file by its address: its headers, and its forms by the name of their coding, the smallest first."""

    headers: tuple[tuple[str, str], ...]
    forms: dict[str, Form]

    def answer(self, environ: "WSGIEnvironment", start: "StartResponse") -> "Iterable[bytes]":
        """Answer GET and HEAD; 304 where the browser holds the form that it would get."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            start("405 Method Not Allowed", [("Allow", "GET, HEAD"), ("Content-Length", "0")])
            return []
        coding = chosen(environ.get("HTTP_ACCEPT_ENCODING"), list(self.forms))
        form = self.forms[coding]
        headers = [*self.headers, ("ETag", form.etag)]
        if len(self.forms) > 1:
            headers.append(("Vary", "Accept-Encoding"))
        if _names(environ.get("HTTP_IF_NONE_MATCH", ""), form.etag):
            start("304 Not Modified", headers)
            return []
        if coding != IDENTITY:
            headers.append(("Content-Encoding", coding))
        start("200 OK", [*headers, ("Content-Length", str(len(form.body))), ("Accept-Ranges", "none")])
        return [form.body] if environ["REQUEST_METHOD"] == "GET" else []


class StaticFiles:
    """All files of a folder, by address."""

    def __init__(self, folder: Path, cache_control: Callable[[str], str]) -> None:
        """`cache_control` says it for an address."""
        files = portal_files(folder)
        self._files = {address_of(name): _read(path, cache_control(address_of(name))) for name, path in files.items()}
        whole = {name: sha256(self._files[address_of(name)].forms[IDENTITY].body).hexdigest() for name in files}
        self.list_hash = list_hash(portal_list(whole))
        """Of the list of the files that are served; not of the one that lies among them."""
        listed = folder / PORTAL_LIST_NAME
        if listed.is_file():
            self._files[f"/{PORTAL_LIST_NAME}"] = _read(listed, cache_control(f"/{PORTAL_LIST_NAME}"))
        self.has_true_list = listed.is_file() and list_hash(listed.read_bytes()) == self.list_hash

    def __len__(self) -> int:
        return len(self._files)

    def answer(self, environ: "WSGIEnvironment", start: "StartResponse") -> "Iterable[bytes] | None":
        """Answer for a file, and for a page's other addresses with a redirection; None where no file is meant."""
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        file = self._files.get(path)
        if file is not None:
            return file.answer(environ, start)
        if path.endswith(f"/{INDEX}") and path.removesuffix(INDEX) in self._files:
            return _redirected("./", start)
        if f"{path}/" in self._files:
            return _redirected(f"{quote(path.rpartition('/')[2])}/", start)
        return None


def _read(path: Path, cache_control: str) -> StaticFile:
    forms = {IDENTITY: _form(path)}
    for coding, ending in _ENDINGS.items():
        copy = path.with_name(path.name + ending)
        if copy.is_file():
            forms[coding] = _form(copy)
    smallest_first = sorted(forms, key=lambda coding: len(forms[coding].body))
    headers = (("Content-Type", TYPES.get(path.suffix, OTHER_TYPE)), ("Cache-Control", cache_control))
    return StaticFile(headers, {coding: forms[coding] for coding in smallest_first})


def _form(path: Path) -> Form:
    body = path.read_bytes()
    return Form(body, f'"{sha256(body).hexdigest()[:_ETAG_HEX_DIGITS]}"')


def _names(if_none_match: str, etag: str) -> bool:
    """By the weak comparison: a proxy that compresses for itself marks tags as weak."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag in tags


def _redirected(address: str, start: "StartResponse") -> "Iterable[bytes]":
    start("302 Found", [("Location", address), ("Content-Length", "0")])
    return []
