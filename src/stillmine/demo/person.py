# SPDX-License-Identifier: Apache-2.0
"""What a person's device does, in Python: the same messages and the same kernel as the portal in a browser."""

from types import TracebackType

import httpx

from stillmine.fingerprint import DEFAULT_LIMITS
from stillmine.fingerprint.picture.decode import decode_image
from stillmine.fingerprint.picture.enrolled import enrolled_regions
from stillmine.fingerprint.picture.image import fingerprint_decoded
from stillmine.wire import codec
from stillmine.wire.base64url import base64url_text
from stillmine.wire.case import CaseView, OpenCase, Role, Statement, Withdraw
from stillmine.wire.case_key import credentials
from stillmine.wire.errors import ErrorMessage, StillmineError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, MINIMUM_QUALITY, Kind
from stillmine.wire.padding import padded


def fingerprints_of(picture: bytes, *, file_number: int = 1, with_regions: bool = False) -> list[Fingerprint]:
    """Return what a device sends of a picture file: its `pdq`, and its regions if they are wanted and not too few; raises a MediaError."""
    decoded = decode_image(picture, DEFAULT_LIMITS)
    made = fingerprint_decoded(decoded)
    whole = Fingerprint(kind=Kind.PDQ, value=made.text, quality=made.quality, file_number=file_number)
    is_good = with_regions and made.quality >= MINIMUM_QUALITY
    value = enrolled_regions(decoded, made.pdq) if is_good else None
    if value is None:
        return [whole]
    return [whole, Fingerprint(kind=Kind.REGIONS, value=base64url_text(value), quality=FULL_QUALITY, file_number=file_number)]


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
