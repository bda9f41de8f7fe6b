# SPDX-License-Identifier: Apache-2.0
"""Stillmine's own commands as processes of their own, as an operator runs them, without the caller's settings."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Running:
    """A command that serves, where it is reached (nobody need be listening yet), and its process."""

    url: str
    process_id: int

    def require_running(self) -> None:
        """Raise ChildProcessError where it has ended: nobody need wait for it."""
        if ") Z " in Path(f"/proc/{self.process_id}/stat").read_text():
            raise ChildProcessError(f"process {self.process_id} has ended before it was ready")

    def processor_seconds(self) -> float:
        """Return the processor time that it and all that it started have taken, those that have ended among them."""
        took, parents = {}, {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = folder.joinpath("stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            parents[int(folder.name)], took[int(folder.name)] = int(fields[1]), sum(map(int, fields[11:15]))
        return sum(ticks for own, ticks in took.items() if self.process_id in _line_of(own, parents)) / TICKS_PER_SECOND


def _line_of(own: int, parents: Mapping[int, int]) -> Iterator[int]:
    """Give a process, its parent, and so on."""
    while own in parents:
        yield own
        own = parents[own]


@contextmanager
def running(*arguments: str, variables: Mapping[str, str] = NO_VARIABLES) -> Iterator[Running]:
    """Run a command that serves, with a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from stillmine.cli import main; main()", *arguments, "--port", str(port)]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("STILLMINE_")} | dict(variables)
    process = subprocess.Popen(command, env=environment)
    try:
        yield Running(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
