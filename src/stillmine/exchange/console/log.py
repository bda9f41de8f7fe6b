# SPDX-License-Identifier: Apache-2.0
"""Every action is written before it is done, and its outcome after it. Nothing happens without a line.

What changes something is in the ledger too, in the same transaction as its line. Signing in is not: anybody could fill
the ledger with refused tries. The line is no part of the action's own transaction, so an action that was cut off leaves a
line that says `begun`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from stillmine.exchange.log.actions import record
from stillmine.exchange.rows.console import ActionOutcome, LogLine
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.ledger.entry import EventName
from stillmine.wire.errors import StillmineError

COMMAND_LINE = "command line"
"""Who acts where nobody is signed in: an operator's name can't be this."""


@contextmanager
def logged(exchange: Context, operator: str, action: str, target: str = "", is_in_ledger: bool = True) -> Iterator[None]:
    """Write that `operator` begins `action` on `target`, and how it ended."""
    with tx("console.log_begun", exchange.clock) as transaction:
        line = LogLine.objects.create(operator=operator, action=action, target=target, minute=transaction.now)
        if is_in_ledger:
            details = {"operator": operator, "action": action} | ({"target": target} if target else {})
            record(exchange, transaction, EventName.OPERATOR_ACTED, details=details)
    try:
        yield
    except StillmineError as error:
        _end(exchange, line, ActionOutcome.REFUSED, error.code)
        raise
    _end(exchange, line, ActionOutcome.DONE)


def _end(exchange: Context, line: LogLine, outcome: ActionOutcome, error_code: str = "") -> None:
    with tx("console.log_ended", exchange.clock):
        LogLine.objects.filter(id=line.id).update(outcome=outcome.value, error_code=error_code)
