# SPDX-License-Identifier: Apache-2.0
"""Screen files inside this process, and decide about what matched.

STILLMINE_PARTNER_KEY=… python examples/screener.py https://exchange.example HOME FILE…
"""

import sys
from pathlib import Path

from stillmine.partner import Screener
from stillmine.wire.screen import Decision, Review, ScreenOutcome


def main(exchange: str, home: str, files: list[Path]) -> None:
    with Screener(home, exchange) as screener:
        screener.wait_until_fresh(60)
        for number, file in enumerate(files):
            result = screener.screen(file, content_id=f"post {number}", uploader="account 7")
            if result.outcome is ScreenOutcome.NO_MATCH:
                print(f"{file.name}: publish")
            elif result.outcome is ScreenOutcome.MATCH:
                print(f"{file.name}: hold it, and ask a reviewer")
            else:
                print(f"{file.name}: hold it, and send it again [{result.reason}]")
        for match in screener.matches().matches:  # a reviewer looked at them
            screener.review(match.match_id, Review(version=1, decision=Decision.REMOVED))
            print(f"{match.content_id}: removed")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], [Path(name) for name in sys.argv[3:]])
