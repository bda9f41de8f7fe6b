# SPDX-License-Identifier: Apache-2.0
"""What an operator decides about the feed, as values. `config.py` alone reads them from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass

from stillmine.exchange.settings.intake import number_setting

TICK_VARIABLE = "STILLMINE_EXCHANGE_FEED_TICK_SECONDS"

BOUNDS = {TICK_VARIABLE: (1, 3600)}


@dataclass(frozen=True)
class FeedSettings:
    """`tick_seconds`: additions appear in the feed together, at whole multiples of this since 1970."""

    tick_seconds: int = 120


USUAL_FEED = FeedSettings()


def feed_settings(environment: Mapping[str, str]) -> FeedSettings:
    """Return the settings; raises NotConfiguredError for what is no number in bounds."""
    return FeedSettings(number_setting(environment, TICK_VARIABLE, USUAL_FEED.tick_seconds, BOUNDS))
