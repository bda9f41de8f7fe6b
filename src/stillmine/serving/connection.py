# SPDX-License-Identifier: Apache-2.0
"""One HTTP/1 connection, under deadlines: uvicorn's protocol, which knows when a client is waited for and gives up one that is too slow.

HTTP/2 and upgrades are refused: an HTTP/2 connection holds many requests, and one that is aborted ends none of them. Nothing that a
client sent is ever logged.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from stillmine.serving.doors import Doors
from stillmine.serving.register import NOT_KNOWN, Register, Stage
from stillmine.wire.codec import encode
from stillmine.wire.door_errors import BusyError, HeadTooLargeError, TooManyAtOnceError, TooSlowError
from stillmine.wire.errors import MalformedMessageError, StillmineError

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

Headers = Sequence[tuple[bytes, bytes]]
PeerNetwork = Callable[[str], str]
HeadNetwork = Callable[[str, Headers], str]


@dataclass(frozen=True)
class Networks:
    """How connections are counted: by their peer, or, where that is a proxy, by what each request's head says."""

    of_peer: PeerNetwork = lambda _address: NOT_KNOWN
    of_head: HeadNetwork | None = None


@dataclass(frozen=True)
class House:
    """What all connections of a process share."""

    config: Config
    state: ServerState
    register: Register
    doors: Doors
    networks: Networks
    refusal_headers: Headers


class Counted:
    """A transport that counts what is written to it, so that it can be told how much a client has taken."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.written = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self.written += len(data)
        self._transport.write(data)


class Connection(HttpToolsProtocol):
    """One client."""

    transport: asyncio.Transport

    def __init__(self, house: House) -> None:
        super().__init__(config=house.config, server_state=house.state, app_state={})
        self._house = house
        self._is_in_head = False
        self._is_message_open = False
        self._is_given_up = False
        self._has_asked = False
        self._has_told = False
        self._untold_bytes = 0
        self._answering: RequestResponseCycle | None = None
        self._received = 0
        self.network = NOT_KNOWN
        self.since = self._window_since = self.loop.time()
        self._window_bytes = 0
        self._stage_seen = Stage.SILENT

    # What the register asks.

    @property
    def stage(self) -> Stage:
        """What is waited for."""
        if self._is_at_work():
            is_body_due = self.cycle.more_body and not self.pipeline and not self.flow.read_paused
            if is_body_due:
                return Stage.BODY
            return Stage.SENDING if self._unsent() else Stage.WORKING
        if self._unsent():
            return Stage.SENDING
        if self._is_in_head:
            return Stage.HEAD
        return Stage.IDLE if self._has_asked else Stage.SILENT

    def check(self, now: float) -> None:
        """Give up a client that is over a deadline or below the least rate."""
        stage, doors = self.stage, self._house.doors
        if stage is not self._stage_seen:
            self._enter_stage(stage, now)
        waited = now - self.since
        match stage:
            case Stage.SILENT | Stage.HEAD:
                is_late = waited > doors.silent_seconds
            case Stage.IDLE:
                # What still comes of a body that was answered is dropped, for a while.
                is_late = waited > (doors.silent_seconds if self._is_message_open else doors.idle_seconds)
            case Stage.BODY:
                is_late = waited > doors.body_seconds or self._is_below_rate(now)
            case Stage.SENDING:
                is_late = self._is_below_rate(now)
            case Stage.WORKING:
                is_late = False
        if is_late:
            self.give_up()

    def give_up(self) -> None:
        """End this connection, in words where a request has begun and no answer has."""
        if self.stage in (Stage.HEAD, Stage.BODY):
            self.refuse(TooSlowError())
        else:
            self._end(self.transport.abort)

    def refuse(self, error: StillmineError) -> None:
        """Answer in place of the application, and close."""
        if self._is_given_up or self.transport.is_closing():
            self._end(self.transport.abort)
            return
        if self._unsent() or (self._is_at_work() and (self.cycle.response_started or self.pipeline)):
            self._end(self.transport.abort)  # an answer has begun: a second one inside of it would be read as part of it
            return
        self.transport.write(_raw_answer(error, self._house.refusal_headers, self._house.state.default_headers))
        # Nobody looks at this connection after this: one whose client does not read would stay open for ever.
        self._end(self.transport.abort if self._unsent() else self.transport.close)

    # What the transport and the parser call.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Counted(transport))  # type: ignore[arg-type]
        self.network = self._house.networks.of_peer(self.client[0] if self.client else "")
        if not self._house.register.enter(self):
            self.refuse(BusyError())

    def connection_lost(self, exc: Exception | None) -> None:
        self._house.register.leave(self)
        self._say_gone()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_given_up:
            return
        self._received += len(data)
        self._has_told = False
        super().data_received(data)
        self._untold_bytes = 0 if self._has_told else self._untold_bytes + len(data)
        if self._untold_bytes > self._house.doors.head_bytes:
            self._refuse_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._is_message_open = True, True
        if not self._is_at_work():
            self._enter_stage(Stage.HEAD, self.loop.time())

    def on_header(self, name: bytes, value: bytes) -> None:
        """A line of a head. Those that come after a body are dropped: without end, they would pile up in a request that has begun."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head, self._has_asked, self._has_told = False, True, True
        if self._is_given_up:
            return
        if sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > self._house.doors.head_bytes:
            self.refuse(self._head_too_large())
            return
        of_head = self._house.networks.of_head
        if of_head is not None:
            network = of_head(self.client[0] if self.client else "", self.headers)
            if not self._house.register.move(self, network):
                self.refuse(TooManyAtOnceError())
                return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._has_told = True
        if not self._is_given_up:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_message_open, self._has_told = False, True
        if not self._is_given_up:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """As uvicorn's, without a timer for each request: `check` ends idle connections."""
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, application = self.pipeline.pop()
            self._start_asgi_task(cycle, application)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn names it)
        if not self._is_given_up:
            self.refuse(MalformedMessageError("HTTP/1.1"))

    def _unsupported_upgrade_warning(self) -> None:
        if self.cycle is not None:
            self.cycle.keep_alive = False  # what follows an upgrade is no HTTP/1

    # Inside.

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _refuse_head(self) -> None:
        if self._is_message_open and not self._is_in_head and not self._is_at_work():
            self._end(self.transport.abort)  # it was answered: a second answer would pass for that of the next request
        else:
            self.refuse(self._head_too_large())

    def _head_too_large(self) -> HeadTooLargeError:
        return HeadTooLargeError(f"limit: {self._house.doors.head_bytes} bytes")

    def _is_at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def _enter_stage(self, stage: Stage, now: float) -> None:
        self._stage_seen = stage
        self.since = self._window_since = now
        self._window_bytes = self._moved()

    def _moved(self) -> int:
        """How many bytes the client has sent or, while an answer is sent, taken, all together."""
        written: int = self.transport.written  # type: ignore[attr-defined]
        return written - self._unsent() if self._stage_seen is Stage.SENDING else self._received

    def _is_below_rate(self, now: float) -> bool:
        doors = self._house.doors
        if now - self._window_since < doors.window_seconds:
            return False
        moved = self._moved()
        is_below = moved - self._window_bytes < doors.bytes_per_second * (now - self._window_since)
        self._window_since, self._window_bytes = now, moved
        return is_below

    def _end(self, close: Callable[[], None]) -> None:
        self._is_given_up = True
        self._house.register.leave(self)
        self._say_gone()
        self.flow.resume_writing()
        close()

    def _say_gone(self) -> None:
        """Tell the request that is worked on, which need not be the last that came, that its client is gone."""
        for cycle in (self._answering, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()


def _raw_answer(error: StillmineError, headers: Headers, default_headers: Headers) -> bytes:
    body = encode(error.message())
    lines = [*default_headers, *headers, (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if error.retry_after_seconds is not None:
        lines.append((b"retry-after", b"%d" % error.retry_after_seconds))
    lines.append((b"connection", b"close"))
    return STATUS_LINE[error.status] + b"".join(b"%s: %s\r\n" % line for line in lines) + b"\r\n" + body
