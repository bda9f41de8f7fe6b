# SPDX-License-Identifier: Apache-2.0
"""The settings that are in force, for reading only. No secret, password or path to one is among them."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection

from stillmine.exchange.console import signing_in
from stillmine.exchange.console.sessions import IDLE, LONGEST
from stillmine.exchange.gate.limits import CASES_OPENED, FINGERPRINTS_ADDED, WRONG_CASE_KEYS
from stillmine.exchange.gate.work import is_under_attack
from stillmine.exchange.ground.database_address import DATABASE_VARIABLE
from stillmine.exchange.keys.ring import KEYS_COMMAND_VARIABLE
from stillmine.exchange.settings.address import ADDRESS_VARIABLE
from stillmine.exchange.settings.ask import DIFFERING_VARIABLE, UNCONFIRMED_VARIABLE
from stillmine.exchange.settings.doors import (
    BODY_SECONDS_VARIABLE,
    BYTES_PER_SECOND_VARIABLE,
    CONNECTIONS_PER_NETWORK_VARIABLE,
    CONNECTIONS_VARIABLE,
    HEAD_SECONDS_VARIABLE,
    REQUESTS_PER_NETWORK_VARIABLE,
)
from stillmine.exchange.settings.feed import TICK_VARIABLE
from stillmine.exchange.settings.intake import CASES_VARIABLE, FINGERPRINTS_VARIABLE, FOUND_A_DAY_VARIABLE, WORK_VARIABLE
from stillmine.exchange.settings.ledger import PUBLISH_EVERY_VARIABLE
from stillmine.exchange.transaction.context import Context
from stillmine.serving.log_lines import LOG_FORMAT_VARIABLE, LogFormat
from stillmine.wire.case import MAXIMUM_FINGERPRINTS_PER_CASE

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Setting:
    """One setting: what is in force, and the option or variable that changes it."""

    name: str
    value: str
    changed_by: str = ""


def settings_in_force(exchange: Context) -> list[Setting]:
    """Return all of them."""
    return [*_of_serving(exchange), *_of_intake(exchange), *_of_what_leaves(exchange), *_of_doors(exchange), *_OF_SESSIONS]


def _of_serving(exchange: Context) -> list[Setting]:
    return [
        Setting("Database", "PostgreSQL" if connection.vendor == "postgresql" else "SQLite", DATABASE_VARIABLE),
        Setting(
            "Key-encryption keys", "printed by a command" if exchange.keys.is_from_command else "in the home folder", KEYS_COMMAND_VARIABLE
        ),
        Setting("Host names", ", ".join(settings.ALLOWED_HOSTS), "--host-name"),
        Setting("Hops of X-Forwarded-For that are believed", str(exchange.trusted_proxies), "--trusted-proxies"),
        Setting("Public address", exchange.public_address.url if exchange.public_address else "not named", ADDRESS_VARIABLE),
        Setting("Lines of the log", "JSON" if exchange.log_format is LogFormat.JSON else "for people", LOG_FORMAT_VARIABLE),
        Setting("Portal", "served" if exchange.portal else "not served", "--portal"),
    ]


def _of_intake(exchange: Context) -> list[Setting]:
    intake = exchange.intake
    return [
        Setting("Fingerprints in a case", f"at most {MAXIMUM_FINGERPRINTS_PER_CASE}"),
        Setting("Wrong case keys of a network in ten minutes", f"at most {WRONG_CASE_KEYS.maximum}"),
        Setting("Cases opened by a network in ten minutes", f"{CASES_OPENED.maximum}, more needs work"),
        Setting("Fingerprints added by a network in ten minutes", f"{FINGERPRINTS_ADDED.maximum}, more needs work"),
        Setting("Distinct uploads in a day before a fingerprint is flagged", _or_never(intake.found_a_day), FOUND_A_DAY_VARIABLE),
        Setting("Cases in ten minutes before opening needs work", _or_never(intake.cases_in_ten_minutes), CASES_VARIABLE),
        Setting(
            "Fingerprints in ten minutes before adding needs work", _or_never(intake.fingerprints_in_ten_minutes), FINGERPRINTS_VARIABLE
        ),
        Setting("Zero bits of each piece of work, before any doubling", str(intake.work_zero_bits), WORK_VARIABLE),
        Setting(
            "Opening a case and adding to one need work now",
            "yes" if is_under_attack(exchange) else "no",
            "stillmine exchange under-attack",
        ),
    ]


def _of_what_leaves(exchange: Context) -> list[Setting]:
    return [
        Setting("What people add appears in partners’ lists together", f"every {exchange.feed.tick_seconds} seconds", TICK_VARIABLE),
        Setting("The public log is published", f"every {exchange.publish_every // _SECOND} seconds", PUBLISH_EVERY_VARIABLE),
        Setting(
            "Different queries of a partner at the edge of one fingerprint in a day that are an alarm",
            f"{exchange.ask.differing_matches_a_day} or more",
            DIFFERING_VARIABLE,
        ),
        Setting(
            "Pictures a partner was told the places of in a day and did not find that are an alarm",
            f"{exchange.ask.unconfirmed_places_a_day} or more",
            UNCONFIRMED_VARIABLE,
        ),
    ]


def _of_doors(exchange: Context) -> list[Setting]:
    """Each is of one process; spec/doors.md says what they hold off."""
    doors = exchange.doors
    return [
        Setting("Open connections", f"at most {doors.connections}", CONNECTIONS_VARIABLE),
        Setting("Open connections of a network", f"at most {doors.connections_per_network}", CONNECTIONS_PER_NETWORK_VARIABLE),
        Setting("Requests of a network at once", f"at most {exchange.room.requests_per_network}", REQUESTS_PER_NETWORK_VARIABLE),
        Setting("The head of a request is waited for", f"{doors.silent_seconds:g} seconds", HEAD_SECONDS_VARIABLE),
        Setting("The body of a request is waited for", f"{doors.body_seconds:g} seconds", BODY_SECONDS_VARIABLE),
        Setting("Slowest body or answer", f"{doors.bytes_per_second} bytes a second", BYTES_PER_SECOND_VARIABLE),
    ]


_OF_SESSIONS = (
    Setting("Wrong sign-ins for a name from a network in ten minutes", f"at most {signing_in.SIGN_IN_BY_NAME.maximum}"),
    Setting("Wrong sign-ins of a network in ten minutes", f"at most {signing_in.SIGN_IN_BY_NETWORK.maximum}"),
    Setting("A session ends without a page opened", f"after {IDLE.seconds // 60} minutes"),
    Setting("A session ends in any case", f"after {LONGEST.seconds // 3600} hours"),
)


def _or_never(number: int) -> str:
    return str(number) if number else "never by itself"
