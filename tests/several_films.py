# SPDX-License-Identifier: Apache-2.0
"""Files that hold more than one film or picture, put together for tests of bytes that belong to different formats."""

import io
import struct
import zlib
from collections.abc import Sequence

import av
import pillow_heif
from PIL import Image

from tests.streams import video_frame, video_track


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


def film_of(pictures: Sequence[Image.Image], seconds_each: float = 2.0, codec: str = "libx264") -> bytes:
    """An MP4 that shows one picture after the other."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = video_track(container, codec, 10, pictures[0].size)
        if codec == "libx265":
            stream.codec_context.codec_tag = "hvc1"
        for picture in pictures:
            for _ in range(round(10 * seconds_each)):
                container.mux(stream.encode(video_frame(picture)))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def together(name: str, pictures: Sequence[Image.Image], **options: object) -> bytes:
    """A file of several pictures; of copies, as saving leaves settings of its format behind in a picture."""
    first, *further = [picture.copy() for picture in pictures]
    stream = io.BytesIO()
    first.save(stream, name, save_all=True, append_images=further, **options)
    return stream.getvalue()


def heic_of_several(pictures: Sequence[Image.Image], primary: int = 0) -> bytes:
    """A HEIC of several pictures."""
    made = pillow_heif.from_pillow(pictures[0])
    for picture in pictures[1:]:
        made.add_from_pillow(picture)
    stream = io.BytesIO()
    made.save(stream, primary_index=primary, quality=90)
    return stream.getvalue()


def with_gain_map(picture: Image.Image, mark: bytes = b'hdrgm:Version="1.0"') -> bytes:
    """A JPEG with a smaller one behind it that says in its head what it is, as Ultra HDR has it."""
    data = together("MPO", [picture, picture.resize((picture.width // 4, picture.height // 4)).rotate(180)], quality=92)
    second = data.index(b"\xff\xd8\xff", 4)
    size = len(data) - second
    note = b"\xff\xfe" + struct.pack(">H", 2 + len(mark)) + mark
    listed = data.index(struct.pack("<I", size), data.index(b"MPF\0"))
    marked = data[:listed] + struct.pack("<I", size + len(note)) + data[listed + 4 :]
    return marked[: second + 2] + note + marked[second + 2 :]


def apng(default: Image.Image, frames: Sequence[Image.Image], place: tuple[int, int] = (0, 0), blend: int = 0) -> bytes:
    """An animated PNG of RGB frames whose default picture is not one of them."""
    head = struct.pack(">IIBBBBB", *default.size, 8, 2, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", head), _chunk(b"acTL", struct.pack(">II", len(frames), 0))]
    parts.append(_chunk(b"IDAT", _compressed(default)))
    number = 0
    for frame in frames:
        parts.append(_chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, *frame.size, *place, 1, 2, 0, blend)))
        parts.append(_chunk(b"fdAT", struct.pack(">I", number + 1) + _compressed(frame)))
        number += 2
    return b"".join([*parts, _chunk(b"IEND", b"")])


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _compressed(picture: Image.Image) -> bytes:
    rows = picture.convert("RGB").tobytes()
    width = 3 * picture.width
    return zlib.compress(b"".join(b"\0" + rows[place : place + width] for place in range(0, len(rows), width)))


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
        sources = [av.open(io.BytesIO(film), "r") for film in films]
        tracks = [target.add_stream_from_template(source.streams.video[0]) for source in sources]
        for source, track in zip(sources, tracks, strict=True):
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = track
                    target.mux(packet)
            source.close()
    return buffer.getvalue()


def with_sounds(sounds: Sequence[bytes], film: bytes | None = None) -> bytes:
    """A Matroska file with the tracks of several sounds, and perhaps the pictures of a film."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as target:
        files = [av.open(io.BytesIO(data), "r") for data in ([film] if film else []) + list(sounds)]
        streams = [(file.streams.video or file.streams.audio)[0] for file in files]
        tracks = [target.add_stream_from_template(stream) for stream in streams]
        for file, stream, track in zip(files, streams, tracks, strict=True):
            for packet in file.demux(stream):
                if packet.dts is not None:
                    packet.stream = track
                    target.mux(packet)
            file.close()
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
