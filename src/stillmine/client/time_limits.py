# SPDX-License-Identifier: Apache-2.0
"""How long a request may take, so that a broken or hostile exchange can't hold whoever calls it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """In seconds; over any of them a request ends with ExchangeUnreachableError."""

    connect_seconds: float = 5.0
    """To open a connection, TLS included."""

    silence_seconds: float = 10.0
    """Between two parts of what is sent or answered."""

    answer_seconds: float = 30.0
    """From the start of a request to the last byte of its answer, a repetition included."""

    snapshot_silence_seconds: float = 120.0
    """Between two parts of a snapshot: before the first one the exchange puts all that it gives on record, some 10 s for a million."""

    snapshot_seconds: float = 3600.0
    """The same for a snapshot, which is as long as the list, and what is done with each block meanwhile."""
