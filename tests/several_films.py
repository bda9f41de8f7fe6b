# SPDX-License-Identifier: Apache-2.0
"""Files that hold more than one film or picture, put together for tests of bytes that belong to different formats."""

import io
import struct
from collections.abc import Sequence

import av
import pillow_heif
from PIL import Image


def jpeg(picture: Image.Image) -> bytes:
    """A photograph as phones save it."""
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=92)
    return stream.getvalue()


def heic(picture: Image.Image) -> bytes:
    """The same as HEIC."""
    stream = io.BytesIO()
    pillow_heif.from_pillow(picture.convert("RGB")).save(stream, quality=90)
    return stream.getvalue()


def motion_photo(picture: Image.Image, film: bytes) -> bytes:
    """A JPEG with a film behind it, as Samsung's phones mark it."""
    return jpeg(picture) + b"MotionPhoto_Data" + film


def motion_heic(picture: Image.Image, film: bytes) -> bytes:
    """A HEIC with a film in a box of its own."""
    return heic(picture) + struct.pack(">I", 8 + len(film)) + b"mpvd" + film


def heif_sequence(picture: Image.Image, film: bytes) -> bytes:
    """A HEIC whose pictures in time are the tracks of an HEVC film."""
    still = heic(picture)
    head = struct.unpack_from(">I", film)[0]
    boxes = bytearray(film[head:].replace(b"vide", b"pict"))
    place = boxes.index(b"stco") + 4
    count = struct.unpack_from(">I", boxes, place + 4)[0]
    for entry in range(place + 8, place + 8 + 4 * count, 4):
        struct.pack_into(">I", boxes, entry, struct.unpack_from(">I", boxes, entry)[0] + len(still) - head)
    return still + bytes(boxes)


def with_tracks(films: Sequence[bytes], form: str = "mp4") -> bytes:
    """The moving pictures of several videos as tracks of one; the first is the default one."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=form) as target:
        sources = [av.open(io.BytesIO(film)) for film in films]
        tracks = [target.add_stream_from_template(source.streams.video[0]) for source in sources]
        for source, track in zip(sources, tracks, strict=True):
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = track
                    target.mux(packet)
            source.close()
    return buffer.getvalue()


def with_id3_cover(mp3: bytes, cover: bytes, mime: bytes = b"image/jpeg") -> bytes:
    """An MP3 with a cover before it."""
    body = b"\0" + mime + b"\0\x03\0" + cover
    frame = b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body
    size = len(frame)
    packed = bytes((size >> shift) & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + packed + frame + mp3


def with_mp4_cover(film: bytes, cover: bytes) -> bytes:
    """An MP4 with a cover in its list of notes; its index has to stand behind its pictures."""
    data = struct.pack(">I4sII", 16 + len(cover), b"data", 13, 0) + cover
    entry = struct.pack(">I4s", 8 + len(data), b"covr") + data
    listed = struct.pack(">I4s", 8 + len(entry), b"ilst") + entry
    handler = struct.pack(">I4sII4s", 33, b"hdlr", 0, 0, b"mdir") + b"appl" + b"\0" * 9
    meta = struct.pack(">I4sI", 12 + len(handler) + len(listed), b"meta", 0) + handler + listed
    notes = struct.pack(">I4s", 8 + len(meta), b"udta") + meta
    place = film.index(b"moov") - 4
    size = struct.unpack_from(">I", film, place)[0]
    assert film.index(b"mdat") < place
    return film[:place] + struct.pack(">I", size + len(notes)) + film[place + 4 : place + size] + notes + film[place + size :]
