# SPDX-License-Identifier: Apache-2.0
"""A relay on loopback that keeps every byte in both directions and connects onward from a marked address."""

import socket
import threading
from types import TracebackType


class Wiretap:
    """Listen on a free port and relay to `target_port` from `source_address`.

    `sent` is all that went to the target so far, `traffic` that and what came back.
    """

    def __init__(self, target_port: int, source_address: str) -> None:
        self._target_port = target_port
        self._source_address = source_address
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sent: list[bytes] = []
        self._received: list[bytes] = []
        self.port: int = self._listener.getsockname()[1]

    @property
    def sent(self) -> bytes:
        return b"".join(self._sent)

    @property
    def traffic(self) -> bytes:
        return b"".join([*self._sent, *self._received])

    def __enter__(self) -> "Wiretap":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target_port), source_address=(self._source_address, 0))
            for source, sink, parts in ((near, far, self._sent), (far, near, self._received)):
                threading.Thread(target=_relay, args=(source, sink, parts), daemon=True).start()


def _relay(source: socket.socket, sink: socket.socket, parts: list[bytes]) -> None:
    with source:
        try:
            while data := source.recv(65536):
                parts.append(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # either side went away; what passed is kept
