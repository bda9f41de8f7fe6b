# SPDX-License-Identifier: Apache-2.0
"""What a search over fingerprints returns. It never holds a fingerprint."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Near:
    """One fingerprint near the query; `variant` is the position of the query that was nearest."""

    id: bytes
    distance_bits: int
    variant: int = 0


class Candidate(NamedTuple):
    """One fingerprint of any kind that matches; `distance_bits` is None where none is measured, as of videos and sounds."""

    id: bytes
    distance_bits: int | None
