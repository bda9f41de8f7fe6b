# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one upload, and how it becomes again what is looked up.

Of each picture four hashes stand for eight: the others are their transposes, bit for bit. Must never hold a byte of an upload.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import assert_never

import msgspec
import numpy as np

from stillmine.matching.turned import turned
from stillmine.partner.fingerprinting.worker_messages import Digest, Picture, Sound
from stillmine.partner.screening.made import Film, LookedUpForm, Made
from stillmine.wire.kinds import PDQ_BYTES, Kind
from stillmine.wire.screen import Undone
from stillmine.wire.vpdq import VideoFrame

ALL_TURNS = 8
KEPT_TURNS = (0, 2, 4, 5)
"""As it is, upside down, mirrored across and down: the other four are transposes of these."""

_TRANSPOSE = 6
_FROM_KEPT = ((0, False), (2, True), (1, False), (3, True), (2, False), (3, False), (0, True), (1, True))
"""For each of the eight: which of the four, and whether transposed."""


class KeptPicture(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    """A picture but for its hashes, of which there are so many."""

    hashes: int
    quality: int
    undone: list[Undone]
    seconds: tuple[float, float] | None


class KeptFilm(msgspec.Struct, frozen=True, array_like=True, tag="f"):
    """A film but for its hashes, of which there are so many of each frame."""

    hashes: int
    frames_per_second: int
    qualities: bytes
    seconds: list[float]


class KeptSound(msgspec.Struct, frozen=True, array_like=True, tag="s"):
    """Values of 32 bits."""

    values: bytes


class KeptDigest(msgspec.Struct, frozen=True, array_like=True, tag="d"):
    """A digest; empty: that by which the upload is known."""

    kind: Kind
    value: bytes


class Remembered(msgspec.Struct, frozen=True, array_like=True):
    """One upload: when it came, which it was, and its fingerprints but for the hashes of pictures, which stand apart."""

    second: int
    upload: bytes
    content_id: str
    forms: list[KeptPicture | KeptFilm | KeptSound | KeptDigest]

    @property
    def digests(self) -> Iterator[bytes]:
        """The digests of its file."""
        return (form.value or self.upload for form in self.forms if isinstance(form, KeptDigest))

    @property
    def sounds(self) -> list[list[int]]:
        """The values of each of its sounds."""
        return [_numbers(form.values) for form in self.forms if isinstance(form, KeptSound)]

    def made(self, hashes: bytes, *, is_turned_by_exchange: bool = False) -> Made:
        """Return what is looked up of it, as it was when it came; `hashes` are those of its pictures and frames.

        `is_turned_by_exchange`: each hash as the picture is, and the exchange makes the others of it.
        """
        rows = _Rows(hashes, 1 if is_turned_by_exchange else ALL_TURNS)
        forms = [_form(form, self.upload, rows) for form in self.forms]
        return Made(self.upload, [], forms, is_turned_by_exchange=is_turned_by_exchange)


def remembered(made: Made, content_id: str, second: int) -> tuple[Remembered, bytes]:
    """Return what is remembered of an upload, and the hashes of its pictures and frames; raises ValueError for values of none of ours."""
    hashes: list[bytes] = []
    forms = [_kept(form, made.upload, hashes) for form in made.fingerprints]
    if any(len(value) != PDQ_BYTES for value in hashes):
        raise ValueError("no hash")  # only a worker that a stranger took over makes one
    return Remembered(second, made.upload, content_id, forms), b"".join(hashes)


def _kept(form: LookedUpForm, upload: bytes, hashes: list[bytes]) -> KeptPicture | KeptFilm | KeptSound | KeptDigest:
    match form:
        case Picture():
            own = _kept_turns(form.hashes)
            hashes += own
            return KeptPicture(len(own), form.quality, form.undone, form.seconds)
        case Film():
            rows = [_kept_turns([frame.pdq for frame in row]) for row in zip(*form.turned, strict=True)]
            for row in rows:
                hashes += row
            first = form.turned[0] if form.turned else []
            qualities = bytes(frame.quality for frame in first)
            return KeptFilm(len(rows[0]) if rows else 1, form.frames_per_second, qualities, [frame.seconds for frame in first])
        case Sound():
            return KeptSound(struct.pack(f"<{len(form.values)}I", *form.values))
        case Digest():
            return KeptDigest(form.kind, b"" if form.value == upload else form.value)
    assert_never(form)


def _kept_turns(hashes: Sequence[bytes]) -> list[bytes]:
    return [hashes[turn] for turn in KEPT_TURNS] if len(hashes) == ALL_TURNS else list(hashes[:1])


class _Rows:
    """Takes hashes one after the other, and gives all eight where four are kept, or fewer where fewer are wanted."""

    def __init__(self, hashes: bytes, wanted: int) -> None:
        self._hashes = hashes
        self._wanted = wanted
        self._transposed = transposed(hashes)
        self._place = 0

    def next(self, count: int) -> list[bytes]:
        places = range(self._place, self._place + count * PDQ_BYTES, PDQ_BYTES)
        self._place += count * PDQ_BYTES
        if count != len(KEPT_TURNS):
            return [self._hashes[place : place + PDQ_BYTES] for place in places]
        both = (self._hashes, self._transposed)
        return [both[is_transposed][places[own] : places[own] + PDQ_BYTES] for own, is_transposed in _FROM_KEPT[: self._wanted]]


def transposed(hashes: bytes) -> bytes:
    """Return the hashes of the same pictures with rows and columns exchanged; 32 bytes each."""
    rows = np.frombuffer(turned(hashes), np.uint8).reshape(-1, ALL_TURNS, PDQ_BYTES)
    return rows[:, _TRANSPOSE].tobytes()


def _form(form: KeptPicture | KeptFilm | KeptSound | KeptDigest, upload: bytes, rows: _Rows) -> LookedUpForm:
    match form:
        case KeptPicture():
            return Picture(rows.next(form.hashes), form.quality, form.undone, form.seconds)
        case KeptFilm():
            frames = [
                [VideoFrame(pdq, quality, seconds) for pdq in rows.next(form.hashes)]
                for quality, seconds in zip(form.qualities, form.seconds, strict=True)
            ]
            turns = [list(turn) for turn in zip(*frames, strict=True)]
            return Film(turns, form.frames_per_second)
        case KeptSound():
            return Sound(_numbers(form.values))
        case KeptDigest():
            return Digest(form.kind, form.value or upload)
    assert_never(form)


def _numbers(values: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(values) // 4}I", values))
