# SPDX-License-Identifier: Apache-2.0
"""What an operator says of several instances. Contract: spec/instances.md.

Must never take a key as an option: a command line can be read by everyone on the machine.
"""

import logging
import os
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from starlette.applications import Starlette

from stillmine.client.private_file import read_private
from stillmine.client.settings import ExchangeSettings
from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.ground.errors import LeaderAwayError
from stillmine.partner.hma.doors import HmaChoice
from stillmine.partner.hma.own_banks import with_own_banks
from stillmine.partner.instances.leader import Leader, LeaderAddress
from stillmine.partner.instances.messages import Welcome
from stillmine.partner.service.follower import build_follower, joined
from stillmine.partner.sources.chosen import Chosen
from stillmine.partner.sources.file import SourceChoice
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError

DRAIN_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 2.0
KEY_BYTES = 32
LEAST_KEY_SIGNS = 32
_PREFIX = b"smi_"

log = logging.getLogger("stillmine.partner")

_PANEL = "Several instances"

KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--instances-key-file",
        rich_help_panel=_PANEL,
        help="Let other instances follow this one that show the key in this file (0600), which is made if missing. None may without it.",
    ),
]
Follow = Annotated[
    str | None,
    typer.Option(
        "--follow",
        rich_help_panel=_PANEL,
        help="Address of the leading instance, https:// (http:// only on this machine); no store is kept here.",
    ),
]
FollowKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--follow-key-file", rich_help_panel=_PANEL, help="File (0600) with a copy of the key in the leader's `--instances-key-file`."
    ),
]
FollowInsecure = Annotated[
    bool,
    typer.Option(
        "--follow-insecure",
        rich_help_panel=_PANEL,
        help="Follow by http:// beyond this machine: keys and fingerprints travel in clear there.",
    ),
]
Drain = Annotated[
    float | None,
    typer.Option(
        "--drain-seconds",
        min=0,
        max=600,
        rich_help_panel=_PANEL,
        help="After it is told to stop: seconds in which `/readyz` says so and uploads are still answered. Several instances: 5, one: 0.",
    ),
]


@dataclass(frozen=True, slots=True)
class Following:
    """Which leader is followed, if any."""

    url: str | None
    key_file: Path | None
    is_insecure: bool
    instances_key_file: Path | None

    def require_alone(self, wanted: Chosen, *, has_more: bool) -> None:
        """Raise NotConfiguredError for what several instances don't do; `has_more`: webhooks or further routes are wanted, too."""
        if wanted.further and (self.url is not None or self.instances_key_file is not None):
            raise NotConfiguredError("--config: several instances look uploads up at one exchange so far; leave the other sources out")
        if self.url is None:
            if self.key_file is not None or self.is_insecure:
                raise NotConfiguredError("--follow: the address of the leader that the other options of following are about")
            return
        if self.key_file is None:
            raise NotConfiguredError("--follow-key-file: missing; give a copy of the leader's --instances-key-file")
        if self.instances_key_file is not None or has_more:
            raise NotConfiguredError("--follow: no --instances-key-file, webhooks, --hma, review page or Coop here; the leader has them")

    def application(self, home: Path, wanted: Chosen, threads: int, sources: AllowedSources, *, needs_sandbox: bool) -> Starlette | None:
        """Return the service of a follower, once the leader has answered, None where none is followed; raises NotConfiguredError."""
        if self.url is None or self.key_file is None:
            return None
        leader = Leader(LeaderAddress(self.url, _read(self.key_file, "--follow-key-file"), self.is_insecure))
        return build_follower(
            home,
            wanted.settings,
            leader,
            _welcome(leader, wanted.settings),
            threads,
            needs_sandbox=needs_sandbox,
            regions=wanted.regions,
            sources=sources,
            policy=wanted.policy,
        )

    def with_own_banks(self, hma: HmaChoice, further: Sequence[SourceChoice]) -> Sequence[SourceChoice]:
        """Return the sources with the banks that HMA's clients make, which several instances don't have; raises NotConfiguredError."""
        return further if self.instances_key_file is not None else with_own_banks(hma, further)

    def instances_key(self) -> Secret | None:
        """Return the key that followers must show, made if it is missing, None where none may follow; raises NotConfiguredError."""
        return None if self.instances_key_file is None else _made(self.instances_key_file)

    def seconds_to_drain(self, said: float | None) -> float:
        """Return how long to go on after a signal."""
        is_one_of_several = self.url is not None or self.instances_key_file is not None
        return said if said is not None else DRAIN_SECONDS if is_one_of_several else 0.0


def _welcome(leader: Leader, settings: ExchangeSettings) -> Welcome:
    """Wait until the leader answers; raises the StillmineError of a refusal."""
    is_said = False
    while True:
        try:
            return joined(leader, settings)
        except LeaderAwayError as error:
            if not is_said:
                log.warning(
                    "waiting for the leader: it does not answer as one yet (%s); --follow must name a running service with "
                    "--instances-key-file [%s]",
                    error.detail,
                    error.code,
                )
            is_said = True
            time.sleep(LOOK_AGAIN_SECONDS)


def _read(path: Path, name: str) -> Secret:
    key = read_private(path, name)
    if not key.startswith(_PREFIX) or len(key) < LEAST_KEY_SIGNS or not key.isascii():
        raise NotConfiguredError(f"{name}: not a key of instances; it starts with smi_, and the leader makes it")
    return Secret(key)


def _made(path: Path) -> Secret:
    """Return the key in this file, which is made if it is missing."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _read(path, "--instances-key-file")
    except OSError as error:
        raise NotConfiguredError(f"--instances-key-file: can't be made ({error.strerror})") from None
    with os.fdopen(descriptor, "wb") as file:
        key = _PREFIX + urlsafe_b64encode(os.urandom(KEY_BYTES)).rstrip(b"=")
        file.write(key + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return Secret(key)
