# SPDX-License-Identifier: Apache-2.0
"""Sign in, enrol, sign out. Whatever was wrong, the answer is one and the work is the same.

Wrong tries are counted for their network and for a name from that network, never for a name alone: whoever knows an operator's name could
else keep them out for ever. A try is counted before anything is compared, so that many at once are no more than the limit, and taken back
where it was right. A code's step is taken by a conditional update, so that one code opens one session even when it is sent twice at the
same moment.
"""

import hmac

from stillmine.exchange.console.errors import CodeWrongError, EnrolmentRefusedError, SignInBusyError, SignInRefusedError
from stillmine.exchange.console.log import logged
from stillmine.exchange.console.operators import enrolment_hash
from stillmine.exchange.console.passwords import NO_PASSWORD, is_password, password_hash
from stillmine.exchange.console.sessions import begin_session
from stillmine.exchange.console.totp import SECRET_BYTES, matching_step, seal, unseal
from stillmine.exchange.gate.limits import Limit, count_all_or_refuse, count_or_refuse, take_back
from stillmine.exchange.ground.names import name_key
from stillmine.exchange.ground.secret import derive
from stillmine.exchange.rows.console import Operator, Purpose, Session
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.wire.case_key import Secret

SIGN_IN_BY_NAME = Limit("console_sign_in_name", 10)
SIGN_IN_BY_NETWORK = Limit("console_sign_in_network", 20)
ENROL_BY_NETWORK = Limit("console_enrol_network", 20)
"""Wrong enrolment codes; a right one is never refused for them, because one fast hash is all that it costs."""

_NO_HASH = "0" * 64
_NO_SECRET = Secret(bytes(SECRET_BYTES))


def sign_in(exchange: Context, name: str, password: str, code: str, network: str) -> str:
    """Return the token of a new session; raises SignInRefusedError, SignInBusyError or TooManyAttemptsError."""
    tries = [(SIGN_IN_BY_NAME, _name_count_key(exchange, name, network)), (SIGN_IN_BY_NETWORK, network)]
    minute = count_all_or_refuse(exchange, tries)
    try:
        token = _sign_in(exchange, name, password, code)
    except SignInBusyError:
        take_back(exchange, tries, minute)
        raise
    take_back(exchange, tries, minute)
    return token


def _sign_in(exchange: Context, name: str, password: str, code: str) -> str:
    operator = Operator.objects.filter(name_key=name_key(name), enrolled_at__isnull=False).first()
    with logged(exchange, operator.name if operator else "", "signed_in", is_in_ledger=False):
        stored = (operator and operator.password_hash) or NO_PASSWORD
        is_right = is_password(stored, password)
        secret = unseal(exchange, operator.totp_sealed, operator.random_id) if operator and operator.totp_sealed else _NO_SECRET
        step = matching_step(secret, code, exchange.clock())
        if operator is None or not is_right or step is None:
            raise SignInRefusedError
        return _open_session(exchange, operator, stored, step)


def sign_out(exchange: Context, session: Session) -> None:
    """End the session."""
    with logged(exchange, session.operator.name, "signed_out", is_in_ledger=False), tx("console.sign_out", exchange.clock):
        Session.objects.filter(id=session.id).delete()


def begin_enrolment(exchange: Context, name: str, code: str, network: str) -> str:
    """Make a second factor for whoever holds the enrolment code; returns the token of a session that can only enrol.

    Raises EnrolmentRefusedError or TooManyAttemptsError.
    """
    operator = Operator.objects.filter(name_key=name_key(name), enrolment_hash__isnull=False).first()
    if not _is_enrolment_code(operator, code):
        count_or_refuse(exchange, ENROL_BY_NETWORK, network)
    with (
        logged(exchange, operator.name if operator else "", "enrolment_begun", is_in_ledger=False),
        tx("console.begin_enrolment", exchange.clock) as transaction,
    ):
        is_right = _is_enrolment_code(operator, code)
        if operator is None or not is_right or operator.enrolment_until is None or transaction.now >= operator.enrolment_until:
            raise EnrolmentRefusedError
        sealed = seal(exchange, exchange.random_bytes(SECRET_BYTES), operator.random_id)
        changed = Operator.objects.filter(id=operator.id, enrolment_hash=operator.enrolment_hash).update(totp_sealed=sealed, totp_step=0)
        if changed != 1:
            raise EnrolmentRefusedError
        Session.objects.filter(operator=operator).delete()
        return begin_session(exchange, transaction, operator, Purpose.ENROLLING)


def finish_enrolment(exchange: Context, session: Session, password: str, repeated: str, code: str) -> str:
    """Store the password once the app shows the right code; returns the token of a whole session.

    Raises PasswordUnfitError or CodeWrongError, and EnrolmentRefusedError where the code was used up meanwhile.
    """
    operator = session.operator
    with logged(exchange, operator.name, "enrolled", is_in_ledger=False):
        stored = password_hash(password, repeated, exchange.random_bytes(16))
        step = matching_step(enrolling_secret(exchange, session), code, exchange.clock())
        if step is None:
            raise CodeWrongError
        with tx("console.finish_enrolment", exchange.clock) as transaction:
            waiting = Operator.objects.filter(id=operator.id, totp_sealed=operator.totp_sealed, enrolment_hash__isnull=False)
            changes = {"password_hash": stored, "enrolled_at": transaction.now, "totp_step": step, "signed_in_at": transaction.now}
            if waiting.update(**changes, enrolment_hash=None, enrolment_until=None) != 1:
                raise EnrolmentRefusedError
            Session.objects.filter(operator=operator).delete()
            return begin_session(exchange, transaction, operator, Purpose.SIGNED_IN)


def enrolling_secret(exchange: Context, session: Session) -> Secret:
    """Return the second factor that an enrolling session is to be shown."""
    if session.purpose != Purpose.ENROLLING or session.operator.totp_sealed is None:
        raise EnrolmentRefusedError
    return unseal(exchange, session.operator.totp_sealed, session.operator.random_id)


def _open_session(exchange: Context, operator: Operator, stored: str, step: int) -> str:
    """Take the code's step and begin the session together; neither where the step was taken or the operator changed."""
    with tx("console.sign_in", exchange.clock) as transaction:
        same = Operator.objects.filter(id=operator.id, password_hash=stored, totp_step__lt=step)
        if same.update(totp_step=step, signed_in_at=transaction.now) != 1:
            raise SignInRefusedError
        return begin_session(exchange, transaction, operator, Purpose.SIGNED_IN)


def _is_enrolment_code(operator: Operator | None, code: str) -> bool:
    return hmac.compare_digest((operator and operator.enrolment_hash) or _NO_HASH, enrolment_hash(code)) and operator is not None


def _name_count_key(exchange: Context, name: str, network: str) -> str:
    """What tries for a name from a network are counted under: keyed, changing daily, because a password may have been typed there."""
    key_of_the_day = derive(exchange.secret, "stillmine/console-limits/v1", exchange.clock().date().isoformat().encode())
    return hmac.digest(bytes(key_of_the_day), f"{network} {name_key(name)}".encode(), "sha256").hex()
