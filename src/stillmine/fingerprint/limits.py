# SPDX-License-Identifier: Apache-2.0
"""How much of a file is looked at before it is refused.

A few bytes can claim a billion pixels. Limits are checked on the header, before anything is decoded, and may
never be looser than what the kernel takes.
"""

from dataclasses import dataclass

from stillmine.fingerprint import _kernel


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read; sizes in bytes and pixels. Raises ValueError if looser than the kernel's own limits."""

    max_file_bytes: int = 64 * 1024 * 1024
    max_pixels: int = 89_000_000
    """Just below where Pillow itself starts to speak of a decompression bomb; about 0.7 GB at work."""
    max_shrunk_pixels: int = _kernel.MAX_PIXELS
    """Of a JPEG whose rows come out as it is read: it is decoded smaller, a 200-megapixel photograph in about 10 MB."""
    max_dimension: int = _kernel.MAX_DIMENSION
    min_dimension: int = _kernel.MIN_DIMENSION

    def __post_init__(self) -> None:
        if self.min_dimension < _kernel.MIN_DIMENSION:
            raise ValueError(f"min_dimension can't be below {_kernel.MIN_DIMENSION}")
        if self.max_dimension > _kernel.MAX_DIMENSION or max(self.max_pixels, self.max_shrunk_pixels) > _kernel.MAX_PIXELS:
            raise ValueError(f"at most {_kernel.MAX_DIMENSION} pixels a side and {_kernel.MAX_PIXELS} in all")


DEFAULT_LIMITS = Limits()
