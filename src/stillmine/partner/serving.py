# SPDX-License-Identifier: Apache-2.0
"""Serve the application with granian inside this process, and stop at once when told to.

Granian's ordinary server starts worker processes; the embedded one shares this process, which the one index in memory needs.
It must never write an access log: paths hold match ids.
"""

import asyncio
import signal
import socket
from collections.abc import Callable

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette

from stillmine.wire.errors import NotConfiguredError, StillmineError

MAXIMUM_REQUESTS_AT_ONCE = 32
"""More wait in the socket's queue: an upload may take 64 MiB while it is read."""

FINISH_SECONDS = 3.0
"""How long a stop waits for requests that have begun."""


def serve(application: Starlette, address: str, port: int, is_listening: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises NotConfiguredError if the address can't be used, StillmineError if serving ends by itself.
    """
    _require_free(address, port)
    asyncio.run(_serve(application, address, port, is_listening))


async def _serve(application: Starlette, address: str, port: int, is_listening: Callable[[], None]) -> None:
    server = Server(
        application,
        address=address,
        port=port,
        # The lifespan is run here: granian would leave out its end where it waits in vain for a request.
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=MAXIMUM_REQUESTS_AT_ONCE,
        log_enabled=False,
        log_access=False,
    )
    server.on_startup(is_listening)
    told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    async with application.router.lifespan_context(application):
        serving = asyncio.create_task(server.serve())
        stop = asyncio.create_task(told_to_stop.wait())
        await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
        server.stop()  # type: ignore[no-untyped-call]
        # A client that never ends its request must not hold up the stop.
        await asyncio.wait({serving}, timeout=FINISH_SECONDS)
        if not serving.done():
            # Granian will report to a future that is gone by then; that is no fault worth a traceback.
            loop.set_exception_handler(lambda _loop, _context: None)
    if not told_to_stop.is_set():
        # Granian returns as if all were well when its worker dies; whoever supervises this process must see that.
        raise StillmineError
    stop.cancel()


def _require_free(address: str, port: int) -> None:
    """Granian reports a taken port from a thread of its own, too late to end with a clear sentence."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a port is 1 to 65535"
        raise NotConfiguredError(f"--listen, --port: can't be used ({reason})") from None
