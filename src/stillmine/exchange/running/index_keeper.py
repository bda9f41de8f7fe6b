# SPDX-License-Identifier: Apache-2.0
"""Keeps the index service running beside the web workers: starts it, starts another when it ended, and ends it with `serve`.

The service is started fresh and builds everything from the configuration, as web workers do.
"""

import logging
import multiprocessing
import threading
from collections.abc import Callable

from stillmine.exchange.settings.config import ExchangeConfig
from stillmine.exchange.web.app import configure

RESTART_SECONDS = 0.5
LONGEST_RESTART_SECONDS = 30.0
WELL_SECONDS = 60.0
STOP_SECONDS = 10

_log = logging.getLogger(__name__)


def keep_index(config: ExchangeConfig, stopped: threading.Event, lost: Callable[[], None] = lambda: None) -> None:
    """Run an index service until `stopped`. One that ends at once again and again is started less and less often; `lost` is called."""
    context = multiprocessing.get_context("spawn")
    wait = RESTART_SECONDS
    while not stopped.is_set():
        process = context.Process(target=_serve_index, args=(config,), name="index service")
        process.start()
        if not _ended_within(process, stopped, WELL_SECONDS):
            wait = RESTART_SECONDS
            _ended_within(process, stopped, None)
        if stopped.is_set():
            process.terminate()
            process.join(STOP_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
            return
        _log.error("the index service ended (%s); starting another", process.exitcode)
        lost()
        stopped.wait(wait)
        wait = min(2 * wait, LONGEST_RESTART_SECONDS)


def _ended_within(process: multiprocessing.process.BaseProcess, stopped: threading.Event, seconds: float | None) -> bool:
    """Wait for the process to end, for `stopped`, or for the time to pass; returns whether one of the first two came."""
    waited = 0.0
    while seconds is None or waited < seconds:
        process.join(0.2)
        waited += 0.2
        if process.exitcode is not None or stopped.is_set():
            return True
    return False


def _serve_index(config: ExchangeConfig) -> None:
    """Be the service, in a process of its own."""
    exchange = configure(config)
    from stillmine.exchange.ask.following import Follower  # noqa: PLC0415 (needs the configured apps)
    from stillmine.exchange.ask.service import run_service  # noqa: PLC0415 (after Django is configured)

    run_service(config.home, Follower(exchange))
