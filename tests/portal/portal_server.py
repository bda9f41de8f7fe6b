# SPDX-License-Identifier: Apache-2.0
"""The built portal behind the headers that the exchange sends, with a small exchange in memory.

It decodes what the portal sends with the real wire package, so a message that Python would refuse is refused here. It
keeps every request for the tests and can be told to fail.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

import msgspec

from stillmine.exchange.ground.headers import API_HEADERS, PORTAL_HEADERS
from stillmine.exchange.protection.file_numbers import numbers_in_case
from stillmine.wire.case import (
    WITHDRAWAL_DELAY,
    AddFingerprints,
    CancelWithdrawal,
    CaseFingerprint,
    CaseState,
    CaseView,
    DelayState,
    FingerprintState,
    OpenCase,
    PartnerStatus,
    RenewCase,
    SetDelay,
    Withdraw,
)
from stillmine.wire.case_key import parse_authorization
from stillmine.wire.codec import decode, encode
from stillmine.wire.errors import (
    CaseAlreadyOpenError,
    CaseNotFoundError,
    MalformedMessageError,
    NotFoundError,
    NothingErasedError,
    ProofOfWorkNeededError,
    StillmineError,
)
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.ledger import CaseLedger, LedgerConsistency, LedgerKey
from stillmine.wire.named import NamedPartners
from stillmine.wire.padding import padded
from stillmine.wire.receipt import SignedReceipt, receipt_of, receipt_text
from stillmine.wire.work import PROOF_HEADER, is_solved
from tests.portal.small_ledger import SmallLedger

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".ttf": "font/ttf",
}
NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


@dataclass
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Case:
    """A case of the small exchange: the message that opened it and what it shows."""

    opened_with: bytes
    view: CaseView


@dataclass
class PortalServer:
    """Serves `dist`; `failure` is raised for the next API requests, `is_down` closes the connection instead."""

    dist: Path
    requests: list[Request] = field(default_factory=list)
    named: NamedPartners = field(default_factory=lambda: NamedPartners(1, []))
    cases: dict[bytes, Case] = field(default_factory=dict)
    failure: type[StillmineError] | None = None
    is_down: bool = False
    work_zero_bits: int | None = None
    spoil: Callable[[bytes], bytes] | None = None
    ledger: SmallLedger = field(default_factory=SmallLedger)

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def missing_page(self, path: str) -> Path:
        """Return the page for what is not there, in the language of its address."""
        of_language = self.dist / path.split("/")[1] / "404.html"
        return of_language if of_language.is_file() else self.dist / "404.html"

    def api_requests(self) -> list[Request]:
        return [request for request in self.requests if request.path.startswith("/api/")]

    def asked_after(self, place: int) -> list[str]:
        """Return what pages asked for after so many requests; the browser itself looks for a newer worker, even when offline."""
        return [request.path for request in self.requests[place:] if not request.path.startswith("/sw.js")]

    def answer_api(self, request: Request) -> tuple[int, bytes]:
        """Return status and body as the exchange would."""
        try:
            if self.failure:
                raise self.failure
            status, view = (200, self.named) if request.path == "/api/v1/partners" else self._route(request)
        except StillmineError as error:
            return error.status, encode(error.message())
        return status, encode(view)

    def _route(self, request: Request) -> tuple[int, CaseView | SignedReceipt | CaseLedger | LedgerConsistency | LedgerKey]:
        if request.path == "/api/v1/ledger/key":
            return 200, LedgerKey(1, self.ledger.signer.verifier.text())
        if request.path.startswith("/api/v1/ledger/consistency?"):
            asked = parse_qs(urlsplit(request.path).query)
            return 200, self.ledger.consistency(int(asked["from"][0]), int(asked["to"][0]))
        credentials = parse_authorization(request.headers.get("authorization", ""))
        case_id = credentials.case_id
        if (request.method, request.path) == ("POST", "/api/v1/case"):
            if case_id not in self.cases:
                self._require_work(case_id, request.headers.get(PROOF_HEADER.lower(), ""))
            return self._open(case_id, request.body)
        if case_id not in self.cases:
            raise CaseNotFoundError
        if request.path == "/api/v1/case/fingerprints":
            self._require_work(case_id, request.headers.get(PROOF_HEADER.lower(), ""))
        case = self.cases[case_id]
        changed = changed_view(case.view, request.path, request.body) if request.method == "POST" else None
        if changed is not None:
            case.view = changed
        elif (request.method, request.path) == ("GET", "/api/v1/case/receipt"):
            return 200, _receipt(case_id, case.view)
        elif (request.method, request.path) == ("GET", "/api/v1/case/ledger"):
            return 200, self.ledger.of_case(bytes(credentials.token), case.view)
        elif (request.method, request.path) != ("GET", "/api/v1/case"):
            raise NotFoundError
        return 200, case.view

    def _require_work(self, case_id: bytes, proof: str) -> None:
        """As the exchange does it, with a challenge that anybody could make."""
        if self.work_zero_bits is None:
            return
        challenge, _, numbers = proof.partition(" ")
        if challenge != f"1.{case_id.hex()}" or not is_solved(challenge, 16, self.work_zero_bits, numbers):
            raise ProofOfWorkNeededError(f"1.{case_id.hex()}", 16, self.work_zero_bits)

    def _open(self, case_id: bytes, body: bytes) -> tuple[int, CaseView]:
        message = decode(body, OpenCase)
        if padded(encode(message)) != body:
            raise MalformedMessageError("the portal's bytes are not those of the wire package")
        if case_id in self.cases:
            if self.cases[case_id].opened_with != body:
                raise CaseAlreadyOpenError
            return 200, self.cases[case_id].view
        fingerprints = [_stored(one, place) for place, one in enumerate(message.fingerprints)]
        delay = DelayState.ON if message.delays_withdrawal else DelayState.OFF
        view = CaseView(CaseState.OPEN, NOW, NOW + timedelta(days=730), None, fingerprints, delay)
        self.cases[case_id] = Case(body, view)
        return 201, view


def _receipt(case_id: bytes, view: CaseView) -> SignedReceipt:
    """A receipt as the exchange makes it, but for its signature."""
    receipt = receipt_of(case_id, view, NOW, NOW - timedelta(days=2))
    if not (receipt.erased or receipt.asked):
        raise NothingErasedError
    return SignedReceipt(1, receipt, receipt_text(receipt) + "\n— stillmine/0123456789abcdef AAAA\n")


def _new(view: CaseView, added: list[Fingerprint]) -> list[CaseFingerprint]:
    """What the case does not hold yet, numbered as the exchange does it."""
    there = len(view.fingerprints)
    known = {(one.kind.value, one.value): one.file_number for one in view.fingerprints if one.value is not None}
    numbers = numbers_in_case(added, known, max(one.file_number for one in view.fingerprints))
    new = [one for one in added if (one.kind.value, one.value) not in known]
    renumbered = [msgspec.structs.replace(one, file_number=numbers[one.file_number]) for one in new]
    return [_stored(one, there + place) for place, one in enumerate(renumbered)]


def _stored(fingerprint: Fingerprint, place: int) -> CaseFingerprint:
    identity = f"{place:032x}"
    return CaseFingerprint(
        id=identity,
        kind=fingerprint.kind,
        file_number=fingerprint.file_number,
        state=FingerprintState.ACTIVE,
        value=fingerprint.value,
        quality=fingerprint.quality,
        is_synthetic=fingerprint.is_synthetic,
        added_at=NOW,
        withdrawn_at=None,
        partners=default_partners(),
    )


def default_partners() -> list[PartnerStatus]:
    """One partner that was given the fingerprint, one that was not yet."""
    return [PartnerStatus("Example Social", given_on=NOW.date()), PartnerStatus("Example Forum")]


def withdrawn(view: CaseView, fingerprint_id: str | None) -> CaseView:
    """Return the view after a withdrawal; the first partner has confirmed, others not."""
    changed = []
    for fingerprint in view.fingerprints:
        if fingerprint_id is not None and fingerprint.id != fingerprint_id:
            changed.append(fingerprint)
            continue
        erased = {"state": FingerprintState.WITHDRAWN, "value": None, "quality": None, "withdrawn_at": NOW}
        changed.append(msgspec.structs.replace(fingerprint, **erased))
    is_closed = all(fingerprint.state is FingerprintState.WITHDRAWN for fingerprint in changed)
    if not is_closed:
        return msgspec.structs.replace(view, fingerprints=changed)
    return msgspec.structs.replace(view, state=CaseState.WITHDRAWN, withdrawn_at=NOW, fingerprints=changed)


def changed_view(view: CaseView, path: str, body: bytes) -> CaseView | None:
    """Return what a case is after a request that changes it; None for any other address."""
    replace = msgspec.structs.replace
    match path.removeprefix("/api/v1/case/"):
        case "fingerprints":
            return replace(view, fingerprints=[*view.fingerprints, *_new(view, decode(body, AddFingerprints).fingerprints)])
        case "withdraw":
            change = withdrawn if view.delay is DelayState.OFF else asked_for
            return change(view, decode(body, Withdraw).fingerprint_id)
        case "withdraw/cancel":
            return asked_for(view, decode(body, CancelWithdrawal).fingerprint_id, is_cancelled=True)
        case "delay":
            is_on = decode(body, SetDelay).is_on
            delay, ends_at = (DelayState.ON, None) if is_on else (DelayState.ENDING, datetime.now(UTC) + WITHDRAWAL_DELAY)
            return replace(view, delay=delay, delay_ends_at=ends_at)
        case "renew":
            return replace(view, expires_at=datetime.now(UTC) + timedelta(days=30 * decode(body, RenewCase).term_months))
        case _:
            return None


def asked_for(view: CaseView, fingerprint_id: str | None, *, is_cancelled: bool = False) -> CaseView:
    """Return the view after a withdrawal was asked for, or after that was cancelled."""
    now = datetime.now(UTC)
    times = (None, None) if is_cancelled else (now, now + WITHDRAWAL_DELAY)
    changed = [
        msgspec.structs.replace(one, withdrawal_asked_at=times[0], withdrawal_due_at=times[1])
        if fingerprint_id in {None, one.id} and (is_cancelled or one.withdrawal_due_at is None)
        else one
        for one in view.fingerprints
    ]
    return msgspec.structs.replace(view, fingerprints=changed)


def _handler(portal: PortalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the base class)
            """Keep the test output quiet."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            portal.requests.append(request)
            if self.path.startswith("/api/"):
                self._answer_api(request)
                return
            path = portal.dist / self.path.split("?")[0].lstrip("/")
            path = path / "index.html" if path.is_dir() else path
            is_there = path.is_file()
            path = path if is_there else portal.missing_page(self.path)
            self._send(200 if is_there else 404, CONTENT_TYPES.get(path.suffix, "text/plain"), path.read_bytes())

        def _answer_api(self, request: Request) -> None:
            if portal.is_down:
                self.close_connection = True
                self.connection.close()
                return
            status, body = portal.answer_api(request)
            self._send(status, "application/json", portal.spoil(body) if portal.spoil else body)

        def _send(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            is_api = self.path.startswith("/api/")
            for name, value in API_HEADERS if is_api else (*PORTAL_HEADERS, ("Cache-Control", "no-cache")):
                self.send_header(name, value)
            with contextlib.suppress(ConnectionError):  # the page moved on before it was answered
                self.end_headers()
                self.wfile.write(body)

    return Handler
