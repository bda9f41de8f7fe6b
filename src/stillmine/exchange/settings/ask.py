# SPDX-License-Identifier: Apache-2.0
"""What an operator decides about asks, as values. `config.py` alone reads them from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from stillmine.exchange.settings.intake import number_setting

LOCK_FILE = "index.lock"
"""In the home folder, held by the process of the index while it runs."""

DIFFERING_VARIABLE = "STILLMINE_EXCHANGE_DIFFERING_MATCHES_A_DAY"
UNCONFIRMED_VARIABLE = "STILLMINE_EXCHANGE_UNCONFIRMED_PLACES_A_DAY"

BOUNDS = {DIFFERING_VARIABLE: (5, 200), UNCONFIRMED_VARIABLE: (5, 100_000)}


@dataclass(frozen=True)
class AskSettings:
    """At so many of one partner an operator is called: matches that differ near one fingerprint, places that came to nothing."""

    differing_matches_a_day: int = 20
    unconfirmed_places_a_day: int = 100


USUAL_ASK = AskSettings()


def ask_settings(environment: Mapping[str, str]) -> AskSettings:
    """Return the settings; raises NotConfiguredError for what is no number in bounds."""
    return AskSettings(
        number_setting(environment, DIFFERING_VARIABLE, USUAL_ASK.differing_matches_a_day, BOUNDS),
        number_setting(environment, UNCONFIRMED_VARIABLE, USUAL_ASK.unconfirmed_places_a_day, BOUNDS),
    )
