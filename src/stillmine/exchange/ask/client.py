# SPDX-License-Identifier: Apache-2.0
"""How a web worker reaches the index service: one connection for each thread, made when it is needed and again when it broke.

Whatever goes wrong is `index_loading`: the service is being started, and the same ask works in a moment.
"""

import socket
import threading
from collections.abc import Sequence
from pathlib import Path

from stillmine.exchange.ask.protocol import (
    MAXIMUM_REPLY_BYTES,
    SOCKET_FILE,
    Candidates,
    NamedPictures,
    ProtocolError,
    Reply,
    Request,
    ServiceStatus,
    decode_candidates,
    decode_pictures,
    decode_status,
    receive_frame,
    send_frame,
)
from stillmine.wire import codec
from stillmine.wire.ask import AskQuery, encode_ask
from stillmine.wire.ask_errors import IndexLoadingError
from stillmine.wire.ask_regions import ASKED_REGION_BYTES, RegionsAsk

ANSWER_SECONDS = 60.0

_kept = threading.local()


def candidates(home: Path, queries: Sequence[AskQuery]) -> list[Candidates]:
    """Return for each query the ids of fingerprints that match, nearest first; raises IndexLoadingError."""
    body = _exchange(home, bytes([Request.ASK]) + encode_ask(queries))
    if body[0] == Reply.LOADING:
        raise IndexLoadingError
    try:
        return decode_candidates(body, len(queries))
    except ProtocolError:
        raise IndexLoadingError from None


def pictures_with(home: Path, message: RegionsAsk) -> NamedPictures:
    """Return pictures that have regions near those of an upload; raises IndexLoadingError. Only its views are looked at."""
    body = _exchange(home, bytes([Request.REGIONS]) + codec.encode(RegionsAsk(1, message.width, message.height, message.views)))
    if body[0] == Reply.LOADING:
        raise IndexLoadingError
    try:
        return decode_pictures(body, 2 * sum(len(view.data) for view in message.views) // ASKED_REGION_BYTES)
    except ProtocolError:
        raise IndexLoadingError from None


def service_status(home: Path) -> ServiceStatus | None:
    """Return how far the service has come, None if there is none."""
    try:
        return decode_status(_exchange(home, bytes([Request.STATUS])))
    except (IndexLoadingError, ProtocolError):
        return None


def forget_connection() -> None:
    """Close this thread's connection, where it has one."""
    connection: socket.socket | None = getattr(_kept, "connection", None)
    _kept.connection = None
    if connection is not None:
        connection.close()


def _exchange(home: Path, body: bytes) -> bytes:
    """Send and receive one frame. A kept connection may have ended with an earlier service, so a broken one is tried again, once."""
    is_kept = getattr(_kept, "connection", None) is not None
    try:
        return _exchange_once(home, body)
    except (OSError, ProtocolError) as error:
        forget_connection()
        if not is_kept or isinstance(error, TimeoutError):
            raise IndexLoadingError from None
    try:
        return _exchange_once(home, body)
    except (OSError, ProtocolError):
        forget_connection()
        raise IndexLoadingError from None


def _exchange_once(home: Path, body: bytes) -> bytes:
    connection: socket.socket | None = getattr(_kept, "connection", None)
    if connection is None or _kept.home != home:
        forget_connection()
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(ANSWER_SECONDS)
        _kept.connection, _kept.home = connection, home
        connection.connect(str(home / SOCKET_FILE))
    send_frame(connection, body)
    reply = receive_frame(connection, MAXIMUM_REPLY_BYTES)
    if reply is None:
        raise ProtocolError
    return reply
