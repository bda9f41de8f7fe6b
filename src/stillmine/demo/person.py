# SPDX-License-Identifier: Apache-2.0
"""What a person's device does, in Python: the same messages and the same kernel as the portal in a browser."""

from types import TracebackType

import httpx

from stillmine.wire import codec
from stillmine.wire.case import CaseView, OpenCase, Role, Statement, Withdraw
from stillmine.wire.case_key import credentials
from stillmine.wire.errors import ErrorMessage, StillmineError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.padding import padded


class Person:
    """One person with one case key; `secret` is its 10 random bytes."""

    def __init__(self, exchange_url: str, secret: bytes) -> None:
        authorization = credentials(secret).authorization()
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        self._http = httpx.Client(base_url=exchange_url, headers=headers, timeout=15)

    def __enter__(self) -> "Person":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def open_case(self, fingerprints: list[Fingerprint]) -> tuple[bytes, CaseView]:
        """Open the case; return the bytes that were sent and the case."""
        statement = Statement(role=Role.PERSON, is_adult_now=True, was_adult_then=True)
        body = padded(codec.encode(OpenCase(version=1, statement=statement, fingerprints=fingerprints)))
        return body, self._view(self._http.post("/api/v1/case", content=body))

    def show_case(self) -> CaseView:
        """Return the case as it is now."""
        return self._view(self._http.get("/api/v1/case"))

    def withdraw_case(self) -> CaseView:
        """Take the whole case back."""
        return self._view(self._http.post("/api/v1/case/withdraw", content=padded(codec.encode(Withdraw(version=1)))))

    @staticmethod
    def _view(answer: httpx.Response) -> CaseView:
        if answer.is_success:
            return codec.decode(answer.content, CaseView)
        refusal = codec.decode(answer.content, ErrorMessage)
        raise StillmineError(f"the exchange answered {refusal.code}: {refusal.message}")
