# SPDX-License-Identifier: Apache-2.0
"""What an operator decides about asks, as values. `config.py` alone reads them from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from stillmine.exchange.settings.intake import number_setting

LOCK_FILE = "index.lock"
"""In the home folder, held by the process of the index while it runs."""

DIFFERING_VARIABLE = "STILLMINE_EXCHANGE_DIFFERING_MATCHES_A_DAY"

BOUNDS = {DIFFERING_VARIABLE: (5, 200)}


@dataclass(frozen=True)
class AskSettings:
    """`differing_matches_a_day`: of one partner near one fingerprint; at that many an operator is called."""

    differing_matches_a_day: int = 20


USUAL_ASK = AskSettings()


def ask_settings(environment: Mapping[str, str]) -> AskSettings:
    """Return the settings; raises NotConfiguredError for what is no number in bounds."""
    return AskSettings(number_setting(environment, DIFFERING_VARIABLE, USUAL_ASK.differing_matches_a_day, BOUNDS))
