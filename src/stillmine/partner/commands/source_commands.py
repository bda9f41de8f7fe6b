# SPDX-License-Identifier: Apache-2.0
"""The option that names a file of sources, and what commands other than `serve` make of it.

A command that does not know all that the file names must say so, and never do a part of it in silence.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from stillmine.client.settings import ExchangeSettings, exchange_settings
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.sources import Policy
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.opened import opened_screening
from stillmine.partner.sources.chosen import Chosen, chosen_sources
from stillmine.partner.sources.file import SourceChoice
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import RegionsChoice

Config = Annotated[
    Path | None,
    typer.Option(envvar="STILLMINE_PARTNER_CONFIG", help="File (TOML) with several sources, instead of --exchange, --key-file and --way."),
]


class ForFiles(NamedTuple):
    """Where files from the command line are looked up; `settings` returns the exchange, None where none is named and a list may do."""

    settings: Callable[[], ExchangeSettings | None]
    way: WayChoice
    regions: RegionsChoice
    policy: Policy = Policy()
    further: Sequence[SourceChoice] = ()

    def require_one(self) -> "ForFiles":
        """Return it where it is one exchange, of which everything counts; raises NotConfiguredError."""
        _require_one(self.policy, self.further, "give --exchange and --key-file instead, and only that exchange is looked up")
        return self

    def opened(self, home: Path, *, needs_sandbox: bool, max_age_hours: int) -> AbstractContextManager[Screening]:
        """Open what screening one file after the other needs."""
        return opened_screening(
            home,
            1,
            self.settings,
            self.way,
            needs_sandbox=needs_sandbox,
            regions=self.regions,
            max_age_hours=max_age_hours,
            policy=self.policy,
            further=self.further,
        )


def for_files(config: Path | None, exchange: str | None, key_file: Path | None, way: WayChoice, regions: RegionsChoice) -> ForFiles:
    """Return what options or the file say; raises NotConfiguredError for what is wrong with the file."""
    if config is None:
        return ForFiles(lambda: _settings_where_needed(exchange, key_file, way), way, regions)
    chosen = chosen_sources(config, exchange, key_file, way, regions)
    return ForFiles(lambda: chosen.settings, chosen.way, chosen.regions, chosen.policy, chosen.further)


def one_exchange(config: Path | None, exchange: str | None, key_file: Path | None, way: WayChoice) -> Chosen:
    """Return the one exchange that options or the file name; raises NotConfiguredError where there are more."""
    chosen = chosen_sources(config, exchange, key_file, way, RegionsChoice.ALL)
    _require_one(chosen.policy, chosen.further, "`serve` keeps all of them in step")
    return chosen


def _require_one(policy: Policy, further: Sequence[SourceChoice], instead: str) -> None:
    if further or policy != Policy():
        raise NotConfiguredError(f"--config: this command knows one exchange, and the file names more, or rules for it; {instead}")


def _settings_where_needed(exchange: str | None, key_file: Path | None, way: WayChoice) -> ExchangeSettings | None:
    is_needed = way in (WayChoice.ASK, WayChoice.BOTH) or exchange is not None
    return exchange_settings(exchange, key_file) if is_needed else None
