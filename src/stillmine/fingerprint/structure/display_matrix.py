# SPDX-License-Identifier: Apache-2.0
"""Which turn makes a decoded picture upright: its display matrix as one of the eight variants.

PyAV names what lies beside a frame by a table of its own, raises where FFmpeg has a newer one, and then shows nothing of it: FFmpeg's own
filter takes such entries off first. Must never let what lies beside a picture decide whether the picture is read.
"""

import struct
from typing import cast

from av import VideoFrame
from av.filter import Graph
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType

_TURNS = {
    (1, 0, 0, 1): "original",
    (-1, 0, 0, 1): "flip_horizontal",
    (1, 0, 0, -1): "flip_vertical",
    (-1, 0, 0, -1): "rotate180",
    (0, 1, 1, 0): "transpose",
    (0, 1, -1, 0): "rotate270",
    (0, -1, 1, 0): "rotate90",
    (0, -1, -1, 0): "transverse",
}
"""Signs of a display matrix (a, b, c, d), where x' = a x + c y and y' = b x + d y, to the kernel's names of variants."""

_UNNAMED = range(len(SideDataType), 64)
"""Numbers that FFmpeg uses or will use and PyAV has no name for; FFmpeg 8.1 goes up to 31."""


def turn_of(frame: VideoFrame) -> str:
    """Return which variant of the stored picture is upright; matrices that are no quarter turns count as none."""
    matrix = _display_matrix(frame)
    if len(matrix) < 9 * 4:
        return "original"
    a, b, _, c, d = struct.unpack_from("=5i", matrix)
    largest = max(abs(a), abs(b), abs(c), abs(d), 1)
    return _TURNS.get((round(a / largest), round(b / largest), round(c / largest), round(d / largest)), "original")


def _display_matrix(frame: VideoFrame) -> bytes:
    try:
        side_data = cast("SideDataContainer", frame.side_data)
    except ValueError:
        side_data = cast("SideDataContainer", _with_named_data_only(frame).side_data)
    return next((bytes(side_data[index]) for index in range(len(side_data)) if side_data[index].type == SideDataType.DISPLAYMATRIX), b"")


def _with_named_data_only(frame: VideoFrame) -> VideoFrame:
    """Return the same picture without what PyAV has no name for."""
    graph = Graph()
    last = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    for number in _UNNAMED:
        deletion = graph.add("sidedata", f"mode=delete:type={number}")
        last.link_to(deletion)
        last = deletion
    last.link_to(graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    return cast("VideoFrame", graph.pull())
