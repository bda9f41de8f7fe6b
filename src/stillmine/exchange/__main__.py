# SPDX-License-Identifier: Apache-2.0
"""`python -m stillmine.exchange`: the same commands as `stillmine exchange`, without the other parts."""

import sys

from stillmine.exchange.commands.program import app
from stillmine.wire.errors import StillmineError

if __name__ == "__main__":
    try:
        app()
    except StillmineError as error:
        print(f"{error} [{error.code}]", file=sys.stderr)
        sys.exit(2)
