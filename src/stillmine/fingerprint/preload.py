# SPDX-License-Identifier: Apache-2.0
"""Loads what decoders load at first use, so that afterwards none of them opens a file of its own.

For a process that gives up the file system before it reads a stranger's file. Must never fail because a library is missing: whoever needs
it says so later, in words.
"""

import contextlib
import ctypes
import hashlib
import importlib
import pkgutil

import av
import pillow_heif
from PIL import Image

from stillmine.fingerprint.ground.errors import AudioLibraryMissingError
from stillmine.fingerprint.sound.chromaprint_library import load_library

_ENCODINGS = ("ascii", "latin_1", "utf_8", "utf_8_sig", "utf_16", "utf_16_le", "utf_16_be", "utf_32", "utf_32_le", "utf_32_be", "cp1252")
"""Of texts in headers, which decoders turn into strings."""


def load_decoders() -> None:
    """Load them all."""
    Image.init()
    pillow_heif.libheif_info()
    for module in pkgutil.walk_packages(av.__path__, "av."):
        if not module.name.startswith("av.__"):  # av.__main__ is a command
            importlib.import_module(module.name)
    for name in _ENCODINGS:
        b"".decode(name)
    for name in ("sha256", "md5"):
        hashlib.new(name, b"", usedforsecurity=False).digest()
    with contextlib.suppress(AudioLibraryMissingError):
        load_library()
    with contextlib.suppress(OSError):
        ctypes.CDLL("libgcc_s.so.1")  # the C library loads it itself where a thread ends early
