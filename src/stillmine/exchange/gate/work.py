# SPDX-License-Identifier: Apache-2.0
"""When opening a case or adding to one needs proof of work, how much, and which proofs hold. Nothing is stored of a challenge.

Nobody is refused here for what others of their network did: more from a network than is usual costs work, and more again costs more.
A challenge is of one message of one case, so a proof that was used can only repeat that message. Contract: spec/intake.md.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from stillmine.exchange.gate.limits import CASES_OPENED, FINGERPRINTS_ADDED, Count, counts
from stillmine.exchange.ground.secret import derive
from stillmine.exchange.rows.intake import Guard
from stillmine.exchange.transaction.context import Context, to_minute
from stillmine.wire.case import AddFingerprints, OpenCase
from stillmine.wire.codec import encode
from stillmine.wire.errors import ProofOfWorkNeededError
from stillmine.wire.work import MAXIMUM_PROOF_CHARACTERS, MAXIMUM_ZERO_BITS, is_solved

MINIMUM_PARTS = 16
PARTS_FOR_TEN_FINGERPRINTS = 4
"""Up to forty fingerprints, a dozen files, cost no more than one."""

MAXIMUM_DOUBLINGS = 5
TERM_MINUTES = 10
GUARD_ID = 1
_STAMP_BYTES = 16
_CHALLENGE = re.compile(r"2\.([0-9]{1,10})\.([0-9]{1,3})\.([0-9]{1,2})\.[0-9a-f]{32}", re.ASCII)


class Request(StrEnum):
    """What a proof is for."""

    OPEN = "open"
    ADD = "add"


@dataclass(frozen=True)
class Wanted:
    """What somebody wants to do to a case, and the key under which their network is counted."""

    request: Request
    case_id: str
    message: OpenCase | AddFingerprints
    network: str
    withdrawn: int = 0
    """How many fingerprints of the case are withdrawn: what was added with a proof and withdrawn can't be added with it again."""

    @property
    def parts(self) -> int:
        """How many parts the work has."""
        tens = (len(self.message.fingerprints) + 9) // 10
        return max(MINIMUM_PARTS, PARTS_FOR_TEN_FINGERPRINTS * tens)

    @property
    def bound_to(self) -> str:
        """What a challenge is of. The message is taken as it is written here, whatever spaces it came with."""
        return f"{self.request}.{self.case_id}.{self.withdrawn}.{hashlib.sha256(encode(self.message)).hexdigest()}"


def is_under_attack(exchange: Context) -> bool:
    """True while an operator says so, or more was sent in ten minutes than the settings allow."""
    return is_declared() or is_exceeded(exchange)


def is_declared() -> bool:
    """True while an operator says so."""
    return Guard.objects.filter(id=GUARD_ID, is_under_attack=True).exists()


def is_exceeded(exchange: Context) -> bool:
    """True while everybody together opened more cases, or added more fingerprints, in the last ten minutes than the settings allow."""
    return _load(exchange, _counted(exchange, "")) > 1


def require_work(exchange: Context, wanted: Wanted, proof: str) -> None:
    """Raise ProofOfWorkNeededError with a new challenge where a proof is needed and is not there."""
    load = _load(exchange, _counted(exchange, wanted.network))
    if load <= 1 and not is_declared():
        return
    now = to_minute(exchange.clock())
    wrong = _what_is_wrong(exchange, wanted, proof, now)
    if wrong is None:
        return
    zero_bits = min(exchange.intake.work_zero_bits + _doublings(load), MAXIMUM_ZERO_BITS)
    challenge = _challenge(exchange, wanted.bound_to, _minutes(now), wanted.parts, zero_bits)
    raise ProofOfWorkNeededError(challenge, wanted.parts, zero_bits, wrong)


def _counted(exchange: Context, network: str) -> dict[str, Count]:
    return counts(exchange, (CASES_OPENED, FINGERPRINTS_ADDED), network)


def _load(exchange: Context, counted: dict[str, Count]) -> float:
    """Return how many times the tightest limit is used: of everybody for the settings, of the network for its own."""
    cases, fingerprints = counted[CASES_OPENED.what], counted[FINGERPRINTS_ADDED.what]
    used = [
        (cases.everybody, exchange.intake.cases_in_ten_minutes),
        (fingerprints.everybody, exchange.intake.fingerprints_in_ten_minutes),
        (cases.network, CASES_OPENED.maximum),
        (fingerprints.network, FINGERPRINTS_ADDED.maximum),
    ]
    return max((count / maximum for count, maximum in used if maximum), default=0.0)


def _doublings(load: float) -> int:
    """One for each doubling of the load: 1 at twice the limit, 2 at four times."""
    return min(max(int(load).bit_length() - 1, 0), MAXIMUM_DOUBLINGS)


def _what_is_wrong(exchange: Context, wanted: Wanted, proof: str, now: datetime) -> str | None:
    """Return what is wrong with a proof, the empty text if there is none, None where it holds."""
    if not proof:
        return ""
    challenge, _, numbers = proof.partition(" ")
    stamped = _CHALLENGE.fullmatch(challenge)
    if stamped is None or len(proof) > MAXIMUM_PROOF_CHARACTERS:
        return "the proof can't be read"
    issued, parts, zero_bits = (int(number) for number in stamped.groups())
    if not hmac.compare_digest(_challenge(exchange, wanted.bound_to, issued, parts, zero_bits), challenge):
        return "the challenge was not made here for this message of this case"
    if not 0 <= _minutes(now) - issued < TERM_MINUTES:
        return "the challenge is too old"
    return None if is_solved(challenge, parts, zero_bits, numbers) else "the proof does not solve the challenge"


def _challenge(exchange: Context, bound_to: str, issued: int, parts: int, zero_bits: int) -> str:
    fields = f"2.{issued}.{parts}.{zero_bits}"
    key = derive(exchange.secret, "stillmine/work-challenge/v2")
    stamp = hmac.digest(bytes(key), f"{fields}.{bound_to}".encode(), "sha256")
    return f"{fields}.{stamp[:_STAMP_BYTES].hex()}"


def _minutes(at: datetime) -> int:
    return int(at.timestamp()) // 60
