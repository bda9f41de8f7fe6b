# SPDX-License-Identifier: Apache-2.0
"""What an operator decides about the doors, as values; spec/doors.md says what each holds off. `config.py` alone reads the environment."""

from collections.abc import Mapping

from stillmine.exchange.settings.intake import number_setting
from stillmine.serving.doors import USUAL_DOORS as _DOORS
from stillmine.serving.doors import USUAL_ROOM as _ROOM
from stillmine.serving.doors import Doors, Room

CONNECTIONS_VARIABLE = "STILLMINE_EXCHANGE_CONNECTIONS"
CONNECTIONS_PER_NETWORK_VARIABLE = "STILLMINE_EXCHANGE_CONNECTIONS_PER_NETWORK"
REQUESTS_PER_NETWORK_VARIABLE = "STILLMINE_EXCHANGE_REQUESTS_PER_NETWORK"
HEAD_SECONDS_VARIABLE = "STILLMINE_EXCHANGE_HEAD_SECONDS"
BODY_SECONDS_VARIABLE = "STILLMINE_EXCHANGE_BODY_SECONDS"
BYTES_PER_SECOND_VARIABLE = "STILLMINE_EXCHANGE_BYTES_PER_SECOND"

BOUNDS = {
    CONNECTIONS_VARIABLE: (16, 100_000),
    CONNECTIONS_PER_NETWORK_VARIABLE: (4, 100_000),
    REQUESTS_PER_NETWORK_VARIABLE: (1, _ROOM.requests),
    HEAD_SECONDS_VARIABLE: (1, 600),
    BODY_SECONDS_VARIABLE: (5, 3600),
    BYTES_PER_SECOND_VARIABLE: (1, 1_000_000),
}


def door_settings(environment: Mapping[str, str]) -> Doors:
    """Return the bounds and deadlines of connections; raises NotConfiguredError for what is no number in bounds."""
    return Doors(
        connections=number_setting(environment, CONNECTIONS_VARIABLE, _DOORS.connections, BOUNDS),
        connections_per_network=number_setting(environment, CONNECTIONS_PER_NETWORK_VARIABLE, _DOORS.connections_per_network, BOUNDS),
        silent_seconds=number_setting(environment, HEAD_SECONDS_VARIABLE, int(_DOORS.silent_seconds), BOUNDS),
        body_seconds=number_setting(environment, BODY_SECONDS_VARIABLE, int(_DOORS.body_seconds), BOUNDS),
        bytes_per_second=number_setting(environment, BYTES_PER_SECOND_VARIABLE, _DOORS.bytes_per_second, BOUNDS),
    )


def room_settings(environment: Mapping[str, str]) -> Room:
    """Return what is worked on at once; raises NotConfiguredError for what is no number in bounds."""
    return Room(requests_per_network=number_setting(environment, REQUESTS_PER_NETWORK_VARIABLE, _ROOM.requests_per_network, BOUNDS))
