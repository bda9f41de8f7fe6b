# SPDX-License-Identifier: Apache-2.0
"""A relay on loopback that keeps every byte in both directions and connects onward from a marked address."""

import socket
import threading
from types import TracebackType


class Wiretap:
    """Listen on a free port, relay to `target_port` from `source_address`; `traffic` is all that passed so far."""

    def __init__(self, target_port: int, source_address: str) -> None:
        self._target_port = target_port
        self._source_address = source_address
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._parts: list[bytes] = []
        self.port: int = self._listener.getsockname()[1]

    @property
    def traffic(self) -> bytes:
        return b"".join(self._parts)

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
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._relay, args=(source, sink), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self._parts.append(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # either side went away; what passed is kept
