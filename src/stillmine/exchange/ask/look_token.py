# SPDX-License-Identifier: Apache-2.0
"""What is known between two rounds of an ask about regions, sealed: the partner carries it, so the exchange keeps a count.

A token is of one size, opens for its partner alone, and for a minute. It names fingerprints and maps, no hash and no value. It can be used
again within that minute, as often as the partner's quota allows; it gives no more than asking again would, and counts as one ask.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stillmine.exchange.ground.secret import derive
from stillmine.exchange.keys.seal import NONCE_BYTES
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.matching.region_frames import Map
from stillmine.matching.region_look import Look
from stillmine.wire.ask_errors import LookExpiredError
from stillmine.wire.ask_regions import LOOK_BYTES, LOOK_SECONDS
from stillmine.wire.base64url import base64url_bytes, base64url_text

_LABEL = "stillmine/regions-look-key/v1"
_SEAL_BYTES = NONCE_BYTES + 16
_HEAD = struct.Struct("<QQHHBBB16s")
_CANDIDATE = struct.Struct("<16s8fBBBBHH")
_ID_BYTES = 16
_PARTS = 65_535
_ROUNDING = 1e-6
"""Of a part: what arithmetic may add to a share that is a whole number of parts."""
_NO_ROW = 255
_SET_BACK_SECONDS = 5
"""A clock is set right by so much and no more: one that was hours ahead must not leave tokens that open for hours."""

_IS_LOWERED, _IS_LOOKED_AT, _IS_TOLD = 1, 2, 4


@dataclass(frozen=True)
class Candidate:
    """A stored picture, and where in the upload it may lie; `row` is that of the `pdq` match that it is held against."""

    fingerprint_id: str
    map: Map
    is_lowered: bool = False
    """Everything that it shares with the upload is on the stop list."""
    row: int | None = None
    seen: Look | None = None
    is_told: bool = False


@dataclass(frozen=True)
class Asked:
    """An ask that goes on: its upload's sides, the fingerprints that matched before, candidates in the order of the looks."""

    width: int
    height: int
    upload_token: str | None
    matched: Sequence[str]
    """Of each row the fingerprint, NO_ID for one that names nothing of this partner's."""
    candidates: Sequence[Candidate]
    number: int = 0
    """Under which it is counted what the places come to; 0 where none were told yet."""


def carried(seen: Look) -> Look:
    """Return a look as a token carries it, so that it says the same in every later round.

    Shares are rounded up: one that reaches a limit exactly, as 8 of 25 do, must not fall below it on the way.
    """
    return replace(seen, share=_rounded_up(seen.share), spread=_rounded_up(seen.spread))


def seal_look(exchange: Context, partner: Partner, asked: Asked) -> str:
    """Return the token that carries an ask on."""
    until = math.ceil(exchange.clock().timestamp()) + LOOK_SECONDS
    token = bytes.fromhex(asked.upload_token or "0" * 32)
    counts = (len(asked.matched), len(asked.candidates), int(asked.upload_token is not None))
    parts = [_HEAD.pack(until, asked.number, asked.width, asked.height, *counts, token)]
    parts += [bytes.fromhex(fingerprint_id) for fingerprint_id in asked.matched]
    parts += [_packed(candidate) for candidate in asked.candidates]
    nonce = exchange.random_bytes(NONCE_BYTES)
    plain = b"".join(parts).ljust(LOOK_BYTES - _SEAL_BYTES, b"\0")
    return base64url_text(nonce + _cipher(exchange, partner).encrypt(nonce, plain, None))


def open_look(exchange: Context, partner: Partner, look: str) -> Asked:
    """Return what a token carries; raises LookExpiredError for one that is too old, another partner's, or none."""
    sealed = base64url_bytes(look) or b""
    try:
        plain = _cipher(exchange, partner).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        raise LookExpiredError from None
    until, number, width, height, rows, candidates, has_token, token = _HEAD.unpack_from(plain)
    if not until - LOOK_SECONDS - _SET_BACK_SECONDS <= exchange.clock().timestamp() <= until:
        raise LookExpiredError
    end = _HEAD.size + rows * _ID_BYTES
    matched = [plain[start : start + _ID_BYTES].hex() for start in range(_HEAD.size, end, _ID_BYTES)]
    last = end + candidates * _CANDIDATE.size
    unpacked = [_unpacked(plain[start : start + _CANDIDATE.size]) for start in range(end, last, _CANDIDATE.size)]
    return Asked(width, height, token.hex() if has_token else None, matched, unpacked, number)


def _rounded_up(share: float) -> float:
    return math.ceil(share * _PARTS - _ROUNDING) / _PARTS


def _cipher(exchange: Context, partner: Partner) -> AESGCM:
    return AESGCM(bytes(derive(exchange.secret, _LABEL, bytes.fromhex(partner.random_id))))


def _packed(one: Candidate) -> bytes:
    """A map is told by eight numbers: the ninth is 1."""
    row = _NO_ROW if one.row is None else one.row
    is_looked_at = one.seen is not None
    flags = one.is_lowered * _IS_LOWERED | is_looked_at * _IS_LOOKED_AT | one.is_told * _IS_TOLD
    seen = one.seen or Look(0, 0, 0.0, 0.0)
    numbers = (one.map / one.map[2, 2]).ravel()[:8].tolist()
    shares = round(seen.share * _PARTS), round(seen.spread * _PARTS)
    return _CANDIDATE.pack(bytes.fromhex(one.fingerprint_id), *numbers, row, flags, seen.visible, seen.agreeing, *shares)


def _unpacked(data: bytes) -> Candidate:
    fingerprint_id, *numbers, row, flags, visible, agreeing, share, spread = _CANDIDATE.unpack(data)
    seen = Look(visible, agreeing, share / _PARTS, spread / _PARTS) if flags & _IS_LOOKED_AT else None
    map_ = np.array([*numbers, 1.0]).reshape(3, 3)
    return Candidate(
        fingerprint_id.hex(), map_, bool(flags & _IS_LOWERED), None if row == _NO_ROW else row, seen, is_told=bool(flags & _IS_TOLD)
    )
