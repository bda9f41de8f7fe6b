# SPDX-License-Identifier: Apache-2.0
"""What an operator decides about the log: how often it is published. `config.py` alone reads the environment."""

from collections.abc import Mapping
from datetime import timedelta

from stillmine.exchange.settings.intake import number_setting

PUBLISH_EVERY_VARIABLE = "STILLMINE_EXCHANGE_LEDGER_PUBLISH_EVERY_SECONDS"
BOUNDS = {PUBLISH_EVERY_VARIABLE: (1, 86_400)}

USUAL_PUBLISH_EVERY = timedelta(hours=6)


def publish_every(environment: Mapping[str, str]) -> timedelta:
    """Return the time between two publications; raises NotConfiguredError for what is no number in bounds."""
    usual = int(USUAL_PUBLISH_EVERY.total_seconds())
    return timedelta(seconds=number_setting(environment, PUBLISH_EVERY_VARIABLE, usual, BOUNDS))
