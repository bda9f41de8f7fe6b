# SPDX-License-Identifier: Apache-2.0
"""Run the exchange: worker processes that answer, and one thread here that keeps up.

Workers are started fresh and build everything from the configuration, so that none inherits an open database or a
lock. There is no access log: it would tell when somebody opened a case.
"""

import atexit
import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from stillmine.exchange.app import configure, wsgi_application
from stillmine.exchange.ask.keeper import keep_index
from stillmine.exchange.ask.protocol import require_socket_path
from stillmine.exchange.config import ExchangeConfig, serving_settings
from stillmine.exchange.database import migrate
from stillmine.exchange.settings import LOGGING
from stillmine.exchange.settings_file import keep_settings
from stillmine.wire.errors import NotConfiguredError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS_PER_WORKER = 16
STOP_SECONDS = 10

_log = logging.getLogger(__name__)


def serve(config: ExchangeConfig) -> None:
    """Bring the database up to date, then answer until SIGTERM or SIGINT. Raises NotConfiguredError."""
    listen, port, workers = config.listen, config.port, config.workers
    _require_free(listen, port)
    require_socket_path(config.home)
    exchange = configure(config)
    from stillmine.exchange.keys.check import require_keys  # noqa: PLC0415 (needs the configured apps)
    from stillmine.exchange.upkeep import keep_up  # noqa: PLC0415 (needs the configured apps)

    migrate(exchange)
    require_keys(exchange)
    keep_settings(config.home, config.database_url, serving_settings(config), exchange.random_bytes)
    multiprocessing.set_start_method("spawn", force=True)
    server = Server(
        "stillmine.exchange",
        address=listen,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS_PER_WORKER,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        websockets=False,
        log_level=LogLevels.error,
        log_dictconfig=LOGGING,
        log_access=False,
    )
    stopped = threading.Event()
    upkeep = threading.Thread(target=keep_up, args=(exchange, stopped), name="upkeep")
    index = threading.Thread(target=keep_index, args=(config, stopped), name="index keeper")
    server.on_startup(upkeep.start)
    server.on_startup(index.start)
    _log.info("serving on %s, port %d; portal: %s", listen, port, "yes" if config.portal else "none")
    try:
        server.serve(target_loader=partial(_load, config), wrap_loader=False)
    finally:
        stopped.set()
        for thread in (upkeep, index):
            if thread.is_alive():
                thread.join()
    _log.info("stopped")


def _load(config: ExchangeConfig) -> "WSGIApplication":
    """Build the application in a worker."""
    atexit.register(end_at_once)
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    return wsgi_application(configure(config))


def _end_with_parent() -> None:
    """A worker whose parent was killed would go on answering for ever, without upkeep: end it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def end_at_once() -> None:
    """End this process without taking the interpreter apart, once all requests are answered.

    Granian's threads may still be waking up then, and a thread that comes back into an interpreter which is being taken apart
    aborts the process.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _require_free(listen: str, port: int) -> None:
    """Refuse an address that is in use: workers share it (SO_REUSEPORT), so a second exchange would take half of the requests."""
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen, port))
            probe.listen(1)
        except OSError as error:
            raise NotConfiguredError(f"--listen, --port: {error.strerror}") from None
