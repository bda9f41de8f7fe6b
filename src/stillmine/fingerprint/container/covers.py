# SPDX-License-Identifier: Apache-2.0
"""The still pictures that players show for a sound or a video: covers, kept in the file as tracks of one picture.

For the asking side; a case holds none of them, as a cover is not the file that a person chose. Must never decode: the pictures are files
of their own, read as any other.
"""

import contextlib
from itertools import islice
from typing import BinaryIO

from av.stream import Disposition

from stillmine.fingerprint.container.opening import UnopenableError, open_container
from stillmine.fingerprint.ground.limits import DEFAULT_MEDIA_LIMITS, MediaLimits

MAX_COVERS = 8

_MAX_PACKETS = 1_000
"""Covers come first; a file that hides them behind more is not searched on."""


def cover_pictures(stream: BinaryIO, limits: MediaLimits = DEFAULT_MEDIA_LIMITS) -> tuple[list[bytes], bool]:
    """Return the covers of a sound or a video as files, and whether it holds pictures beside its film that are not among them."""
    found: dict[int, bytes] = {}
    try:
        with open_container(stream, limits) as container:
            tracks = [video for video in container.streams.video if video.disposition & Disposition.attached_pic]
            is_series = any(track.disposition & Disposition.timed_thumbnails and track.frames > 1 for track in tracks)
            with contextlib.suppress(Exception):  # the rest of the file can't be demuxed
                for packet in islice(container.demux(tracks), _MAX_PACKETS) if tracks else ():
                    if packet.size:
                        found.setdefault(packet.stream.index, bytes(packet))
                    if len(found) == min(len(tracks), MAX_COVERS):
                        break
    except UnopenableError:
        return [], False
    return list(found.values()), is_series or len(found) < len(tracks)
