# SPDX-License-Identifier: Apache-2.0
"""What an operator decides about intake, as values. `config.py` alone reads them from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from stillmine.wire.errors import NotConfiguredError

FOUND_A_DAY_VARIABLE = "STILLMINE_EXCHANGE_FOUND_A_DAY"
CASES_VARIABLE = "STILLMINE_EXCHANGE_CASES_IN_TEN_MINUTES"
FINGERPRINTS_VARIABLE = "STILLMINE_EXCHANGE_FINGERPRINTS_IN_TEN_MINUTES"
WORK_VARIABLE = "STILLMINE_EXCHANGE_WORK_ZERO_BITS"

BOUNDS = {
    FOUND_A_DAY_VARIABLE: (0, 1_000_000),
    CASES_VARIABLE: (0, 1_000_000),
    FINGERPRINTS_VARIABLE: (0, 10_000_000),
    WORK_VARIABLE: (4, 20),
}


@dataclass(frozen=True)
class IntakeSettings:
    """0 of `found_a_day`, of cases or of fingerprints: never by itself. One partner counts for half of `found_a_day` at most.

    One more bit of `work_zero_bits` doubles the work.
    """

    found_a_day: int = 50
    cases_in_ten_minutes: int = 200
    fingerprints_in_ten_minutes: int = 3000
    work_zero_bits: int = 14


USUAL_INTAKE = IntakeSettings()

NOT_ONE = "0, or a number from 2 on: no partner counts for more than half of it"
"""What `found_a_day` has to be."""


def intake_settings(environment: Mapping[str, str]) -> IntakeSettings:
    """Return the settings; raises NotConfiguredError for what is no number in bounds."""
    found_a_day = number_setting(environment, FOUND_A_DAY_VARIABLE, USUAL_INTAKE.found_a_day, BOUNDS)
    if found_a_day == 1:
        raise NotConfiguredError(f"{FOUND_A_DAY_VARIABLE}: {NOT_ONE}")
    return IntakeSettings(
        found_a_day=found_a_day,
        cases_in_ten_minutes=number_setting(environment, CASES_VARIABLE, USUAL_INTAKE.cases_in_ten_minutes, BOUNDS),
        fingerprints_in_ten_minutes=number_setting(environment, FINGERPRINTS_VARIABLE, USUAL_INTAKE.fingerprints_in_ten_minutes, BOUNDS),
        work_zero_bits=number_setting(environment, WORK_VARIABLE, USUAL_INTAKE.work_zero_bits, BOUNDS),
    )


def number_setting(environment: Mapping[str, str], name: str, usual: int, bounds: Mapping[str, tuple[int, int]]) -> int:
    """Return a whole number within bounds; raises NotConfiguredError."""
    minimum, maximum = bounds[name]
    text = environment.get(name) or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and minimum <= int(text) <= maximum):
        raise NotConfiguredError(f"{name}: a number from {minimum} to {maximum}")
    return int(text)
