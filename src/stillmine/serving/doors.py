# SPDX-License-Identifier: Apache-2.0
"""The numbers of the doors, all in one place, each for one process."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Doors:
    """What one process lets clients do at once, and how slowly."""

    connections: int = 1000
    """Open at once. One more takes the place of the one that has kept us waiting longest."""
    connections_per_network: int = 128
    """The same within one network, so that it crowds out itself and nobody else."""
    silent_seconds: float = 10.0
    """From a new connection to its first byte, and from the first byte of a head to its end."""
    idle_seconds: float = 75.0
    """Between two requests; longer than a proxy keeps a connection unused, which would else meet one that is being closed."""
    head_bytes: int = 32 * 1024
    body_seconds: float = 120.0
    """For a whole body, however large."""
    bytes_per_second: int = 1000
    """The slowest a body may come and an answer may be read, as an average over each window."""
    window_seconds: float = 10.0
    stop_seconds: float = 10.0
    """How long requests that have begun may take to end when the process is told to stop."""


@dataclass(frozen=True)
class Room:
    """What one process that answers in threads works on at once."""

    threads: int = 16
    requests: int = 256
    """Whole requests that are worked on or wait for a thread."""
    requests_per_network: int = 64
    streams: int = 8
    """Answers too long for memory, which are made as fast as they are read."""
    streams_per_network: int = 4
    body_bytes: int = 64 * 1024 * 1024
    """Of large bodies while they come; a quarter of it for one network."""


USUAL_DOORS, USUAL_ROOM = Doors(), Room()
