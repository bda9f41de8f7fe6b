# SPDX-License-Identifier: Apache-2.0
"""A client of the StopNCII v1 shape: FetchHashes and SubmitFeedback, of any server that speaks it.

Every answer is bounded in size and time, no redirect is followed, and nothing that was sent or received is put into an error or a log.
Servers differ: fields that are not known here are passed over.
"""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Annotated

import httpx
import msgspec

from stillmine.client.deadline_transport import DeadlineTransport
from stillmine.client.errors import ExchangeAnswerError
from stillmine.client.http import Collected, failures_named
from stillmine.client.settings import ExchangeSettings
from stillmine.client.time_limits import TimeLimits
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import ExchangeUnreachableError, NotConfiguredError, PartnerKeyUnknownError
from stillmine.wire.stopncii import DEFAULT_PAGE_RECORDS, HashFeedback, SubmitHashFeedbacks

MAXIMUM_PAGE_BYTES = 8 * 1024 * 1024
MAXIMUM_RECEIPT_BYTES = 64 * 1024

_KEY = re.compile(rb"[\x21-\x7e]{1,1000}")
_REFUSED = (401, 403)


@dataclass(frozen=True, slots=True)
class StopNciiSettings:
    """The address before `/FetchHashes`, and the two keys that the shape asks for, which may be one."""

    url: str
    subscription_key: Secret
    function_key: Secret


class FetchedRecord(msgspec.Struct, frozen=True):
    """A hash, and whether it is to be matched: the words are the server's.

    As long as they like: one that nobody here can read must not keep back what others withdrew.
    """

    signal_type: str = msgspec.field(name="signalType")
    value: str | None = msgspec.field(name="hashValue")
    status: str = msgspec.field(name="hashStatus")


class FetchedPage(msgspec.Struct, frozen=True):
    """One page; `next_start` is where to begin the next time, after the last page of this one."""

    records: list[FetchedRecord] = msgspec.field(name="hashRecords")
    next_start: Annotated[int, msgspec.Meta(ge=0)] = msgspec.field(name="nextSetTimestamp")
    next_page: Annotated[str, msgspec.Meta(max_length=4096)] | None = msgspec.field(name="nextPageToken", default=None)
    has_more: bool = msgspec.field(name="hasMoreRecords", default=False)


_PAGE = msgspec.json.Decoder(FetchedPage)
"""Made here, before there are threads: `stillmine.wire.codec` says why."""


def keys_in(data: bytes) -> tuple[Secret, Secret]:
    """Return the subscription key and the function key of a key file: two lines, or one for both; raises NotConfiguredError."""
    lines = data.split()
    if len(lines) not in (1, 2) or not all(_KEY.fullmatch(line) for line in lines):
        raise NotConfiguredError("one key, or two lines: the subscription key, then the function key")
    return Secret(lines[0]), Secret(lines[-1])


class StopNciiServer:
    """One server. One thread uses it."""

    def __init__(
        self,
        settings: StopNciiSettings,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        page_records: int = DEFAULT_PAGE_RECORDS,
    ) -> None:
        """`transport` replaces the network in tests."""
        self._page_records = page_records
        self._settings = settings
        self._limits = TimeLimits()
        self._monotonic = monotonic
        self._transport = transport or DeadlineTransport(ExchangeSettings(settings.url, settings.function_key), monotonic)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def fetch(self, start: int, page: str | None) -> FetchedPage:
        """Return a page of what changed since `start`, Unix seconds; `page` is what the one before named.

        Raises PartnerKeyUnknownError, ExchangeUnreachableError, ExchangeAnswerError.
        """
        parameters = {"startTimestamp": str(start), "pageSize": str(self._page_records)} | ({} if page is None else {"nextPageToken": page})
        data = self._sent("GET", "/FetchHashes", parameters, None, MAXIMUM_PAGE_BYTES)
        try:
            return _PAGE.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise ExchangeAnswerError from None

    def submit_feedback(self, feedback: Sequence[HashFeedback]) -> None:
        """Hand over 1 to 1,000 reports; raises as `fetch` does."""
        body = msgspec.json.encode(SubmitHashFeedbacks(len(feedback), list(feedback)))
        self._sent("POST", "/SubmitFeedback", {}, body, MAXIMUM_RECEIPT_BYTES)

    def _sent(self, method: str, path: str, parameters: dict[str, str], body: bytes | None, maximum_bytes: int) -> bytes:
        headers = {
            "Ocp-Apim-Subscription-Key": bytes(self._settings.subscription_key).decode("ascii"),
            "x-functions-key": bytes(self._settings.function_key).decode("ascii"),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "stillmine",
        } | ({} if body is None else {"Content-Type": "application/json"})
        timeout = httpx.Timeout(self._limits.silence_seconds, connect=self._limits.connect_seconds).as_dict()
        extensions = {"timeout": timeout, "deadline": self._monotonic() + self._limits.answer_seconds}
        url = httpx.URL(self._settings.url + path, params=parameters)
        collected = Collected(maximum_bytes)
        with failures_named():
            request = httpx.Request(method, url, headers=headers, content=body, extensions=extensions)
            with closing(self._transport.handle_request(request)) as response:
                for part in response.iter_raw():
                    collected.take(part)
        _require_taken(response.status_code)
        return collected.data()


def _require_taken(status: int) -> None:
    if status in _REFUSED:
        raise PartnerKeyUnknownError
    if status == 429 or status >= 500:
        raise ExchangeUnreachableError(f"answered {status}")
    if not 200 <= status < 300:
        raise ExchangeAnswerError(f"answered {status}")
