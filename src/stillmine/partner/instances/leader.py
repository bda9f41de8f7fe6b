# SPDX-License-Identifier: Apache-2.0
"""The leader as a follower reaches it over HTTP.

Every answer is bounded in size and each step of a request in time. Keys go to the address that the operator named and nowhere else: no
redirect is followed, no proxy used. What the leader says in words is never repeated.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec

from stillmine.client.settings import LOOPBACK_HOSTS
from stillmine.partner.ground.errors import (
    InstancesKeyError,
    InstanceVersionError,
    LeaderAwayError,
    LeaderOnlyError,
    ScreeningNotFoundError,
)
from stillmine.partner.instances.messages import (
    INSTANCES_VERSION,
    MAXIMUM_ANSWER_BYTES,
    POLL_SECONDS,
    HandOver,
    Join,
    Leave,
    Record,
    Recorded,
    Step,
    StepAnswer,
    TakenOver,
    Welcome,
)
from stillmine.partner.store.matches import FoundUpload, Wanted
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import decode, encode
from stillmine.wire.errors import (
    ErrorMessage,
    MalformedMessageError,
    MatchNotFoundError,
    MessageTooLargeError,
    NotConfiguredError,
    StillmineError,
)
from stillmine.wire.screen import KeptMatch, KeptScreening, MatchPage, Review

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 2.0
"""For what an upload or a reviewer waits for."""

LIST_SECONDS = 30.0
"""Of silence, while the leader writes a list of millions."""

MAXIMUM_REFUSAL_BYTES = 16 * 1024

_KNOWN: dict[str, type[StillmineError]] = {
    error.code: error
    for error in (
        InstancesKeyError,
        InstanceVersionError,
        LeaderOnlyError,
        MalformedMessageError,
        MatchNotFoundError,
        MessageTooLargeError,
        ScreeningNotFoundError,
    )
}

Message = TypeVar("Message")


@dataclass(frozen=True, slots=True)
class LeaderAddress:
    """Where the leader is, and the key of the instances; raises NotConfiguredError for an address that would show the key on a network."""

    url: str
    key: Secret
    is_insecure: bool = False
    """Whether `http` is allowed beyond this machine: the operator vouches for the network."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
            raise NotConfiguredError("--follow: an address, such as https://leader.example")
        if parts.scheme == "http" and host not in LOOPBACK_HOSTS and not self.is_insecure:
            raise NotConfiguredError("--follow: https:// (http:// beyond this machine needs --follow-insecure, for a network of your own)")


class Leader:
    """The leader. Safe to use from several threads. Each method raises LeaderAwayError where it can't be reached or does not answer right.

    It also raises InstancesKeyError, InstanceVersionError, and LeaderOnlyError where a follower is there.
    """

    def __init__(self, address: LeaderAddress, transport: httpx.BaseTransport | None = None) -> None:
        self._key = address.key
        self._service_key = Secret(b"")
        self._client = httpx.Client(base_url=address.url.rstrip("/"), transport=transport, trust_env=False, follow_redirects=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def welcome(self) -> Welcome:
        """Return what this partner's instances share."""
        said = self._said("/instances/welcome", Join(INSTANCES_VERSION), Welcome)
        self._service_key = Secret(said.service_key.encode())
        return said

    def step(self, step: Step) -> StepAnswer:
        """Say where this instance stands, and return what changed since, and how the leader stands."""
        return self._said("/instances/step", step, StepAnswer, step.wait_seconds + POLL_SECONDS)

    @contextmanager
    def list_parts(self) -> Iterator[Iterator[bytes]]:
        """Open the stream of the whole list; what is read of it may be cut off at any place, with LeaderAwayError."""
        with self._answered("GET", "/instances/list", self._key, None, LIST_SECONDS) as response:
            yield response.iter_raw()

    def record(self, upload: FoundUpload, minute: int) -> Recorded:
        """Have recorded what an upload matched; return what of it counts."""
        return self._said("/instances/record", Record(INSTANCES_VERSION, upload, minute), Recorded)

    def remember(self, uploads: bytes, second: int) -> TakenOver:
        """Have uploads remembered, given as the file in which they waited; `second` is what this clock says, in Unix seconds."""
        return self._said("/instances/remember", HandOver(INSTANCES_VERSION, second, uploads), TakenOver, LIST_SECONDS)

    def leave(self, instance: str) -> None:
        """Say that this instance answers nothing more."""
        self._sent("POST", "/instances/leave", self._key, encode(Leave(INSTANCES_VERSION, instance)))

    def matches(self, wanted: Wanted) -> MatchPage:
        """Return a page of matches; raises MalformedMessageError for what is not a cursor."""
        query = {"state": wanted.state.value, "limit": str(wanted.limit), "content_id": wanted.content_id, "after": wanted.after}
        path = "/matches?" + urlencode({name: word for name, word in query.items() if word is not None})
        return _decoded(self._sent("GET", path, self._service_key), MatchPage)

    def match(self, match_id: bytes) -> KeptMatch:
        """Return one match; raises MatchNotFoundError."""
        return _decoded(self._sent("GET", f"/matches/{match_id.hex()}", self._service_key), KeptMatch)

    def screening(self, screening_id: bytes) -> KeptScreening:
        """Return how an upload stands that the leader answers later; raises ScreeningNotFoundError."""
        return _decoded(self._sent("GET", f"/screenings/{screening_id.hex()}", self._service_key), KeptScreening)

    def delete_older(self, content_id: str) -> None:
        """Have deleted what is remembered under a word of the platform's."""
        self._sent("DELETE", f"/uploads/{quote(content_id, safe='')}", self._service_key)

    def record_review(self, match_id: bytes, review: Review, _report_id: bytes, _minute: int) -> None:
        """Have a decision recorded, under an id and as of a minute of the leader's; raises MatchNotFoundError."""
        self._sent("POST", f"/matches/{match_id.hex()}/review", self._service_key, encode(review))

    def _said(self, path: str, message: msgspec.Struct, kind: type[Message], silence_seconds: float = ANSWER_SECONDS) -> Message:
        return _decoded(self._sent("POST", path, self._key, encode(message), silence_seconds), kind)

    def _sent(self, method: str, path: str, key: Secret, body: bytes | None = None, silence_seconds: float = ANSWER_SECONDS) -> bytes:
        """Return what is answered; raises the StillmineError of a refusal."""
        with self._answered(method, path, key, body, silence_seconds) as response:
            data = bytearray()
            for part in response.iter_raw():
                data += part
                if len(data) > MAXIMUM_ANSWER_BYTES:
                    raise LeaderAwayError("too long an answer")
        return bytes(data)

    @contextmanager
    def _answered(self, method: str, path: str, key: Secret, body: bytes | None, silence_seconds: float) -> Iterator[httpx.Response]:
        headers = {"Authorization": f"Bearer {bytes(key).decode('ascii')}", "Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        timeout = httpx.Timeout(silence_seconds, connect=CONNECT_SECONDS)
        try:
            with self._client.stream(method, path, content=body, headers=headers, timeout=timeout) as response:
                if not response.is_success:
                    raise _refusal(response)
                yield response
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: closed meanwhile
            raise LeaderAwayError(type(error).__name__) from None


def _refusal(response: httpx.Response) -> StillmineError:
    """Return the error of a refusal whose code is known; any other says only that the leader does not answer right."""
    data = b""
    for part in response.iter_raw():
        data += part
        if len(data) > MAXIMUM_REFUSAL_BYTES:
            break
    try:
        code = decode(data, ErrorMessage, MAXIMUM_REFUSAL_BYTES).code
    except StillmineError:
        code = ""
    return _KNOWN[code]() if code in _KNOWN else LeaderAwayError(f"status {response.status_code}")


def _decoded(data: bytes, kind: type[Message]) -> Message:
    try:
        return decode(data, kind, MAXIMUM_ANSWER_BYTES)
    except StillmineError:
        raise LeaderAwayError("an answer of another form") from None
