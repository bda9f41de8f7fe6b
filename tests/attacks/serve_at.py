# SPDX-License-Identifier: Apache-2.0
"""`stillmine exchange serve` by a clock that is wrong: for tests alone, no setting of the product can do this."""

import argparse
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path


@dataclass(frozen=True)
class WrongClock:
    """The machine's clock, and so many seconds; goes to the workers as it is."""

    seconds_ahead: int

    def __call__(self) -> datetime:
        from stillmine.exchange.web.app import system_clock

        return system_clock() + timedelta(seconds=self.seconds_ahead)


def main() -> None:
    from stillmine.exchange.running.serve import serve
    from stillmine.exchange.settings.config import Options, read_config

    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds-ahead", type=int)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--portal", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--workers", type=int)
    said = parser.parse_args()
    config = read_config(os.environ, said.home, Options(portal=said.portal, port=said.port, workers=said.workers))
    serve(config, WrongClock(said.seconds_ahead))


if __name__ == "__main__":
    main()
