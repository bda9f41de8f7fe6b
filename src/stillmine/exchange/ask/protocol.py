# SPDX-License-Identifier: Apache-2.0
"""What web workers and the index service say to each other over their socket: frames of a length (4 bytes, little-endian) and a body.

A request is one byte and, to ask, the binary form of an Ask or a RegionsAsk as JSON; an answer is one byte and what it announces. Both ends
are the same user on one machine, and each still bounds what it reads and believes no length.
"""

import os
import socket
import struct
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillmine.matching.results import Candidate
from stillmine.wire.ask import MAXIMUM_ASK_BYTES, MAXIMUM_QUERIES
from stillmine.wire.errors import NotConfiguredError

SOCKET_FILE = "index.sock"
ID_BYTES = 16

MAXIMUM_PATH_BYTES = 100
"""Of a socket; systems allow 104 or 108."""

MAXIMUM_CANDIDATES = 4096
"""Of one query, the nearest. Whoever opens cases of their own copies must not hide another's behind them: 13 whole cases fit."""

MAXIMUM_CANDIDATES_IN_ALL = 262_144
"""Of one request; where there are more, each query has as many as all may have."""

MAXIMUM_REGIONS_CANDIDATES = 256
"""Of one ask about regions, those with most in common; cases with many pictures alike must not hide another's."""

QUERIES_NEVER_CUT = MAXIMUM_CANDIDATES_IN_ALL // MAXIMUM_CANDIDATES
"""So many queries of one request have the maximum each."""

MAXIMUM_REQUEST_BYTES = MAXIMUM_ASK_BYTES + 64 * 1024
MAXIMUM_REPLY_BYTES = 1 + 4 * MAXIMUM_QUERIES + MAXIMUM_CANDIDATES_IN_ALL * (ID_BYTES + 1)

NO_DISTANCE = 255
"""In place of a distance in bits, where none is measured."""

_LENGTH = struct.Struct("<I")
_COUNT = struct.Struct("<I")
_IS_CUT = 1 << 31
_IS_CUT_HERE = 1 << 15
_STATUS = struct.Struct("<BQd")
_NAMED = struct.Struct("<BHI")


class Request(IntEnum):
    """What is wanted."""

    ASK = 1
    STATUS = 2
    REGIONS = 3


class Reply(IntEnum):
    """What comes back."""

    CANDIDATES = 1
    STATUS = 2
    LOADING = 3
    MALFORMED = 4
    REGIONS = 5


class ProtocolError(Exception):
    """The other end said what it must not, or stopped in the middle."""


class Candidates(NamedTuple):
    """What matches one query, best first, and how far each is, in bits or NO_DISTANCE; others stand behind a list that `is_cut`."""

    ids: list[str]
    distances: bytes
    is_cut: bool


_NONE = Candidates([], b"", is_cut=False)
_NOTHING = bytes(_COUNT.size)
"""What stands for it."""


class NamedPictures(NamedTuple):
    """Pictures that have regions near those of an upload, those with most first; others stand behind a list that `is_cut`.

    `is_common`: for each region of the upload, as it is and mirrored, whether unrelated pictures share it too.
    """

    ids: list[str]
    is_common: NDArray[np.bool_]
    is_cut: bool


class ServiceStatus(NamedTuple):
    """How far the service has come; `behind_seconds` None while it loads."""

    sequence: int
    behind_seconds: float | None


def require_socket_path(home: Path) -> None:
    """Raise NotConfiguredError where the home's name leaves no room for the socket's."""
    if len(os.fsencode(home / SOCKET_FILE)) > MAXIMUM_PATH_BYTES:
        longest = MAXIMUM_PATH_BYTES - len(SOCKET_FILE) - 1
        raise NotConfiguredError(f"--home: a folder whose whole name has at most {longest} bytes, because a socket is made in it")


def send_frame(connection: socket.socket, body: bytes) -> None:
    """Send one frame; raises OSError."""
    connection.sendall(_LENGTH.pack(len(body)) + body)


def receive_frame(connection: socket.socket, maximum_bytes: int) -> bytes | None:
    """Return the next frame, None where the other end is done; raises ProtocolError or OSError."""
    head = _receive(connection, _LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head) if len(head) == _LENGTH.size else (0,)
    if not 1 <= length <= maximum_bytes:
        raise ProtocolError
    body = _receive(connection, length)
    if len(body) < length:
        raise ProtocolError
    return body


def encode_candidates(candidates: Sequence[Sequence[Candidate]]) -> bytes:
    """Return an answer to an ask: for each query how many follow (the highest bit: others were left out), their ids, their distances."""
    most = _most_of_each([len(found) for found in candidates])
    return bytes([Reply.CANDIDATES]) + b"".join(
        _encode_list(found[:most], len(found) > most) if found else _NOTHING for found in candidates
    )


def _encode_list(found: Sequence[Candidate], is_cut: bool) -> bytes:
    distances = bytes(NO_DISTANCE if one.distance_bits is None else one.distance_bits for one in found)
    return _COUNT.pack(len(found) | (_IS_CUT if is_cut else 0)) + b"".join(one.id for one in found) + distances


def decode_candidates(body: bytes, queries: int) -> list[Candidates]:
    """Read an answer to so many queries; raises ProtocolError."""
    if body[0] != Reply.CANDIDATES:
        raise ProtocolError
    if len(body) == 1 + queries * _COUNT.size and not any(body[1:]):  # nothing is named, as mostly
        return [_NONE] * queries
    found: list[Candidates] = []
    place = 1
    while place < len(body) and len(found) < queries:
        if place + _COUNT.size > len(body):
            raise ProtocolError
        (number,) = _COUNT.unpack_from(body, place)
        place += _COUNT.size
        if not number:
            found.append(_NONE)
            continue
        count = number & ~_IS_CUT
        end = place + count * ID_BYTES
        if count > MAXIMUM_CANDIDATES or end + count > len(body):
            raise ProtocolError
        ids, step = body[place:end].hex(), 2 * ID_BYTES
        own = [ids[start : start + step] for start in range(0, len(ids), step)]
        found.append(Candidates(own, body[end : end + count], bool(number & _IS_CUT)))
        place = end + count
    if place != len(body) or len(found) != queries:
        raise ProtocolError
    return found


def encode_pictures(ids: Sequence[bytes], is_common: NDArray[np.bool_], *, is_cut: bool) -> bytes:
    """Return an answer to an ask about regions: how many ids follow, how many bits, the ids, the bits."""
    head = _NAMED.pack(Reply.REGIONS, len(ids) | (_IS_CUT_HERE if is_cut else 0), len(is_common))
    return head + b"".join(ids) + np.packbits(is_common).tobytes()


def decode_pictures(body: bytes, regions: int) -> NamedPictures:
    """Read an answer to an ask about so many regions; raises ProtocolError."""
    if len(body) < _NAMED.size or body[0] != Reply.REGIONS:
        raise ProtocolError
    _, number, bits = _NAMED.unpack_from(body)
    count = number & ~_IS_CUT_HERE
    end = _NAMED.size + count * ID_BYTES
    if count > MAXIMUM_REGIONS_CANDIDATES or bits != regions or len(body) != end + -(-bits // 8):
        raise ProtocolError
    ids, step = body[_NAMED.size : end].hex(), 2 * ID_BYTES
    is_common = np.unpackbits(np.frombuffer(body, np.uint8, offset=end), count=bits).astype(np.bool_)
    return NamedPictures([ids[start : start + step] for start in range(0, len(ids), step)], is_common, bool(number & _IS_CUT_HERE))


def _most_of_each(counts: list[int]) -> int:
    """Return how many each query may have so that all fit."""
    left = MAXIMUM_CANDIDATES_IN_ALL
    for place, count in enumerate(sorted(counts)):
        share = left // (len(counts) - place)
        if count > share:
            return min(share, MAXIMUM_CANDIDATES)
        left -= count
    return MAXIMUM_CANDIDATES


def encode_status(status: ServiceStatus) -> bytes:
    """Return a status as an answer."""
    behind = -1.0 if status.behind_seconds is None else status.behind_seconds
    return _STATUS.pack(Reply.STATUS, status.sequence, behind)


def decode_status(body: bytes) -> ServiceStatus:
    """Read a status; raises ProtocolError."""
    if len(body) != _STATUS.size or body[0] != Reply.STATUS:
        raise ProtocolError
    _, sequence, behind = _STATUS.unpack(body)
    return ServiceStatus(sequence, None if behind < 0 else behind)


def _receive(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            break
        parts += part
    return bytes(parts)
