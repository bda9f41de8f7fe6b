# SPDX-License-Identifier: Apache-2.0
"""Run the exchange: worker processes that answer, and threads here that keep up and publish the ledger.

Workers are started fresh and build everything from the configuration, so that none inherits an open database or a
lock. There is no access log: it would tell when somebody opened a case.
"""

import logging
import socket
import threading
from contextlib import ExitStack
from functools import partial

from stillmine.exchange.ask.protocol import require_socket_path
from stillmine.exchange.database.migrate import migrate
from stillmine.exchange.ground.reserve import REMADE_FROM_BYTES, keep_reserve
from stillmine.exchange.running.counted import Counted
from stillmine.exchange.running.index_keeper import keep_index
from stillmine.exchange.running.metrics_server import LOOPBACK, keep_metrics
from stillmine.exchange.settings.config import ExchangeConfig, serving_settings
from stillmine.exchange.settings.file import keep_settings
from stillmine.exchange.transaction.context import Clock, Context
from stillmine.exchange.web.app import configure, system_clock
from stillmine.exchange.web.doors import Served, serve_worker
from stillmine.serving.listening import bound, require_files
from stillmine.serving.workers import run_workers

_log = logging.getLogger(__name__)


def serve(config: ExchangeConfig, clock: Clock = system_clock) -> None:
    """Bring the database up to date, then answer until SIGTERM or SIGINT. Raises NotConfiguredError.

    `clock` goes to worker processes and must be picklable.
    """
    require_files(config.doors.connections)
    with ExitStack() as opened:
        listener = opened.enter_context(bound(config.listen, config.port))
        metrics = opened.enter_context(bound(LOOPBACK, config.metrics_port, "--metrics-port")) if config.metrics_port else None
        require_socket_path(config.home)
        exchange = configure(config, clock)
        from stillmine.exchange.alerts.keeping import keep_alerts  # noqa: PLC0415 (needs the configured apps)
        from stillmine.exchange.log.publishing import keep_published  # noqa: PLC0415 (needs the configured apps)
        from stillmine.exchange.protection.data_keys import require_keys  # noqa: PLC0415 (needs the configured apps)
        from stillmine.exchange.running.upkeep import keep_up, step_names  # noqa: PLC0415 (needs the configured apps)

        migrate(exchange)
        require_keys(exchange)
        if not keep_reserve(config.home):
            _log.error("the disk has no room for the reserve: nothing new is taken until %d MiB are free", REMADE_FROM_BYTES // 2**20)
        keep_settings(config.home, config.database_url, serving_settings(config), exchange.random_bytes)
        stopped, counted = threading.Event(), Counted(step_names())
        beside = [
            threading.Thread(target=keep_up, args=(exchange, stopped, counted.step_failed), name="upkeep"),
            threading.Thread(target=keep_published, args=(exchange, stopped), name="ledger"),
            threading.Thread(target=keep_index, args=(config, stopped, counted.index_lost), name="index keeper"),
            *([threading.Thread(target=keep_alerts, args=(exchange, stopped), name="alerts")] if config.alerts.is_on else []),
            *([] if metrics is None else [_metrics_thread(exchange, counted, metrics, stopped)]),
        ]
        for thread in beside:
            thread.start()
        _log.info("serving on %s, port %d; portal: %s", config.listen, config.port, "yes" if config.portal else "none")
        try:
            run_workers(serve_worker, Served(config, clock), listener, config.workers, config.doors.stop_seconds, lost=counted.worker_lost)
        finally:
            stopped.set()
            for thread in beside:
                thread.join()
    _log.info("stopped")


def _metrics_thread(exchange: Context, counted: Counted, listener: socket.socket, stopped: threading.Event) -> threading.Thread:
    from stillmine.exchange.running.metrics import metrics_text  # noqa: PLC0415 (needs the configured apps)

    return threading.Thread(target=keep_metrics, args=(listener, partial(metrics_text, exchange, counted), stopped), name="metrics")
