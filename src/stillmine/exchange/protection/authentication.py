# SPDX-License-Identifier: Apache-2.0
"""Which case a request may open. The key is looked at before any count, so that no number of wrong keys keeps the right one out.

The token is compared as a hash, in constant time, also where no case has the id. Every wrong key gets one answer, costs the same
comparison and is counted; nobody guesses 80 random bits, so the count only keeps the work of guessing small.
"""

import hashlib
import hmac

from django.http import HttpRequest

from stillmine.exchange.gate.limits import WRONG_CASE_KEYS, count_or_refuse
from stillmine.exchange.protection.queries import find_case
from stillmine.exchange.rows.cases import Case
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case_key import CaseCredentials, Secret, parse_authorization
from stillmine.wire.errors import CaseKeyMissingError, CaseNotFoundError

_NO_HASH = "0" * 64


def case_credentials(request: HttpRequest) -> CaseCredentials:
    """Return what the request shows; raises CaseKeyMissingError or CaseKeyMalformedError."""
    header = request.headers.get("Authorization", "")
    if not header:
        raise CaseKeyMissingError
    return parse_authorization(header)


def case_of(exchange: Context, credentials: CaseCredentials, network: str) -> Case:
    """Return the case that the credentials open; for wrong ones raises CaseNotFoundError, or TooManyAttemptsError after many of them."""
    case = find_case(credentials.case_id)
    is_right = hmac.compare_digest(case.token_hash if case else _NO_HASH, token_hash(credentials.token))
    if case is None or not is_right:
        count_or_refuse(exchange, WRONG_CASE_KEYS, network)
        raise CaseNotFoundError
    return case


def token_hash(token: Secret) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(bytes(token)).hexdigest()
