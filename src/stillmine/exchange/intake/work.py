# SPDX-License-Identifier: Apache-2.0
"""When opening a case needs proof of work, and which proofs hold. Nothing is stored of a challenge: spec/intake.md.

A challenge is of one case id. An id opens one case for ever, so a proof that was used can only repeat that opening.
"""

import hmac
import re
from datetime import datetime

from stillmine.exchange.context import Context, to_minute
from stillmine.exchange.intake.models import Guard
from stillmine.exchange.limits.actions import CASES_OPENED, count_everywhere
from stillmine.exchange.secret import derive
from stillmine.wire.errors import ProofOfWorkNeededError
from stillmine.wire.work import MAXIMUM_PROOF_CHARACTERS, is_solved

PARTS = 16
TERM_MINUTES = 10
GUARD_ID = 1
_STAMP_BYTES = 16
_CHALLENGE = re.compile(r"1\.([0-9]{1,10})\.([0-9]{1,2})\.([0-9]{1,2})\.[0-9a-f]{32}", re.ASCII)


def is_under_attack(exchange: Context) -> bool:
    """True while an operator says so, or more cases than the setting were opened in ten minutes."""
    return is_declared() or is_exceeded(exchange)


def is_declared() -> bool:
    """True while an operator says so."""
    return Guard.objects.filter(id=GUARD_ID, is_under_attack=True).exists()


def is_exceeded(exchange: Context) -> bool:
    """True while more cases than the setting were opened in the last ten minutes."""
    maximum = exchange.intake.cases_in_ten_minutes
    return maximum > 0 and count_everywhere(exchange, CASES_OPENED) > maximum


def require_work(exchange: Context, case_id: bytes, proof: str) -> None:
    """Raise ProofOfWorkNeededError with a new challenge where a proof is needed and is not there."""
    if not is_under_attack(exchange):
        return
    now = to_minute(exchange.clock())
    wrong = _what_is_wrong(exchange, case_id, proof, now)
    if wrong is None:
        return
    zero_bits = exchange.intake.work_zero_bits
    raise ProofOfWorkNeededError(_challenge(exchange, case_id, _minutes(now), PARTS, zero_bits), PARTS, zero_bits, wrong)


def _what_is_wrong(exchange: Context, case_id: bytes, proof: str, now: datetime) -> str | None:
    """Return what is wrong with a proof, the empty text where there is none, None where it holds."""
    if not proof:
        return ""
    challenge, _, numbers = proof.partition(" ")
    said = _CHALLENGE.fullmatch(challenge)
    if said is None or len(proof) > MAXIMUM_PROOF_CHARACTERS:
        return "the proof can't be read"
    issued, parts, zero_bits = (int(number) for number in said.groups())
    if not hmac.compare_digest(_challenge(exchange, case_id, issued, parts, zero_bits), challenge):
        return "the challenge was not made here for this case"
    if not 0 <= _minutes(now) - issued < TERM_MINUTES:
        return "the challenge is too old"
    return None if is_solved(challenge, parts, zero_bits, numbers) else "the proof does not solve the challenge"


def _challenge(exchange: Context, case_id: bytes, issued: int, parts: int, zero_bits: int) -> str:
    said = f"1.{issued}.{parts}.{zero_bits}"
    key = derive(exchange.secret, "stillmine/work-challenge/v1")
    stamp = hmac.digest(bytes(key), f"{said}.{case_id.hex()}".encode(), "sha256")
    return f"{said}.{stamp[:_STAMP_BYTES].hex()}"


def _minutes(at: datetime) -> int:
    return int(at.timestamp()) // 60
