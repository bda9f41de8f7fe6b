# SPDX-License-Identifier: Apache-2.0
"""What a search over fingerprints returns. It never holds a fingerprint."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Near:
    """One fingerprint near the query; `variant` is the position of the query that was nearest."""

    id: bytes
    distance_bits: int
    variant: int = 0
