# SPDX-License-Identifier: Apache-2.0
"""HMA's calls about what a bank of the platform's own holds: `/c/bank/NAME/content…`, `/c/bank/NAME/signal`.

Files become fingerprints and are not kept. Must never take what tells too little apart: it would match anything flat.
"""

from collections.abc import Mapping

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stillmine.partner.ground.errors import HmaContentNotFoundError
from stillmine.partner.hma.banks import Bank
from stillmine.partner.hma.doors import asked, told
from stillmine.partner.hma.files import Files
from stillmine.partner.hma.own_banks import OwnBanks, shown
from stillmine.partner.hma.signals import entry_of, signals_in, signals_of
from stillmine.partner.service.room import Guest
from stillmine.partner.service.service import ServiceParts
from stillmine.partner.sources.bank_contents import Content
from stillmine.partner.sources.bank_entries import Entry, entries_of_file
from stillmine.wire.errors import MalformedMessageError

MAXIMUM_NOTE_SIGNS = 255
MAXIMUM_ABOUT_BYTES = 8 * 1024
ENABLED = 1
"""What HMA says of content that is matched."""

_MAXIMUM_NUMBER_DIGITS = 15
_TEXTS = ("content_id", "content_uri")
_ABOUT = msgspec.json.Decoder(dict[str, object])
"""Made here, before there are threads: `stillmine.wire.codec` says why."""


class Contents:
    """Adds to banks, shows what is in them, and removes it."""

    def __init__(self, parts: ServiceParts, own: OwnBanks, files: Files) -> None:
        self._screening = parts.screening
        self._own = own
        self._files = files

    async def add_file(self, request: Request, guest: Guest) -> Response:
        """Add the fingerprints of a file."""
        name = _name(request)
        self._own.require_own(name)  # before a file is read for nothing
        async with self._files.to_keep(request, guest) as (upload, words):
            made = await run_in_threadpool(self._screening.fingerprints_of, upload)
        signals_of(made, None)  # raises where it is no picture, film or sound
        body = await asked(request) if _is_json(request) else {}
        return await self._add(name, entries_of_file(made), {**request.query_params, **words, **body})

    async def add_signals(self, request: Request) -> Response:
        """Add values that the client has."""
        self._own.require_own(_name(request))
        body = await asked(request)
        signals = {name: value for name, value in body.items() if name != "note"}
        if not signals:
            raise MalformedMessageError("a signal")
        return await self._add(_name(request), [entry_of(name, _text(name, value)) for name, value in signals.items()], body)

    async def show(self, request: Request) -> Response:
        """Show one content."""
        bank, content = await run_in_threadpool(self._own.content, _name(request), _number(request))
        return told(_shown(_name(request), bank, content, request.query_params))

    async def change(self, request: Request) -> Response:
        """Give a content another note."""
        body = await asked(request)
        if set(body) != {"note"}:
            raise MalformedMessageError("note, alone; what must match no more is deleted")
        await run_in_threadpool(self._own.change_note, _name(request), _number(request), _note(body))
        return await self.show(request)

    async def remove(self, request: Request) -> Response:
        """Remove a content: it matches nothing from then on."""
        count = await run_in_threadpool(self._own.remove, _name(request), _number(request))
        return told({"deleted": count})

    async def _add(self, name: str, entries: list[Entry], said: Mapping[str, object]) -> Response:
        number = await run_in_threadpool(self._own.add, name, entries, _note(said), _about(said))
        return told({"id": number, "signals": signals_in(entries)})


def _shown(name: str, bank: Bank, content: Content, query: Mapping[str, str]) -> dict[str, object]:
    said: dict[str, object] = {"id": content.number, "disable_until_ts": ENABLED, "original_media_uri": None, "bank": shown(name, bank)}
    if query.get("include_signals", "false").lower() == "true":
        said["signals"] = signals_in(content.entries)
    about = _ABOUT.decode(content.about)
    if about and query.get("include_metadata", "true").lower() == "true":
        said["metadata"] = {**dict.fromkeys((*_TEXTS, "json", "collab")), **about}
    if content.note:
        said["note"] = content.note
    return said


def _about(said: Mapping[str, object]) -> str:
    """Return what a client says of a content, as JSON: in `metadata` as at HMA, or as Coop says it, each word by itself."""
    given = said.get("metadata")
    given = {} if given is None else _decoded(given) if isinstance(given, str) else given
    if not isinstance(given, dict):
        raise MalformedMessageError("metadata: an object")
    given = {name: value for name, value in given.items() if name != "collab" and value is not None}
    about = given if set(given) <= {*_TEXTS, "json"} else {"json": given}
    about |= {name: said[name] for name in _TEXTS if said.get(name)}
    for name in _TEXTS:
        if name in about:
            _text(name, about[name])
    if not isinstance(about.get("json", {}), dict):
        raise MalformedMessageError("json: an object")
    data = msgspec.json.encode(about)
    if len(data) > MAXIMUM_ABOUT_BYTES:
        raise MalformedMessageError(f"metadata: at most {MAXIMUM_ABOUT_BYTES} bytes")
    return data.decode()


def _decoded(text: str) -> dict[str, object]:
    try:
        return _ABOUT.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        raise MalformedMessageError("metadata: an object") from None


def _note(said: Mapping[str, object]) -> str:
    note = _text("note", said.get("note") or "")
    if len(note) > MAXIMUM_NOTE_SIGNS:
        raise MalformedMessageError(f"note: at most {MAXIMUM_NOTE_SIGNS} characters")
    return note


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise MalformedMessageError(f"{name}: a word")
    return value


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _name(request: Request) -> str:
    name: str = request.path_params["name"]
    return name


def _number(request: Request) -> int:
    digits: str = request.path_params["number"]
    if not digits.isascii() or not digits.isdigit() or len(digits) > _MAXIMUM_NUMBER_DIGITS:
        raise HmaContentNotFoundError
    return int(digits)
