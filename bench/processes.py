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
from types import MappingProxyType

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


@contextmanager
def running(*arguments: str, variables: Mapping[str, str] = NO_VARIABLES) -> Iterator[str]:
    """Run a command that serves, with a free port; yields the address, where nobody need be listening yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from stillmine.cli import main; main()", *arguments, "--port", str(port)]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("STILLMINE_")} | dict(variables)
    process = subprocess.Popen(command, env=environment)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
