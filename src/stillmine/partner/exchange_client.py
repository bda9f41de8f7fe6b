# SPDX-License-Identifier: Apache-2.0
"""The four requests a partner makes to its exchange, and what each refusal means here.

Every answer is bounded in size and in time and decoded as exactly one message, because a broken or hostile
exchange must not stop a platform's uploads. The partner key goes to the configured exchange only: redirects
are not followed. Nothing that was sent or received is ever put into an error or a log.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx
import msgspec

from stillmine.partner.config import ExchangeSettings
from stillmine.partner.errors import ExchangeAnswerError
from stillmine.wire.codec import decode, encode
from stillmine.wire.errors import (
    ErrorMessage,
    ExchangeUnreachableError,
    FeedCursorForeignError,
    FeedCursorInvalidError,
    NotFoundError,
    PartnerKeyMissingError,
    PartnerKeyRevokedError,
    PartnerKeyUnknownError,
    StillmineError,
    TooManyAttemptsError,
)
from stillmine.wire.feed import MAXIMUM_PAGE_BYTES, MAXIMUM_PAGE_ENTRIES, AcknowledgeFeed, FeedPage
from stillmine.wire.feedback import Feedback, FeedbackReceipt, SubmitFeedback
from stillmine.wire.partner_errors import ListNotGivenError, PartnerKeyEndedError, ScopeMissingError
from stillmine.wire.snapshot import SNAPSHOT_CONTENT_TYPE, SnapshotReader
from stillmine.wire.vote import SubmitVotes, Vote

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
WHOLE_ANSWER_SECONDS = 30.0

_ERROR = msgspec.json.Decoder(ErrorMessage)

_REFUSALS: dict[str, type[StillmineError]] = {
    error.code: error
    for error in (
        FeedCursorForeignError,
        FeedCursorInvalidError,
        ListNotGivenError,
        PartnerKeyEndedError,
        PartnerKeyMissingError,
        PartnerKeyRevokedError,
        PartnerKeyUnknownError,
        ScopeMissingError,
        TooManyAttemptsError,
    )
}

Message = TypeVar("Message")


class ExchangeClient:
    """One exchange as one partner sees it. Not for use by two threads at once."""

    def __init__(
        self,
        settings: ExchangeSettings,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`transport` replaces the network in tests; `monotonic` counts seconds."""
        self._monotonic = monotonic
        self._http = httpx.Client(
            base_url=settings.url,
            headers={
                "Authorization": f"Bearer {bytes(settings.partner_key).decode('ascii')}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
            },
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            # A proxy named in the environment can't reach this machine's own loopback.
            trust_env=not settings.is_on_this_machine,
            transport=transport,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def fetch_page(self, cursor: str | None) -> FeedPage:
        """Return the page after `cursor`, or the first one.

        Raises ExchangeUnreachableError, ExchangeAnswerError, PartnerKey…Error, FeedCursor…Error or TooManyAttemptsError,
        as do the other requests.
        """
        parameters: dict[str, str | int] = {"limit": MAXIMUM_PAGE_ENTRIES}
        if cursor is not None:
            parameters["cursor"] = cursor
        return _read(self._send("GET", "/api/v1/feed", parameters=parameters), FeedPage)

    @contextmanager
    def snapshot(self) -> Iterator[SnapshotReader | None]:
        """Open the snapshot of everything active, None where the exchange has none to give; read it before leaving the context.

        Raises what the other requests do, and what SnapshotReader does.
        """
        try:
            with self._http.stream("GET", "/api/v1/feed/snapshot", headers={"Accept": SNAPSHOT_CONTENT_TYPE}) as response:
                if response.is_success:
                    yield SnapshotReader(response.iter_raw())
                elif response.status_code == NotFoundError.status:
                    yield None
                else:
                    raise _refusal(response.status_code, self._bounded(response, self._monotonic() + WHOLE_ANSWER_SECONDS))
        except httpx.HTTPError as error:
            raise ExchangeUnreachableError(type(error).__name__) from None

    def acknowledge(self, cursor: str) -> None:
        """Tell the exchange that everything up to `cursor` is applied here."""
        self._send("POST", "/api/v1/feed/acknowledgements", body=encode(AcknowledgeFeed(version=1, cursor=cursor)))

    def submit_feedback(self, feedback: list[Feedback]) -> FeedbackReceipt:
        """Hand over 1 to 1,000 reports."""
        message = SubmitFeedback(version=1, feedback=feedback)
        return _read(self._send("POST", "/api/v1/feedback", body=encode(message)), FeedbackReceipt)

    def submit_votes(self, votes: list[Vote]) -> FeedbackReceipt:
        """Hand over 1 to 1,000 votes."""
        message = SubmitVotes(version=1, votes=votes)
        return _read(self._send("POST", "/api/v1/votes", body=encode(message)), FeedbackReceipt)

    def _send(self, method: str, path: str, parameters: dict[str, str | int] | None = None, body: bytes | None = None) -> bytes:
        headers = {} if body is None else {"Content-Type": "application/json"}
        deadline = self._monotonic() + WHOLE_ANSWER_SECONDS
        try:
            with self._http.stream(method, path, params=parameters, content=body, headers=headers) as response:
                data = self._bounded(response, deadline)
        except httpx.HTTPError as error:
            raise ExchangeUnreachableError(type(error).__name__) from None
        if response.is_success:
            return data
        raise _refusal(response.status_code, data)

    def _bounded(self, response: httpx.Response, deadline: float) -> bytes:
        """Read as it comes: what was packed to swell on arrival is not unpacked."""
        data = bytearray()
        for part in response.iter_raw():
            data += part
            if len(data) > MAXIMUM_PAGE_BYTES:
                raise ExchangeAnswerError(f"more than {MAXIMUM_PAGE_BYTES} bytes")
            if self._monotonic() > deadline:
                raise ExchangeUnreachableError(f"no whole answer in {WHOLE_ANSWER_SECONDS:.0f} s")
        return bytes(data)


def _read(data: bytes, message_type: type[Message]) -> Message:
    try:
        return decode(data, message_type, MAXIMUM_PAGE_BYTES)
    except StillmineError as error:
        raise ExchangeAnswerError(error.detail) from None


def _refusal(status: int, data: bytes) -> StillmineError:
    """Turn an error answer into the error of its code; the exchange's own words are not repeated."""
    try:
        code = _ERROR.decode(data).code
    except (msgspec.DecodeError, UnicodeDecodeError):
        code = ""
    known = _REFUSALS.get(code)
    if known is not None:
        return known()
    if status >= 500:
        return ExchangeUnreachableError(f"HTTP status {status}")
    return ExchangeAnswerError(f"HTTP status {status}")
