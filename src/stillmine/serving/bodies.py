# SPDX-License-Identifier: Apache-2.0
"""A request's body, taken as it comes, with no thread and within a bounded amount of memory.

Of each body a small part is always taken, so that large ones from one client never keep a withdrawal out.
"""

from collections import Counter
from typing import TYPE_CHECKING

from stillmine.wire.door_errors import BusyError

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveCallable

SMALL_BODY_BYTES = 64 * 1024
"""What is beyond it counts against the bytes at once."""
SHARE_OF_A_NETWORK = 4


class ClientGoneError(Exception):
    """Its connection ended before its body did: nothing was begun."""


class LargeBodies:
    """How many bytes of large bodies this process holds, and for which network."""

    def __init__(self, maximum_bytes: int) -> None:
        self._maximum = maximum_bytes
        self._held: Counter[str] = Counter()

    def take(self, network: str, size: int) -> None:
        """Count some more; raises BusyError over the bounds."""
        if self._held.total() + size > self._maximum or self._held[network] + size > self._maximum // SHARE_OF_A_NETWORK:
            raise BusyError
        self._held[network] += size

    def give_back(self, network: str, size: int) -> None:
        """Forget what was counted."""
        self._held[network] -= size
        if self._held[network] <= 0:
            del self._held[network]


class Body:
    """One body, while it comes."""

    def __init__(self, receive: "ASGIReceiveCallable", network: str, large: LargeBodies) -> None:
        self._receive = receive
        self._network = network
        self._large = large
        self._counted = 0
        self.data = bytearray()
        self.is_whole = False

    async def more(self) -> None:
        """Wait for some more; raises ClientGoneError or BusyError."""
        message = await self._receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        self.data += message.get("body", b"")
        self.is_whole = not message.get("more_body", False)
        beyond = len(self.data) - SMALL_BODY_BYTES - self._counted
        if beyond > 0:
            self._large.take(self._network, beyond)
            self._counted += beyond

    def close(self) -> None:
        """Give back what it counted."""
        self._large.give_back(self._network, self._counted)
        self._counted = 0
