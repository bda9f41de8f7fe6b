# SPDX-License-Identifier: Apache-2.0
"""Who the operators are: made, reset and removed on the command line of the machine, and nowhere else.

An enrolment code is returned once and stored as a hash.
"""

import base64
import hashlib
from datetime import timedelta

from stillmine.exchange.console.log import COMMAND_LINE, logged
from stillmine.exchange.ground.names import checked_name, name_key, require_no_look_alike
from stillmine.exchange.rows.console import Operator, Role, Session
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import Transaction, tx
from stillmine.wire.errors import NotConfiguredError

ENROLMENT_TERM = timedelta(hours=24)

_ENROLMENT_BYTES = 15


def add_operator(exchange: Context, name: str, role: Role) -> tuple[Operator, str]:
    """Add an operator; returns the enrolment code, which is not kept. Raises NotConfiguredError for the name."""
    kept = checked_name("operator", name)
    require_no_look_alike("operator", kept, [COMMAND_LINE])
    with logged(exchange, COMMAND_LINE, "operator_added", kept), tx("console.add_operator", exchange.clock) as transaction:
        if Operator.objects.filter(name_key=name_key(kept)).exists():
            raise NotConfiguredError("operator name: an operator with this name already exists; `operator reset` makes a new code")
        require_no_look_alike("operator", kept, Operator.objects.values_list("name", flat=True))
        row = Operator(
            random_id=exchange.random_bytes(16).hex(), name=kept, name_key=name_key(kept), role=role.value, created_at=transaction.now
        )
        return row, _open_enrolment(exchange, transaction, row)


def reset_operator(exchange: Context, name: str) -> tuple[Operator, str]:
    """Take password, second factor and sessions away; returns a new enrolment code. Raises NotConfiguredError."""
    with logged(exchange, COMMAND_LINE, "operator_reset", _known_name(name)), tx("console.reset_operator", exchange.clock) as transaction:
        row = _find_operator(name)
        row.enrolled_at = row.password_hash = row.totp_sealed = None
        Session.objects.filter(operator=row).delete()
        return row, _open_enrolment(exchange, transaction, row)


def remove_operator(exchange: Context, name: str) -> None:
    """Delete an operator with their sessions; their lines in the log stay. Raises NotConfiguredError."""
    with logged(exchange, COMMAND_LINE, "operator_removed", _known_name(name)), tx("console.remove_operator", exchange.clock):
        _find_operator(name).delete()


def enrolment_hash(code: str) -> str:
    """Return what is stored of an enrolment code; how it is spaced or written large or small does not matter."""
    plain = "".join(sign for sign in code.upper() if sign.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def _open_enrolment(exchange: Context, transaction: Transaction, row: Operator) -> str:
    text = base64.b32encode(exchange.random_bytes(_ENROLMENT_BYTES)).decode()
    code = "-".join(text[start : start + 4] for start in range(0, len(text), 4))
    row.enrolment_hash, row.enrolment_until = enrolment_hash(code), transaction.now + ENROLMENT_TERM
    row.save()
    return code


def _known_name(name: str) -> str:
    """The name as it is kept, for the log; nothing of a name that nobody has."""
    return Operator.objects.filter(name_key=name_key(name)).values_list("name", flat=True).first() or ""


def _find_operator(name: str) -> Operator:
    row = Operator.objects.filter(name_key=name_key(name)).first()
    if row is None:
        raise NotConfiguredError("operator name: no operator has this name; `operator list` shows them")
    return row
