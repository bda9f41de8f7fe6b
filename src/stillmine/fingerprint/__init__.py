# SPDX-License-Identifier: Apache-2.0
"""Media to fingerprints: what a picture looks like, in 256 bits. Contract: spec/fingerprint.md.

Bytes and values in, values out. Must never write a picture anywhere, keep one after the call, or put anything of a
file (its name, its pixels, its metadata) into an error or a log. A fingerprint can be turned back into a rough
likeness of the picture: treat it as private too.
"""

from stillmine.fingerprint.ground.errors import (
    EmptyFileError,
    FileTooLargeError,
    ImageTooLargeError,
    ImageTooSmallError,
    MediaError,
    NotAnImageError,
    TruncatedImageError,
    UnsupportedImageError,
)
from stillmine.fingerprint.ground.limits import DEFAULT_LIMITS, Limits
from stillmine.fingerprint.picture.image import (
    VARIANTS,
    ImageFingerprint,
    distance_bits,
    fingerprint_image,
    fingerprint_pixels,
)
from stillmine.fingerprint.picture.query import ImageQuery, QueryVariant, query_image, query_variants

__all__ = [
    "DEFAULT_LIMITS",
    "VARIANTS",
    "EmptyFileError",
    "FileTooLargeError",
    "ImageFingerprint",
    "ImageQuery",
    "ImageTooLargeError",
    "ImageTooSmallError",
    "Limits",
    "MediaError",
    "NotAnImageError",
    "QueryVariant",
    "TruncatedImageError",
    "UnsupportedImageError",
    "distance_bits",
    "fingerprint_image",
    "fingerprint_pixels",
    "query_image",
    "query_variants",
]
