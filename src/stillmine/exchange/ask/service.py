# SPDX-License-Identifier: Apache-2.0
"""The index service: one process that holds every active fingerprint and answers web workers over a socket only this user can open.

It follows the database and never writes to it. It keeps nothing of a query and logs none. What it names is only a candidate: the web
worker asks the database whether it is active. When it can't be believed any more it ends, and `serve` starts another.
"""

import fcntl
import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from django.db import connection as database

from stillmine.exchange.ask.following import Follower, SequenceWentBackError
from stillmine.exchange.ask.protocol import (
    MAXIMUM_CANDIDATES,
    MAXIMUM_REGIONS_CANDIDATES,
    MAXIMUM_REQUEST_BYTES,
    SOCKET_FILE,
    ProtocolError,
    Reply,
    Request,
    ServiceStatus,
    encode_candidates,
    encode_pictures,
    encode_status,
    receive_frame,
    send_frame,
)
from stillmine.exchange.settings.ask import LOCK_FILE
from stillmine.matching.region_index import MOST_SINGLE
from stillmine.matching.region_values import View, query_regions
from stillmine.matching.results import Candidate
from stillmine.matching.turned import TURNS
from stillmine.wire import codec
from stillmine.wire.ask import Ask, AskQuery, decode_ask
from stillmine.wire.ask_regions import MAXIMUM_REGIONS_ASK_BYTES, RegionsAsk
from stillmine.wire.errors import StillmineError
from stillmine.wire.kinds import KIND_RULES, Kind, value_bytes

FOLLOW_SECONDS = 0.25
MAXIMUM_BEHIND_SECONDS = 30.0
MAXIMUM_CONNECTIONS = 1024
SEARCH_THREADS = os.cpu_count() or 1
ONE_BY_ONE = 4
"""Up to so many pictures are searched without starting threads; eight times as many that are not turned."""

_log = logging.getLogger(__name__)


class IndexService:
    """One follower behind one socket. `start` returns at once; `follow_until` is the process's own thread."""

    def __init__(self, home: Path, follower: Follower) -> None:
        self._follower = follower
        self._path = home / SOCKET_FILE
        self._connections = threading.Semaphore(MAXIMUM_CONNECTIONS)
        self._one_film = threading.Lock()
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """Listen and answer, from now on, in threads of their own; raises OSError."""
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self._path))
        self._path.chmod(0o600)
        listener.listen(128)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), name="accept", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.close()
            self._path.unlink(missing_ok=True)

    def follow_until(self, stopped: threading.Event) -> None:
        """Follow the database until `stopped`; raises SequenceWentBackError."""
        is_well = True
        while True:
            try:
                was_loaded = self._follower.is_loaded
                self._follower.follow()
                if not was_loaded or not is_well:
                    _log.info("index loaded: %d fingerprints", len(self._follower.index))
                is_well = True
            except SequenceWentBackError:
                raise
            except Exception as error:
                if is_well:
                    _log.error("the index can't follow the database (%s)", type(error).__name__)
                is_well = False
                database.close()
            if stopped.wait(FOLLOW_SECONDS):
                return

    def answer(self, body: bytes) -> bytes:
        """Return the answer to one request; never raises for what was sent."""
        if body == bytes([Request.STATUS]):
            return encode_status(ServiceStatus(self._follower.sequence, self._follower.behind_seconds()))
        answer = _ANSWERS.get(body[0])
        if answer is None:
            return bytes([Reply.MALFORMED])
        behind = self._follower.behind_seconds()
        try:
            return bytes([Reply.LOADING]) if behind is None or behind > MAXIMUM_BEHIND_SECONDS else answer(self, body[1:])
        except StillmineError:
            return bytes([Reply.MALFORMED])

    def of_values(self, body: bytes) -> bytes:
        """Return what matches each value of an ask; raises StillmineError for what is none."""
        return encode_candidates(self._candidates(decode_ask(body)))

    def of_regions(self, body: bytes) -> bytes:
        """Return the pictures that share regions with those of an ask; raises StillmineError for what is none."""
        message = codec.decode(body, RegionsAsk, MAXIMUM_REGIONS_ASK_BYTES)
        asked = query_regions(message.width, message.height, [View(view.width, view.height, view.data) for view in message.views])
        found = self._follower.index.regions.search(asked.hashes, maximum=MAXIMUM_REGIONS_CANDIDATES - MOST_SINGLE, threads=SEARCH_THREADS)
        return encode_pictures([picture.id for picture in found.pictures], found.is_common, is_cut=found.is_cut)

    def _candidates(self, ask: Ask) -> list[list[Candidate]]:
        """Return what matches each query; one more than may be answered says that there are others."""
        found: dict[int, list[Candidate]] = {}
        for is_turned in (True, False):
            pictures = [place for place, query in enumerate(ask.queries) if query.kind is Kind.PDQ and query.as_it_is is not is_turned]
            if len(pictures) * (TURNS if is_turned else 1) > ONE_BY_ONE * TURNS:
                values = [_value(ask.queries[place]) for place in pictures]
                many = self._follower.index.pictures.ask_many(values, MAXIMUM_CANDIDATES + 1, SEARCH_THREADS, is_turned)
                found |= zip(pictures, many, strict=True)
        return [found[place] if place in found else self._one(query) for place, query in enumerate(ask.queries)]

    def _one(self, query: AskQuery) -> list[Candidate]:
        """Films and sounds take turns: they take long, and pictures must not wait for them."""
        with self._one_film if KIND_RULES[query.kind].has_duration else nullcontext():
            return self._follower.index.ask(query.kind, _value(query), MAXIMUM_CANDIDATES + 1, not query.as_it_is)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed
                return
            if not self._connections.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._converse, args=(connection,), name="asks", daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        try:
            with connection:
                while (body := receive_frame(connection, MAXIMUM_REQUEST_BYTES)) is not None:
                    send_frame(connection, self.answer(body))
        except (OSError, ProtocolError):
            pass  # the other end is gone or talks nonsense: it is hung up on
        except Exception as error:
            _log.error("an ask failed (%s)", type(error).__name__)
        finally:
            self._connections.release()


_ANSWERS: dict[int, Callable[[IndexService, bytes], bytes]] = {
    Request.ASK: IndexService.of_values,
    Request.REGIONS: IndexService.of_regions,
}


def run_service(home: Path, follower: Follower) -> None:
    """Be the index service of this home until SIGTERM or until the parent is gone; waits while another is."""
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; `serve` decides
    threading.Thread(target=_stop_with_parent, args=(stopped,), name="parent watch", daemon=True).start()
    with (home / LOCK_FILE).open("wb") as lock:
        while not _locked(lock.fileno()):
            if stopped.wait(FOLLOW_SECONDS):
                return
        service = IndexService(home, follower)
        service.start()
        try:
            service.follow_until(stopped)
        except SequenceWentBackError:
            _log.error("the database is older than the index: the index is reloaded")
        finally:
            service.close()


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop_with_parent(stopped: threading.Event) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        stopped.set()


def _value(query: AskQuery) -> bytes:
    return value_bytes(query.kind, query.value)
