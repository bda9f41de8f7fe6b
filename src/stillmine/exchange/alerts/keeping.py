# SPDX-License-Identifier: Apache-2.0
"""Look every minute, beside `serve`, by asking the doctor in a process of its own: one that hangs at the database is ended."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

import msgspec

from stillmine.exchange.alerts.sending import Send, send_due, sender
from stillmine.exchange.alerts.telling import look_through
from stillmine.exchange.health.alert_state import changing_state
from stillmine.exchange.health.findings import Finding, Level, Report, wrong
from stillmine.exchange.transaction.context import Context
from stillmine.serving.sparing_log import SparingLog

INTERVAL_SECONDS = 60.0
LOOK_SECONDS = 90.0
"""A look that takes longer is ended, and the database does not answer."""

WHOLE_EVERY = 10
"""Of so many looks one is also at what takes long, `SLOW`; every look is while one of them is not well."""

SLOW = frozenset({"certificate", "portal"})

CHECK_SECONDS = 0.2

log = SparingLog(logging.getLogger(__name__))

_REPORT = msgspec.json.Decoder(Report)

Look = Callable[[bool], list[Finding]]
"""Looks at every part, or quickly at most; returns what was found."""


def keep_alerts(exchange: Context, stopped: threading.Event) -> None:
    """Look and tell until `stopped`."""
    send, look = sender(exchange), partial(look_by_command, exchange, stopped)
    number = 0
    while not stopped.is_set():
        is_slow_well = look_once(exchange, look, send, is_quick=number % WHOLE_EVERY != 0)
        number = number + 1 if is_slow_well else 0
        stopped.wait(INTERVAL_SECONDS)


def look_once(exchange: Context, look: Look, send: Send, *, is_quick: bool) -> bool:
    """Look and tell once; returns whether nothing of `SLOW` was seen that is not well.

    Whatever fails is logged, and the next look is tried all the same.
    """
    findings: list[Finding] = []
    try:
        findings = look(is_quick)
        if not findings:  # told to stop meanwhile: nothing was looked at, and nothing is well by that
            return True
        now = exchange.clock().timestamp()
        with changing_state(exchange.home) as state:
            look_through(state, exchange.alerts, findings, now, lambda: exchange.random_bytes(16).hex())
        send_due(exchange.home, send, now)
    except OSError as error:
        log.say(f"what is wrong can't be noted or told ({error.strerror or type(error).__name__})")
    except Exception as error:
        log.say(f"nobody is told what is wrong ({type(error).__name__})")
    return all(finding.level is Level.OK for finding in findings if finding.part in SLOW)


def look_by_command(exchange: Context, stopped: threading.Event, is_quick: bool, seconds: float = LOOK_SECONDS) -> list[Finding]:
    """Ask the doctor in a process of its own, and return what it says; nothing where it was told to stop."""
    command = [sys.executable, "-m", "stillmine.exchange", "doctor", "--json", "--home", str(exchange.home)]
    whole = [*command, *(["--quick"] if is_quick else [])]
    process = subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 (our own program)
    with process:
        reader = _Reader(process)
        ends = time.monotonic() + seconds
        while reader.is_alive() and time.monotonic() < ends and not stopped.is_set():
            reader.join(CHECK_SECONDS)
        process.kill()
        reader.join()
    if stopped.is_set():
        return []
    try:
        return _REPORT.decode(reader.said).findings
    except msgspec.DecodeError:
        return [wrong("database", "it does not answer")]


class _Reader(threading.Thread):
    """Reads all that a process says."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        super().__init__(name="doctor", daemon=True)
        self._process = process
        self.said = b""
        self.start()

    def run(self) -> None:
        """Read to the end."""
        if self._process.stdout is not None:
            self.said = self._process.stdout.read()
