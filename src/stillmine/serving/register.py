# SPDX-License-Identifier: Apache-2.0
"""All open connections of a process: who must make room for whom, and who has become too slow.

A new connection is never the one that is refused while another keeps us waiting: a crowd of silent connections costs each of them its
place and keeps nobody out. What is being worked on is never given up for another.
"""

from collections import Counter
from enum import IntEnum
from typing import Protocol

from stillmine.serving.doors import Doors

NOT_KNOWN = ""
"""The network of a connection whose peer is a proxy, until a head says more. Only the whole number of these is bounded."""


class Stage(IntEnum):
    """What a connection waits for. The lower ones make room first."""

    SILENT = 0
    """The client's first byte."""
    HEAD = 1
    IDLE = 2
    """The next request."""
    BODY = 3
    SENDING = 4
    """The client, who has not read the answer yet."""
    WORKING = 5
    """Us."""


class Client(Protocol):
    """What the register needs of a connection."""

    network: str
    since: float
    """When its stage began."""

    @property
    def stage(self) -> Stage: ...
    def give_up(self) -> None:
        """End it, in words where the client can still read them."""

    def check(self, now: float) -> None:
        """Give up if it is too slow."""


class Register:
    """One for each process; used on its event loop only."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._clients: dict[Client, None] = {}
        self._count: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._clients)

    def enter(self, client: Client) -> bool:
        """Take a connection in; False where all that are open are being worked on."""
        has_room = len(self._clients) < self._doors.connections or self.make_room()
        if not has_room:
            return False
        self._clients[client] = None
        self._count[client.network] += 1
        if self._is_over(client.network) and not self._make_room_in(client.network, client):
            self.leave(client)
            return False
        return True

    def move(self, client: Client, network: str) -> bool:
        """A connection turned out to come from another network; False where that has no room."""
        if client not in self._clients or client.network == network:
            return True
        self._leave_network(client)
        client.network = network
        self._count[network] += 1
        return not self._is_over(network) or self._make_room_in(network, client)

    def leave(self, client: Client) -> None:
        """Forget a connection that is closed or given up."""
        if client in self._clients:
            del self._clients[client]
            self._leave_network(client)

    def make_room(self) -> bool:
        """Give up one of the network that has most connections; the networks after it are asked where all of that are worked on."""
        return any(self._make_room_in(network) for network, _ in self._count.most_common())

    def check_all(self, now: float) -> None:
        """Let every connection that is too slow be given up."""
        for client in list(self._clients):
            client.check(now)

    def _is_over(self, network: str) -> bool:
        return network != NOT_KNOWN and self._count[network] > self._doors.connections_per_network

    def _make_room_in(self, network: str, without: Client | None = None) -> bool:
        there = [client for client in self._clients if client.network == network and client is not without]
        waiting = [client for client in there if client.stage is not Stage.WORKING]
        if not waiting:
            return False
        oldest = min(waiting, key=lambda client: (client.stage, client.since))
        self.leave(oldest)
        oldest.give_up()
        return True

    def _leave_network(self, client: Client) -> None:
        self._count[client.network] -= 1
        if not self._count[client.network]:
            del self._count[client.network]
