# SPDX-License-Identifier: Apache-2.0
"""The settings that are in force, for reading only. No secret, password or path to one is among them."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from stillmine.exchange.console import signing_in
from stillmine.exchange.console.sessions import IDLE, LONGEST
from stillmine.exchange.context import Context
from stillmine.exchange.intake.settings import CASES_VARIABLE, FINGERPRINTS_VARIABLE, FOUND_A_DAY_VARIABLE, WORK_VARIABLE
from stillmine.exchange.intake.work import is_under_attack
from stillmine.exchange.limits.actions import CASES_OPENED, FINGERPRINTS_ADDED, WRONG_CASE_KEYS
from stillmine.wire.case import MAXIMUM_FINGERPRINTS_PER_CASE


@dataclass(frozen=True)
class Setting:
    """One setting: what is in force, and the option or variable that changes it."""

    name: str
    value: str
    changed_by: str = ""


def settings_in_force(exchange: Context) -> list[Setting]:
    """Return all of them."""
    return [
        Setting("Database", "PostgreSQL" if connection.vendor == "postgresql" else "SQLite", "STILLMINE_EXCHANGE_DATABASE"),
        Setting("Host names", ", ".join(settings.ALLOWED_HOSTS), "--host-name"),
        Setting("Hops of X-Forwarded-For that are believed", str(exchange.trusted_proxies), "--trusted-proxies"),
        Setting("Portal", "served" if exchange.portal else "not served", "--portal"),
        Setting("Fingerprints in a case", f"at most {MAXIMUM_FINGERPRINTS_PER_CASE}"),
        Setting("Wrong case keys of a network in ten minutes", f"at most {WRONG_CASE_KEYS.maximum}"),
        Setting("Cases opened by a network in ten minutes", f"{CASES_OPENED.maximum}, more needs work"),
        Setting("Fingerprints added by a network in ten minutes", f"{FINGERPRINTS_ADDED.maximum}, more needs work"),
        Setting("Distinct uploads in a day before a fingerprint is flagged", _or_never(exchange.intake.found_a_day), FOUND_A_DAY_VARIABLE),
        Setting("Cases in ten minutes before opening needs work", _or_never(exchange.intake.cases_in_ten_minutes), CASES_VARIABLE),
        Setting(
            "Fingerprints in ten minutes before adding needs work",
            _or_never(exchange.intake.fingerprints_in_ten_minutes),
            FINGERPRINTS_VARIABLE,
        ),
        Setting("Zero bits of each piece of work, before any doubling", str(exchange.intake.work_zero_bits), WORK_VARIABLE),
        Setting(
            "Opening a case and adding to one need work now",
            "yes" if is_under_attack(exchange) else "no",
            "stillmine exchange under-attack",
        ),
        Setting("Wrong sign-ins for a name from a network in ten minutes", f"at most {signing_in.SIGN_IN_BY_NAME.maximum}"),
        Setting("Wrong sign-ins of a network in ten minutes", f"at most {signing_in.SIGN_IN_BY_NETWORK.maximum}"),
        Setting("A session ends without a page opened", f"after {IDLE.seconds // 60} minutes"),
        Setting("A session ends in any case", f"after {LONGEST.seconds // 3600} hours"),
    ]


def _or_never(number: int) -> str:
    return str(number) if number else "never by itself"
