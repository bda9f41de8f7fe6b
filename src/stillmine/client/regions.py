# SPDX-License-Identifier: Apache-2.0
"""One ask about regions: rounds of a question and of looks, of which the exchange says when there is no more.

Neither input nor output: a client hands in each answer and is told what to send next. What an exchange answers is bounded and checked
here, because it may be hostile: it can't make a partner look for ever, nor name a match without an id.
"""

from dataclasses import dataclass

from stillmine.client import calls
from stillmine.client.calls import Call
from stillmine.client.errors import ExchangeAnswerError
from stillmine.wire.ask import NO_ID
from stillmine.wire.ask_regions import (
    HASHES_BYTES,
    MAXIMUM_MATCHED,
    MAXIMUM_ROUNDS,
    NO_LOOK,
    NO_MAP,
    RegionsAnswer,
    RegionsAsk,
    RegionsLook,
    RegionsOutcome,
    RegionsRow,
    Verdict,
)
from stillmine.wire.base64url import base64url_text


@dataclass(frozen=True, slots=True)
class RegionsFound:
    """What an ask about regions gave: a row for each of `matched`, in their order, and one for each fingerprint that the regions found.

    Verdicts are those of the whole ask. What was found and is clear is not among it.
    """

    matched: list[RegionsRow]
    found: list[RegionsRow]


class Rounds:
    """The requests of one ask about regions, and how their answers come together."""

    def __init__(self, ask: RegionsAsk) -> None:
        self._count = len(ask.matched)
        self._ids = [one.id for one in ask.matched]
        self._matched = [RegionsRow()] * self._count
        self._found: dict[str, RegionsRow] = {}
        self._rounds = 0
        self.first = calls.ask_regions(ask)

    def take(self, answer: RegionsAnswer) -> bytes | None:
        """Take an answer in; return the frames of the places to hash, None at the end. Raises ExchangeAnswerError."""
        for place, row in enumerate(answer.answers[:MAXIMUM_MATCHED]):
            self._take_matched(place, row)
        for row in answer.answers[MAXIMUM_MATCHED:]:
            self._take_found(row)
        if answer.look == NO_LOOK:
            return None
        self._rounds += 1
        if self._rounds > MAXIMUM_ROUNDS:
            raise ExchangeAnswerError("regions: more rounds than there are")
        return answer.frames

    def look(self, answer: RegionsAnswer, hashes: bytes) -> Call[RegionsAnswer]:
        """Return the request that tells what is at the places of an answer."""
        return calls.look_regions(RegionsLook(1, answer.look, base64url_text(hashes.ljust(HASHES_BYTES, b"\0"))))

    def end(self) -> RegionsFound:
        """Return what all answers say."""
        return RegionsFound(self._matched, list(self._found.values()))

    def _take_matched(self, place: int, row: RegionsRow) -> None:
        if place >= self._count:
            if row != RegionsRow():
                raise ExchangeAnswerError("regions: a row of nothing that was matched")
        elif row.id not in (NO_ID, self._ids[place]):
            raise ExchangeAnswerError("regions: a row of another match")
        elif row.verdict is not Verdict.NONE:
            self._matched[place] = row

    def _take_found(self, row: RegionsRow) -> None:
        if row.outcome is RegionsOutcome.CLEAR:
            return
        if row.id == NO_ID or row.map == NO_MAP:
            raise ExchangeAnswerError("regions: a match of nothing")
        before = self._found.get(row.id)
        if before is None or before.outcome is RegionsOutcome.PART:
            self._found[row.id] = row
