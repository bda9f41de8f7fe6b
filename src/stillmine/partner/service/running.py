# SPDX-License-Identifier: Apache-2.0
"""Serve the application in this process, which the one index in memory needs, and stop when told to: at once, or after a while in
which a load balancer can turn to another instance.

It must never write an access log: paths hold match ids.
"""

import asyncio
import signal
import socket
from collections.abc import Callable

from starlette.applications import Starlette

from stillmine.serving.doors import Doors
from stillmine.serving.listening import answer, bound, require_files

FINISHING_SECONDS = 2.0
"""After it is told to stop: what has not come so far by then is answered `busy`, while there is still somebody to answer."""

DOORS = Doors(connections=2048, stop_seconds=3.0)
"""Many more than requests at once: a platform keeps connections open. How many requests are worked on is bounded in service.py."""


def serve(application: Starlette, address: str, port: int, is_listening: Callable[[], None], drain_seconds: float = 0.0) -> None:
    """Serve until SIGTERM or SIGINT. Raises NotConfiguredError if the address can't be used.

    `application.state.drain` is called at once, and everything is answered for `drain_seconds` more, or until a second signal.
    `application.state.take_no_more` is called a moment before connections are ended, so that what waits is answered.
    """
    require_files(DOORS.connections)
    with bound(address, port) as listener:
        asyncio.run(_serve(application, listener, is_listening, drain_seconds))


async def _serve(application: Starlette, listener: socket.socket, is_listening: Callable[[], None], drain_seconds: float) -> None:
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    is_told = False

    def stop() -> None:
        nonlocal is_told
        if is_told or not drain_seconds:
            told_to_stop.set()
            return
        is_told = True
        application.state.drain()
        loop.call_later(drain_seconds, told_to_stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with application.router.lifespan_context(application):
        giving_up = asyncio.create_task(_give_up(application, told_to_stop))
        try:
            await answer(listener, application, DOORS, told_to_stop, is_listening=is_listening)
        finally:
            giving_up.cancel()


async def _give_up(application: Starlette, told_to_stop: asyncio.Event) -> None:
    await told_to_stop.wait()
    await asyncio.sleep(FINISHING_SECONDS)
    application.state.take_no_more()
