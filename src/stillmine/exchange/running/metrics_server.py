# SPDX-License-Identifier: Apache-2.0
"""Answers `GET /metrics` on a loopback port of its own, beside the workers, so that no request of people or partners can come near it.

One scrape is made at a time: while the database hangs, no more than one thread waits for it.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from stillmine.serving.doors import Doors
from stillmine.serving.exposition import CONTENT_TYPE
from stillmine.serving.listening import Application, answer

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope

LOOPBACK = "127.0.0.1"
PATH = "/metrics"
ANSWER_SECONDS = 10.0
CHECK_SECONDS = 0.2

DOORS = Doors(connections=16, connections_per_network=16)

_log = logging.getLogger(__name__)


def keep_metrics(listener: socket.socket, text: Callable[[], str], stopped: threading.Event) -> None:
    """Answer until `stopped`; `text` makes the whole answer."""
    asyncio.run(_answer(listener, text, stopped))


async def _answer(listener: socket.socket, text: Callable[[], str], stopped: threading.Event) -> None:
    one = ThreadPoolExecutor(1, "metrics")
    told = asyncio.Event()
    answering = asyncio.create_task(answer(listener, application(text, one), DOORS, told))
    while not stopped.is_set():
        await asyncio.sleep(CHECK_SECONDS)
    told.set()
    await answering
    one.shutdown(wait=False, cancel_futures=True)


def application(text: Callable[[], str], one: ThreadPoolExecutor, seconds: float = ANSWER_SECONDS) -> Application:
    """Return the application; an answer that is not there in so many seconds is 503."""

    async def call(scope: "Scope", receive: "ASGIReceiveCallable", send: "ASGISendCallable") -> None:  # noqa: ARG001 (ASGI)
        if scope["type"] != "http":
            return
        status, body, sort = 404, b"not here: /metrics\n", "text/plain"
        if scope["path"] == PATH and scope["method"] in {"GET", "HEAD"}:
            status, body, sort = await _made(text, one, seconds)
        headers = [(b"content-type", sort.encode()), (b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers, "trailers": False})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body, "more_body": False})

    return call


async def _made(text: Callable[[], str], one: ThreadPoolExecutor, seconds: float) -> tuple[int, bytes, str]:
    try:
        made = await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(one, text), seconds)
    except TimeoutError:
        return 503, b"not ready in time\n", "text/plain"
    except Exception as error:
        _log.error("metrics could not be made (%s)", type(error).__name__)
        return 500, b"see the log\n", "text/plain"
    return 200, made.encode(), CONTENT_TYPE
