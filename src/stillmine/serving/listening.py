# SPDX-License-Identifier: Apache-2.0
"""Listen, and let an ASGI application answer until told to stop; requests that have begun are finished.

One connection is accepted at a time, so that processes which share a listening socket share what comes. No access log and none of
uvicorn's own: it would tell when somebody asked, and for what.
"""

import asyncio
import errno
import logging
import resource
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate

from uvicorn.config import Config
from uvicorn.server import ServerState

from stillmine.serving.connection import Connection, Headers, House, Networks
from stillmine.serving.doors import Doors
from stillmine.serving.register import Register
from stillmine.wire.errors import NotConfiguredError

Application = Callable[..., Awaitable[None]]
"""An ASGI application."""

BACKLOG = 2048
OTHER_FILES = 256
"""Left for databases, logs and files beside the connections."""
CHECK_SECONDS = 1.0
FULL_SECONDS = 0.1

SHARED_FAIRLY = 8
"""Up to so many connections, a process that shares its socket lets one that has fewer go first: four clients on one of two
processes would else get half of what the machine can do."""
STEP_ASIDE_SECONDS = 0.001
"""For each connection that it has."""

_TO_DO = {
    errno.EADDRINUSE: "another program listens there; stop it, or name another --port",
    errno.EACCES: "ports below 1024 are for root; name a larger one",
    errno.EADDRNOTAVAIL: "this machine has no such address",
}

ONE_NETWORK = Networks()
"""All clients count as one: for a service that one platform uses."""


@contextmanager
def bound(address: str, port: int, options: str = "--listen, --port") -> Iterator[socket.socket]:
    """Listen there; raises NotConfiguredError, which names the options that said so, where that can't be."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError) as error:
        raise _no_place(error, options) from None
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        try:
            listener.bind(place)
            listener.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            raise _no_place(error, options) from None
        listener.setblocking(False)
        yield listener


async def answer(
    listener: socket.socket,
    application: Application,
    doors: Doors,
    told_to_stop: asyncio.Event,
    *,
    networks: Networks = ONE_NETWORK,
    refusal_headers: Headers = (),
    is_listening: Callable[[], None] = lambda: None,
    shares_listener: bool = False,
) -> None:
    """Answer until told to stop, then finish what has begun, within `doors.stop_seconds`. The listener is closed here.

    `shares_listener`: other processes accept from it too.
    """
    house = _house(application, doors, networks, refusal_headers)
    server = _Server(listener, house, shares_listener)
    server.open()
    is_listening()
    checking = asyncio.create_task(server.check_for_ever())
    try:
        await told_to_stop.wait()
    finally:
        server.close()
        await server.finish()
        checking.cancel()


def _house(application: Application, doors: Doors, networks: Networks, refusal_headers: Headers) -> House:
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL + 1)  # its lines hold an exception's own text
    config = Config(
        application,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    config.load()
    return House(config, ServerState(), Register(doors), doors, networks, refusal_headers)


def require_files(connections: int) -> None:
    """Let this process, and those it starts, open as many files as the doors need; raises NotConfiguredError where that is too much."""
    needed = connections + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise NotConfiguredError(f"connections: this user may open {hard} files, and {needed} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


class _Server:
    def __init__(self, listener: socket.socket, house: House, shares_listener: bool) -> None:
        self._listener = listener
        self._shares_listener = shares_listener
        self._house = house
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._is_closed = False

    def open(self) -> None:
        if not self._is_closed:
            self._loop.add_reader(self._listener.fileno(), self._knock)

    def close(self) -> None:
        """Take no more connections, and end those that nothing was asked on."""
        self._is_closed = True
        self._loop.remove_reader(self._listener.fileno())
        self._listener.close()

    async def finish(self) -> None:
        ends = self._loop.time() + self._house.doors.stop_seconds
        while (self._house.state.connections or self._opening) and self._loop.time() < ends:
            for connection in list(self._house.state.connections):
                connection.shutdown()
            await asyncio.sleep(0.02)
        for connection in list(self._house.state.connections):
            connection.give_up()  # type: ignore[union-attr]
        while self._house.state.tasks and self._loop.time() < ends:
            await asyncio.sleep(0.02)

    async def check_for_ever(self) -> None:
        while True:
            self._house.state.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            self._house.register.check_all(self._loop.time())
            await asyncio.sleep(CHECK_SECONDS)

    def _knock(self) -> None:
        """Accept what waits, after a moment in which another process may that has less to do."""
        has = len(self._house.state.connections) + len(self._opening)
        if not self._shares_listener or not 0 < has <= SHARED_FAIRLY:
            self._accept()
            return
        self._loop.remove_reader(self._listener.fileno())
        self._loop.call_later(has * STEP_ASIDE_SECONDS, self._accept_late)

    def _accept_late(self) -> None:
        if not self._is_closed:
            self.open()
            self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was quicker, or the client is gone
        except OSError:  # no more files: room is made, and the next may come a moment later
            self._house.register.make_room()
            self._loop.remove_reader(self._listener.fileno())
            self._loop.call_later(FULL_SECONDS, self.open)
            return
        connection.setblocking(False)
        opening = self._loop.create_task(self._open_connection(connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open_connection(self, connection: socket.socket) -> object:
        return await self._loop.connect_accepted_socket(lambda: Connection(self._house), connection)


def _no_place(error: OSError | OverflowError, options: str) -> NotConfiguredError:
    reason = "a port is 1 to 65535" if isinstance(error, OverflowError) else _TO_DO.get(error.errno or 0, error.strerror)
    return NotConfiguredError(f"{options}: can't be used ({reason})")
