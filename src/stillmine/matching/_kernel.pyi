# SPDX-License-Identifier: Apache-2.0
"""The compiled exact scan: kernel/bindings/python/matching_module.c."""

from typing_extensions import Buffer

def scan(fingerprints: Buffer, query: Buffer, max_distance_bits: int, /) -> list[tuple[int, int]]:
    """Return (index, distance in bits) of every fingerprint within the distance, in order of index.

    `fingerprints` are 32 bytes each, one after the other. Lets go of the GIL. Raises ValueError for other lengths.
    """
