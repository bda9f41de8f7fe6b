# SPDX-License-Identifier: Apache-2.0
"""How a track of an MP4 or MOV is opened whose edit list FFmpeg does not follow well: with all that it holds, and the parts that are shown.

Must never show what a list cuts away. Whoever asks gets a track whose list can't be followed whole, and is told.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from stillmine.fingerprint.container.opening import open_container
from stillmine.fingerprint.ground.errors import MediaError
from stillmine.fingerprint.ground.limits import MediaLimits
from stillmine.fingerprint.structure.edit_list import WHOLE, Part, ShownParts, shown_parts

StreamsOf = Callable[[InputContainer], list[VideoStream] | list[AudioStream]]


@dataclass(frozen=True, slots=True)
class OpenTrack:
    """What `container` gives of the track is what is shown of it, unless there are `parts`: then it is these, one after the other.

    `ignores_edits`: how it was opened. `has_unknown_edits`: all of it is given, since nobody knows what is shown.
    """

    container: InputContainer
    parts: tuple[Part, ...] = ()
    ignores_edits: bool = False
    has_unknown_edits: bool = False


def open_track(
    opened: ExitStack, stream: BinaryIO, limits: MediaLimits, streams_of: StreamsOf, *, track: int, refusal: MediaError | None
) -> OpenTrack:
    """Open a file for one of its tracks; raises UnopenableError, and the refusal, if any, where its list can't be followed."""
    container = opened.enter_context(open_container(stream, limits))
    shown = _shown_parts(stream, container, streams_of, track)
    if shown.is_simple:
        return OpenTrack(container)
    if shown.parts is None and refusal is not None:
        raise refusal
    whole = opened.enter_context(open_container(stream, limits, ignores_edits=True))
    if shown.parts is None:
        return OpenTrack(whole, ignores_edits=True, has_unknown_edits=True)
    start = streams_of(whole)[track].start_time
    is_nothing_cut = shown.parts[0].end is None and start is not None and shown.parts[0].begin <= start
    return OpenTrack(whole, () if is_nothing_cut else shown.parts, ignores_edits=True)


def _shown_parts(stream: BinaryIO, container: InputContainer, streams_of: StreamsOf, track: int) -> ShownParts:
    streams = streams_of(container)
    if not container.format.name.startswith("mov") or track >= len(streams):
        return WHOLE
    place = stream.tell()
    try:
        return shown_parts(stream, streams[track].id)
    finally:
        stream.seek(place)
