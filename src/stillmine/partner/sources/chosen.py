# SPDX-License-Identifier: Apache-2.0
"""Where uploads are looked up: one exchange, or the sources of a file."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from stillmine.client.settings import ExchangeSettings, exchange_settings
from stillmine.partner.screening.sources import Policy
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.sources.file import SourceChoice, read_sources
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import RegionsChoice


class Chosen(NamedTuple):
    """The exchange and how it is used, and the sources beside it."""

    settings: ExchangeSettings
    way: WayChoice
    regions: RegionsChoice
    policy: Policy
    further: list[SourceChoice]


def chosen_sources(config: Path | None, exchange: str | None, key_file: Path | None, way: WayChoice, regions: RegionsChoice) -> Chosen:
    """Return what options or the file say; raises NotConfiguredError that names everything which is wrong."""
    if config is None:
        return Chosen(exchange_settings(exchange, key_file), way, regions, Policy(), [])
    if exchange is not None or key_file is not None or way is not WayChoice.AUTO:
        raise NotConfiguredError("--config: the file names every source; leave out --exchange, --key-file, --way and their variables")
    own, *further = read_sources(config)
    if own.exchange is None:
        raise NotConfiguredError("--config: the exchange has no url and key_file")
    further = [replace(one, regions=one.regions or regions) for one in further]
    return Chosen(own.exchange, own.way, own.regions or regions, own.policy, further)
