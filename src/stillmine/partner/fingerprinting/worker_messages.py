# SPDX-License-Identifier: Apache-2.0
"""What a service and its worker processes say to each other: a length, then one message; the upload goes along as a descriptor.

A worker has read a stranger's file, so what comes from it is decoded as exactly one kind of message and bounded. Never pickle: that
would let a taken-over worker take over the service.
"""

import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Annotated, TypeVar

import msgspec

from stillmine.wire.ask_regions import (
    ASKED_REGION_BYTES,
    BOX_UNITS,
    FRAME_BYTES,
    FRAMES_A_ROUND,
    MAXIMUM_VIEW_REGIONS,
    MAXIMUM_VIEWS,
    Box,
)
from stillmine.wire.kinds import KIND_RULES, PDQ_BYTES, Kind
from stillmine.wire.regions import is_of_small_view
from stillmine.wire.screen import RegionsChoice, Undone

MAXIMUM_RESULT_BYTES = 32 * 1024 * 1024
"""Two hours of each film, in all turns, as many stills as are kept and as much sound as is listened to stay below."""

UPLOAD_FRAMES_PER_SECOND = 2
"""A trimmed copy shows its frames at other instants than a case's, which are a second apart; two a second meet them halfway."""

_LENGTH = struct.Struct(">I")


class Media(StrEnum):
    """What an upload is, by its content."""

    IMAGE = "image"
    ANIMATION = "animation"
    MOTION_PHOTO = "motion_photo"
    VIDEO = "video"
    SOUND = "sound"
    UNKNOWN = "unknown"


LONG_MEDIA = frozenset({Media.ANIMATION, Media.MOTION_PHOTO, Media.VIDEO, Media.SOUND})
"""What may take long and goes to workers of its own, so that pictures never wait for it."""


MAXIMUM_REGION_PICTURES = 4
"""Of one file whose regions are made, those shown first."""


class PlacesWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Where the exchange wants a picture of the file hashed: its number, and frames of 12 bytes, zeros where there is none."""

    number: int
    frames: bytes

    def __post_init__(self) -> None:
        if len(self.frames) % FRAME_BYTES or len(self.frames) > FRAMES_A_ROUND * FRAME_BYTES:
            raise ValueError("frames of 12 bytes, as many as an answer has")


class Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fingerprint the file that comes along. `takes_long` false: only say what it is if it is long media.

    `places`: nothing of it is fingerprinted, only these places are hashed.
    """

    takes_long: bool
    seconds: float
    """Wall-clock time until the service gives up."""
    cpu_seconds: int
    regions: RegionsChoice = RegionsChoice.OFF
    places: PlacesWanted | None = None


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first message of a worker: it is shut in. `missing` names walls that could not be built: sandbox.py."""

    missing: list[str]


class TurnedFrame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """One frame of a video: its hashes in the order of the eight turns."""

    hashes: list[bytes]
    quality: int
    seconds: float


class Digest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag="digest"):
    """A digest of the whole file, in the compact form of its kind."""

    kind: Kind
    value: bytes

    def __post_init__(self) -> None:
        if not KIND_RULES[self.kind].is_whole_file:
            raise ValueError("a digest is of the whole file")


class Picture(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag="picture"):
    """The eight hashes of an upload, or of a picture found inside of it after `undone`.

    `seconds`, of a still that a moving upload shows: from when to when it is on screen. `number`: which picture of the file it is of, where
    its regions are made too; `box`: what part of that, in 1/4096 of width and height.
    """

    hashes: list[bytes]
    quality: int
    undone: list[Undone]
    seconds: tuple[float, float] | None = None
    number: int | None = None
    box: Box = (0, 0, BOX_UNITS, BOX_UNITS)


class FilmFrames(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag="film"):
    """One track of moving pictures, or a film behind a still picture."""

    frames: list[TurnedFrame]


class Sound(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag="sound"):
    """One track of sound: values in the order of time."""

    values: list[int]


class View(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True):
    """Regions of a picture in one size and one stretch: sides at 65,536 pixels; 69 bytes for each region, as they are asked about."""

    width: int
    height: int
    regions: bytes

    def __post_init__(self) -> None:
        if not is_of_small_view(self.width, self.height):
            raise ValueError("sides of a small view")
        if len(self.regions) % ASKED_REGION_BYTES or len(self.regions) > MAXIMUM_VIEW_REGIONS * ASKED_REGION_BYTES:
            raise ValueError("at most 200 regions of 69 bytes")


class PictureRegions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag="regions"):
    """The regions of one picture of the file: the views as it is first, small and large, then stretched ones; sides at 65,536 pixels.

    `is_cut`: there was no time for all of them.
    """

    number: int
    width: int
    height: int
    views: list[View]
    is_cut: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.number < MAXIMUM_REGION_PICTURES or len(self.views) > MAXIMUM_VIEWS:
            raise ValueError("at most 14 views of each of 4 pictures")
        if not is_of_small_view(self.width, self.height):
            raise ValueError("sides of a small view")


class PlaceHashes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, array_like=True, tag="places"):
    """The hashes at the places that were wanted: 32 bytes for each, zeros where there is none."""

    hashes: bytes

    def __post_init__(self) -> None:
        if len(self.hashes) % PDQ_BYTES or len(self.hashes) > FRAMES_A_ROUND * PDQ_BYTES:
            raise ValueError("a hash for each place")


UploadFingerprint = Digest | Picture | FilmFrames | Sound | PictureRegions | PlaceHashes
"""What a worker makes of a file, whatever the kind."""

Made = TypeVar("Made", Digest, Picture, FilmFrames, Sound, PictureRegions, PlaceHashes)


class JobResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that is known of an upload so far; the final one ends the job. `left_out` holds codes of what could not be made.

    `fingerprints`: what is shown or heard first foremost; of each picture the whole before what was found inside.
    """

    media: Media
    is_final: bool = False
    fingerprints: list[UploadFingerprint] = []
    films_read: int = 0
    """Those without detail among them."""
    left_out: list[str] = []
    work_seconds: Annotated[float, msgspec.Meta(ge=0)] = 0
    """Of long media: how long it is thought to take."""

    def of(self, form: type[Made]) -> list[Made]:
        """Return the fingerprints of one form, in their order."""
        return [one for one in self.fingerprints if isinstance(one, form)]

    def digest(self, kind: Kind) -> bytes:
        """Return a digest of the whole file, empty where it is not known."""
        return next((one.value for one in self.of(Digest) if one.kind is kind), b"")

    @property
    def pictures(self) -> list[Picture]:
        """What is shown first, the picture of a file and what was found inside, and covers."""
        return [picture for picture in self.of(Picture) if picture.seconds is None]

    @property
    def stills(self) -> list[Picture]:
        """Pictures that moving ones show and that are not among their frames as they are."""
        return [picture for picture in self.of(Picture) if picture.seconds is not None]

    def plus(self, fingerprints: Iterable[UploadFingerprint]) -> "JobResult":
        """Return it with more fingerprints."""
        return msgspec.structs.replace(self, fingerprints=[*self.fingerprints, *fingerprints])


_Message = TypeVar("_Message", Ready, JobResult)

_JOB = msgspec.msgpack.Decoder(Job)
_READY = msgspec.msgpack.Decoder(Ready)
_RESULT = msgspec.msgpack.Decoder(JobResult)
"""Made here, before there are threads: `stillmine.wire.codec` says why."""


class WorkerGoneError(Exception):
    """The process at the other end has ended, or speaks nonsense."""


def send(connection: socket.socket, message: msgspec.Struct, descriptor: int | None = None) -> None:
    """Send one message; raises WorkerGoneError."""
    body = msgspec.msgpack.encode(message)
    data = _LENGTH.pack(len(body)) + body
    try:
        if descriptor is None:
            connection.sendall(data)
        else:
            sent = socket.send_fds(connection, [data], [descriptor])
            connection.sendall(data[sent:])
    except OSError:
        raise WorkerGoneError from None


def receive_job(connection: socket.socket) -> tuple[Job, int] | None:
    """Return the next job with its file's descriptor, None when the service has ended."""
    data, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, 1)
    if not data or not descriptors:
        return None
    try:
        (length,) = _LENGTH.unpack(data)
        return _JOB.decode(_exactly(connection, length)), descriptors[0]
    except (WorkerGoneError, struct.error, msgspec.DecodeError):
        os.close(descriptors[0])
        return None


def receive_ready(connection: socket.socket, until: float, monotonic: Callable[[], float] = time.monotonic) -> Ready:
    """Return a worker's first message; raises TimeoutError after `until`, WorkerGoneError for a worker that ended or lies."""
    return _received(connection, until, monotonic, _READY)


def receive_result(connection: socket.socket, until: float, monotonic: Callable[[], float] = time.monotonic) -> JobResult:
    """Return the next result; raises TimeoutError after `until`, WorkerGoneError for a worker that ended or lies."""
    return _received(connection, until, monotonic, _RESULT)


def _received(
    connection: socket.socket, until: float, monotonic: Callable[[], float], decoder: msgspec.msgpack.Decoder[_Message]
) -> _Message:
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, lambda: until - monotonic()))
    if length > MAXIMUM_RESULT_BYTES:
        raise WorkerGoneError
    try:
        return decoder.decode(_exactly(connection, length, lambda: until - monotonic()))
    except msgspec.DecodeError:
        raise WorkerGoneError from None


def _exactly(connection: socket.socket, length: int, seconds_left: Callable[[], float] | None = None) -> bytes:
    data = bytearray()
    while len(data) < length:
        if seconds_left is not None and not _is_readable(connection, seconds_left()):
            raise TimeoutError
        try:
            part = connection.recv(length - len(data))
        except OSError:
            raise WorkerGoneError from None
        if not part:
            raise WorkerGoneError
        data += part
    return bytes(data)


def _is_readable(connection: socket.socket, seconds: float) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return seconds > 0 and bool(poll.poll(seconds * 1000))
