# SPDX-License-Identifier: Apache-2.0
"""One named transaction: all of an action is written, or nothing.

The name appears in the log when a transaction fails, without any value. A transaction never opens inside another.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from stillmine.exchange.context import Clock, to_minute
from stillmine.wire.errors import StillmineError

_log = logging.getLogger(__name__)


@contextmanager
def tx(name: str, clock: Clock) -> Iterator[datetime]:
    """Open the transaction `name` and yield its time, rounded down to the minute."""
    try:
        with transaction.atomic(durable=True):
            yield to_minute(clock())
    except StillmineError:
        raise
    except Exception as error:
        _log.warning("transaction %s was undone: %s", name, type(error).__name__)
        raise
