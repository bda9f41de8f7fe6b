# SPDX-License-Identifier: Apache-2.0
"""The real Chromaprint, from the system: 16-bit sound in, 32-bit values out.

Loaded on first use, so that pictures and videos need nothing of it. The library is C: lengths are checked here, what it gives is copied and
freed at once, and a context never outlives the call. Must never search in a folder that others can write to.
"""

import ctypes
from collections.abc import Iterable
from functools import cache

import numpy as np
import numpy.typing as npt

from stillmine.fingerprint.ground.errors import AudioLibraryMissingError

Values = npt.NDArray[np.uint32]
Pcm = npt.NDArray[np.int16]

SAMPLE_RATE = 11_025
STANDARD_ALGORITHM = 1
"""The library's number for what its tools call algorithm 2, their default."""

VALUE_SECONDS = 1365 / SAMPLE_RATE
"""From one value to the next: a third of a window of 4096 samples."""

_NAMES = ("libchromaprint.so.1", "libchromaprint.1.dylib", "chromaprint.dll")


def chromaprint_values(blocks: Iterable[Pcm]) -> Values:
    """Return the values of mono sound at SAMPLE_RATE, given in blocks; raises AudioLibraryMissingError."""
    library = _library()
    context = library.chromaprint_new(STANDARD_ALGORITHM)
    if not context:
        raise MemoryError
    try:
        _require(library.chromaprint_start(context, SAMPLE_RATE, 1))
        for block in blocks:
            pcm = np.ascontiguousarray(block, dtype=np.int16)
            _require(library.chromaprint_feed(context, pcm.ctypes.data, pcm.size))
        _require(library.chromaprint_finish(context))
        return _take_values(library, context)
    finally:
        library.chromaprint_free(context)


def load_library() -> None:
    """Load the library now instead of at first use; raises AudioLibraryMissingError."""
    _library()


def chromaprint_text(values: Values) -> str:
    """Return AcoustID's compressed text form; raises AudioLibraryMissingError."""
    library = _library()
    raw = np.ascontiguousarray(values, dtype=np.uint32)
    encoded = ctypes.POINTER(ctypes.c_char)()
    size = ctypes.c_int()
    _require(
        library.chromaprint_encode_fingerprint(raw.ctypes.data, raw.size, STANDARD_ALGORITHM, ctypes.byref(encoded), ctypes.byref(size), 1)
    )
    try:
        return ctypes.string_at(encoded, size.value).decode("ascii")
    finally:
        library.chromaprint_dealloc(encoded)


def _take_values(library: ctypes.CDLL, context: int) -> Values:
    values = ctypes.POINTER(ctypes.c_uint32)()
    size = ctypes.c_int()
    _require(library.chromaprint_get_raw_fingerprint(context, ctypes.byref(values), ctypes.byref(size)))
    try:
        return np.frombuffer(ctypes.string_at(values, 4 * size.value), dtype=np.uint32)
    finally:
        library.chromaprint_dealloc(values)


def _require(is_done: int) -> None:
    if not is_done:
        raise MemoryError


@cache
def _library() -> ctypes.CDLL:
    for name in _NAMES:
        try:
            return _declare(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    raise AudioLibraryMissingError


def _declare(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, number = ctypes.c_void_p, ctypes.c_int
    signatures = {
        "chromaprint_new": (pointer, [number]),
        "chromaprint_free": (None, [pointer]),
        "chromaprint_dealloc": (None, [pointer]),
        "chromaprint_start": (number, [pointer, number, number]),
        "chromaprint_feed": (number, [pointer, pointer, number]),
        "chromaprint_finish": (number, [pointer]),
        "chromaprint_get_raw_fingerprint": (number, [pointer, pointer, pointer]),
        "chromaprint_encode_fingerprint": (number, [pointer, number, number, pointer, pointer, number]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    return library
