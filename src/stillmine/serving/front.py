# SPDX-License-Identifier: Apache-2.0
"""A WSGI application behind doors: a thread is taken when a body is whole, and free again when the answer is made.

A client that sends or reads slowly holds a connection and some memory, both bounded, and no thread. An answer too large for memory is made
in steps, a thread at a time, as fast as its client takes it.
"""

import asyncio
import io
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from stillmine.serving.bodies import Body, ClientGoneError, LargeBodies
from stillmine.serving.connection import Headers, HeadNetwork
from stillmine.serving.doors import Room
from stillmine.serving.wsgi import Answer, Steps, environ_of, made, refusal
from stillmine.wire.door_errors import BusyError, TooManyAtOnceError
from stillmine.wire.errors import MessageTooLargeError, StillmineError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

DROPPED_BYTES = 16 * 1024 * 1024
DROPPING_SECONDS = 2.0
"""Of a body that is refused so much is read and dropped, so that the answer arrives."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Inside:
    """What stands behind the front."""

    application: "WSGIApplication"
    longest_body: Callable[[str], int]
    """Of a path, in bytes."""
    refuse_early: "Callable[[WSGIEnvironment], Answer | None]"
    """Asked, in a thread, before a body is read on that did not come at once."""
    network: HeadNetwork
    refusal_headers: Headers = ()


class Front:
    """The ASGI application."""

    def __init__(self, inside: Inside, room: Room) -> None:
        self._inside = inside
        self._room = room
        self._pool = ThreadPoolExecutor(room.threads, thread_name_prefix="request")
        self._large = LargeBodies(room.body_bytes)
        self._at_work: Counter[str] = Counter()
        self._streams: Counter[str] = Counter()

    async def __call__(self, scope: "Scope", receive: "ASGIReceiveCallable", send: "ASGISendCallable") -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        network = self._inside.network(scope["client"][0] if scope["client"] else "", cast(Headers, scope["headers"]))
        body = Body(receive, network, self._large)
        try:
            answer = await self._answer(scope, body, network)
        except ClientGoneError:
            return
        except StillmineError as error:
            answer = refusal(error, self._inside.refusal_headers)
        finally:
            body.close()
        if answer.rest is not None:
            await self._send_in_steps(answer, answer.rest, network, receive, send)
            return
        await _send_head(send, answer)
        if not body.is_whole:
            await send({"type": "http.response.body", "body": answer.body, "more_body": True})
            await drop_rest(receive)
            answer.body = b""
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})

    async def _answer(self, scope: "HTTPScope", body: Body, network: str) -> Answer:
        environ = environ_of(scope)
        limit = self._inside.longest_body(scope["path"])
        if int(environ.get("CONTENT_LENGTH") or 0) > limit:
            raise MessageTooLargeError(f"limit: {limit} bytes")
        await body.more()
        if not body.is_whole:
            early = await self._in_thread(network, lambda: self._inside.refuse_early(environ))
            if early is not None:
                return early
        while not body.is_whole and len(body.data) <= limit:
            await body.more()
        if len(body.data) > limit:
            raise MessageTooLargeError(f"limit: {limit} bytes")
        if body.data:
            environ["CONTENT_LENGTH"] = str(len(body.data))
        environ["wsgi.input"] = io.BytesIO(body.data)
        return await self._in_thread(network, lambda: made(self._inside.application, environ, self._inside.refusal_headers))

    async def _in_thread(self, network: str, work: Callable[[], Result]) -> Result:
        """Return what a thread made; raises BusyError or TooManyAtOnceError."""
        if self._at_work.total() >= self._room.requests:
            raise BusyError
        if self._at_work[network] >= self._room.requests_per_network:
            raise TooManyAtOnceError
        with _counted(self._at_work, network):
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def _send_in_steps(
        self, answer: Answer, steps: Steps, network: str, receive: "ASGIReceiveCallable", send: "ASGISendCallable"
    ) -> None:
        loop = asyncio.get_running_loop()
        gone = loop.create_task(_until_gone(receive))
        try:
            with self._streaming(network):
                await _send_head(send, answer)
                data, is_all = answer.body, False
                while not is_all and not gone.done():
                    await send({"type": "http.response.body", "body": data, "more_body": True})
                    data, is_all = await loop.run_in_executor(self._pool, steps.next)
                await send({"type": "http.response.body", "body": data, "more_body": False})
        except StillmineError as error:
            refused = refusal(error, self._inside.refusal_headers)
            await _send_head(send, refused)
            await send({"type": "http.response.body", "body": refused.body, "more_body": False})
        finally:
            gone.cancel()
            await loop.run_in_executor(self._pool, steps.close)

    def _streaming(self, network: str) -> "_counted":
        if self._streams.total() >= self._room.streams or self._streams[network] >= self._room.streams_per_network:
            raise BusyError
        return _counted(self._streams, network)


class _counted:  # noqa: N801 (reads as what it does)
    """Counts one for a network as long as the block lasts."""

    def __init__(self, counter: Counter[str], network: str) -> None:
        self._counter, self._network = counter, network

    def __enter__(self) -> None:
        self._counter[self._network] += 1

    def __exit__(self, *_: object) -> None:
        self._counter[self._network] -= 1
        if not self._counter[self._network]:
            del self._counter[self._network]


async def _send_head(send: "ASGISendCallable", answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers), "trailers": False})


async def drop_rest(receive: "ASGIReceiveCallable") -> None:
    """Read and drop what still comes of a refused body: a connection closed over unread bytes would take the answer with it."""
    dropped = 0
    try:
        async with asyncio.timeout(DROPPING_SECONDS):
            while dropped < DROPPED_BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
                dropped += len(message.get("body", b""))
    except TimeoutError:
        return


async def _until_gone(receive: "ASGIReceiveCallable") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
