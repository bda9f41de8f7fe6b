# SPDX-License-Identifier: Apache-2.0
"""A partner that remembers an upload, finds its case later, packs, and drops its days; killed at the step that the command line names."""

import os
import signal
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from stillmine.partner.older import days as days_module
from stillmine.partner.older import keys
from stillmine.partner.older.days import Days
from stillmine.partner.older.hour_file import HourFile
from stillmine.partner.screening.screening import Screening
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.store.older import OlderNotes
from stillmine.wire.kinds import Kind
from tests.partner.fake_exchange import FakeExchange
from tests.partner.older_parts import DAY, HOUR, TWO_DAYS, RememberingPartner
from tests.partner.partner_parts import Clock

FILE = b"any file, also one that can't be read"


def die(*_arguments: object, **_more: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(function: Callable[..., Any]) -> Callable[..., Any]:
    def done(*arguments: Any, **more: Any) -> None:
        function(*arguments, **more)
        die()

    return done


STEPS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "key made": (days_module, "make_day_key", after(keys.make_day_key)),
    "appended": (Days, "append", after(Days.append)),
    "looked up again": (Screening, "keep_older", die),
    "recorded": (OlderNotes, "looked_for", die),
    "packed beside": (HourFile, "write_new", after(HourFile.write_new)),
    "packed": (days_module, "sync_folder", die),
    "key overwritten": (keys, "sync_folder", die),
    "asked": (OlderNotes, "note_asked", die),
}
"""Where it is killed: what is replaced, and by what."""

LATE = {"packed beside", "packed", "key overwritten"}
"""These begin when the upload is there already."""


def main(home: Path, step: str) -> None:
    exchange, clock = FakeExchange(), Clock()
    place, name, replacement = STEPS[step]
    if step not in LATE:
        setattr(place, name, replacement)
    partner = RememberingPartner(home, exchange, clock, TWO_DAYS, WayChoice.ASK if step == "asked" else WayChoice.LIST)
    partner.round()
    partner.screen(FILE)
    if step in LATE:
        partner.screen(FILE + b"2", "post 8")
        partner.screen(FILE + b"3", "post 9")
        setattr(place, name, replacement)
        clock.move(4 * DAY if step == "key overwritten" else 2 * HOUR)
        partner.work()
    exchange.add("f", sha256(FILE).digest(), Kind.SHA256)
    partner.round()
    clock.move(DAY + HOUR)
    partner.round()
    partner.work()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
