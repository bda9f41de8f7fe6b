# SPDX-License-Identifier: Apache-2.0
"""Every request that a partner makes, and what its answer means: all of the client that is not input and output.

A call says what is sent, how large its answer may be, how it is read, and whether it may be sent again where its connection broke: only
where a repetition changes nothing, because nobody knows how far the first one came. Each answer is decoded as exactly one message.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

import msgspec

from stillmine.client.errors import ExchangeAnswerError
from stillmine.client.refusals import http_date, refusal
from stillmine.wire.ask import (
    BINARY_CONTENT_TYPE,
    NO_TAGS,
    Answer,
    AskQuery,
    ExchangeStatus,
    Outcome,
    decode_answer,
    encode_ask,
)
from stillmine.wire.ask_regions import RegionsAnswer, RegionsAsk, RegionsLook
from stillmine.wire.codec import decode, encode
from stillmine.wire.errors import MethodNotAllowedError, NotFoundError, StillmineError
from stillmine.wire.feed import MAXIMUM_PAGE_BYTES, MAXIMUM_PAGE_ENTRIES, AcknowledgeFeed, FeedPage
from stillmine.wire.feedback import Feedback, FeedbackReceipt, SubmitFeedback
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.submission import SubmissionReceipt, SubmitFingerprints, WithdrawalReceipt, WithdrawSubmissions
from stillmine.wire.vote import SubmitVotes, Vote

MAXIMUM_ANSWER_BYTES = 64 * 1024
"""Of every answer but a page of the feed; the longest names 1,000 ids."""

_JSON = "application/json"
_TAGS = "sf"
_CLEAR = Answer()

_NO_SUCH_ADDRESS = (NotFoundError.status, MethodNotAllowedError.status)

Message = TypeVar("Message")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, read as it came: what was packed to swell on arrival is not unpacked. `headers` are looked up in any case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: bytes = field(repr=False)


class DatedStatus(NamedTuple):
    """How the exchange stands, and its clock when it said so, None where the answer has no date."""

    status: ExchangeStatus
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Call(Generic[Result]):
    """One request; `result` reads its answer."""

    method: str
    path: str
    read: Callable[[HttpAnswer], Result]
    is_repeatable: bool
    parameters: dict[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    content_type: str = _JSON
    maximum_answer_bytes: int = MAXIMUM_ANSWER_BYTES
    places: Sequence[int] | None = field(default=None, repr=False)
    """Where the queries of this request stood among those that were asked about, if elsewhere."""
    unknown: type[StillmineError] | None = None
    """What it means that the exchange knows no such address, because it is of before there was one."""
    begins_late: bool = False
    """Whether the exchange may be silent for long before the first byte of its answer."""

    def result(self, answer: HttpAnswer) -> Result:
        """Return what was answered; raises the StillmineError of a refusal, or ExchangeAnswerError."""
        if self.unknown is not None and answer.status in _NO_SUCH_ADDRESS:
            raise self.unknown
        if not 200 <= answer.status < 300:
            raise refusal(answer.status, answer.headers, answer.data, self.places)
        try:
            return self.read(answer)
        except StillmineError as error:
            raise ExchangeAnswerError(error.detail) from None


def status() -> Call[ExchangeStatus]:
    """Ask how the exchange stands, and what this key may do."""
    return Call("GET", "/api/v1/status", _reader(ExchangeStatus), is_repeatable=True)


def dated_status() -> Call[DatedStatus]:
    """Ask for the same, and keep the date of the answer."""
    read = _reader(ExchangeStatus)
    return Call(
        "GET", "/api/v1/status", lambda answer: DatedStatus(read(answer), http_date(answer.headers.get("Date", ""))), is_repeatable=True
    )


def ask(queries: Sequence[AskQuery], places: Sequence[int] | None = None) -> Call[list[Answer]]:
    """Ask about what fits one request. With upload tokens a repetition counts queries twice and nothing else; without, uploads too."""
    return Call(
        "POST",
        "/api/v1/ask",
        lambda answer: _answers(answer.data, len(queries)),
        is_repeatable=all(query.upload_token is not None for query in queries),
        body=encode_ask(queries),
        content_type=BINARY_CONTENT_TYPE,
        places=places,
    )


def ask_regions(message: RegionsAsk) -> Call[RegionsAnswer]:
    """Ask about the regions of one upload. With an upload token a repetition counts its views twice and nothing else."""
    call = _posted("/api/v1/ask/regions", message, _reader(RegionsAnswer), is_repeatable=message.upload_token is not None)
    return replace(call, unknown=NotFoundError)


def look_regions(message: RegionsLook) -> Call[RegionsAnswer]:
    """Say what is at the places of an answer; saying it twice is saying it. An exchange that gave places knows the address."""
    return _posted("/api/v1/ask/regions/look", message, _reader(RegionsAnswer), is_repeatable=True)


def snapshot() -> Call[None]:
    """Open the snapshot, which is read as it comes. Never repeated: some of it may be in use by then."""
    return Call("GET", "/api/v1/feed/snapshot", _nothing, is_repeatable=False, begins_late=True)


def feed_page(cursor: str | None) -> Call[FeedPage]:
    """Fetch the page after `cursor`, or the first one."""
    parameters = {"limit": str(MAXIMUM_PAGE_ENTRIES)} | ({} if cursor is None else {"cursor": cursor})
    read = _reader(FeedPage, MAXIMUM_PAGE_BYTES)
    return Call("GET", "/api/v1/feed", read, is_repeatable=True, parameters=parameters, maximum_answer_bytes=MAXIMUM_PAGE_BYTES)


def acknowledge(cursor: str) -> Call[None]:
    """Say that everything up to `cursor` is applied; saying it twice is saying it."""
    return _posted("/api/v1/feed/acknowledgements", AcknowledgeFeed(version=1, cursor=cursor), _nothing, is_repeatable=True)


def acknowledge_erased() -> Call[None]:
    """Say that nothing of the list is left; saying it twice is saying it."""
    return _posted("/api/v1/feed/acknowledgements", AcknowledgeFeed(version=1, is_erased=True), _nothing, is_repeatable=True)


def submit_feedback(feedback: list[Feedback]) -> Call[FeedbackReceipt]:
    """Hand over reports; their ids make a repetition harmless."""
    return _posted("/api/v1/feedback", SubmitFeedback(version=1, feedback=feedback), _receipt_for(feedback), is_repeatable=True)


def submit_votes(votes: list[Vote]) -> Call[FeedbackReceipt]:
    """Hand over votes; their ids make a repetition harmless."""
    return _posted("/api/v1/votes", SubmitVotes(version=1, votes=votes), _receipt_for(votes), is_repeatable=True)


def submit(fingerprints: list[Fingerprint]) -> Call[SubmissionReceipt]:
    """Hand in fingerprints. Never repeated: what was taken back in between would be handed in again."""
    message = SubmitFingerprints(version=1, fingerprints=fingerprints)
    return _posted("/api/v1/submissions", message, _reader(SubmissionReceipt), is_repeatable=False)


def take_back(fingerprint_ids: list[str]) -> Call[WithdrawalReceipt]:
    """Take back what was handed in. Never repeated: what was handed in again in between would be taken back."""
    message = WithdrawSubmissions(version=1, fingerprint_ids=fingerprint_ids)
    return _posted("/api/v1/submissions/withdraw", message, _reader(WithdrawalReceipt), is_repeatable=False)


def _posted(path: str, message: msgspec.Struct, read: Callable[[HttpAnswer], Result], *, is_repeatable: bool) -> Call[Result]:
    return Call("POST", path, read, is_repeatable=is_repeatable, body=encode(message))


def _reader(message_type: type[Message], maximum_bytes: int = MAXIMUM_ANSWER_BYTES) -> Callable[[HttpAnswer], Message]:
    return lambda answer: decode(answer.data, message_type, maximum_bytes)


def _receipt_for(sent: Sequence[Feedback] | Sequence[Vote]) -> Callable[[HttpAnswer], FeedbackReceipt]:
    """A receipt has to account for each: whoever sent them forgets them then, and what was not taken would be lost."""
    read = _reader(FeedbackReceipt)

    def receipt_of(answer: HttpAnswer) -> FeedbackReceipt:
        receipt = read(answer)
        unknown = set(receipt.unknown)
        if receipt.accepted + receipt.repeated != sum(one.fingerprint_id not in unknown for one in sent):
            raise ExchangeAnswerError("receipt: of another number")
        return receipt

    return receipt_of


def _nothing(_: HttpAnswer) -> None:
    """What is answered without a content says all by its status."""


def _answers(data: bytes, count: int) -> list[Answer]:
    return [Answer(Outcome.MATCH, own.hex(), _tags(bits)) if is_match else _CLEAR for is_match, own, bits in decode_answer(data, count)]


def _tags(bits: int) -> str:
    """Place 1 is the lowest bit; places of later versions are left out."""
    return "".join(sign if bits >> place & 1 else "-" for place, sign in enumerate(_TAGS)) + NO_TAGS[len(_TAGS) :]
