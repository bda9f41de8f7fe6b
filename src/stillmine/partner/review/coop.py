# SPDX-License-Identifier: Apache-2.0
"""Coop's callbacks of actions, as decisions about what the item matched.

Only what a person decided counts. Must never keep or log who that was, nor anything else that a callback says of people.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from stillmine.partner.ground.errors import CoopActionUnknownError, CoopSignatureWrongError, CoopWithoutReviewerError
from stillmine.partner.review.coop_signature import PublicKey, public_key
from stillmine.partner.service.bodies import body_of
from stillmine.partner.service.room import Guest
from stillmine.partner.service.service import ServiceParts
from stillmine.partner.store.matches import ID_BYTES
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES
from stillmine.wire.errors import MalformedMessageError, NotConfiguredError, StillmineError
from stillmine.wire.feedback import NotRemovedReason
from stillmine.wire.screen import Decision, Review, require_content_id
from stillmine.wire.vote import VoteKind, VoteReason

SIGNATURE_HEADER = "coop-signature"


class _Named(msgspec.Struct, frozen=True):
    """Something with an id of its own; other fields are Coop's."""

    id: str


class _Callback(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of a callback; it says much more."""

    item: _Named
    action: _Named
    actor_email: str | None = None


class _Decided(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A Review without its version."""

    decision: Decision
    reason: NotRemovedReason | None = None
    vote: VoteKind | None = None
    vote_reason: VoteReason | None = None


_CALLBACK = msgspec.json.Decoder(_Callback)
_ACTIONS = msgspec.json.Decoder(dict[str, _Decided])
"""Made here, before there are threads: `stillmine.wire.codec` says why."""


@dataclass(frozen=True, slots=True)
class CoopChoice:
    """Coop's key, and what each of its actions decides."""

    key: PublicKey
    reviews: dict[str, Review]


def read_choice(key_file: Path, actions_file: Path) -> CoopChoice:
    """Read both files; raises NotConfiguredError."""
    try:
        key = public_key(key_file.read_text())
    except (OSError, ValueError):
        raise NotConfiguredError("--coop-key: Coop's webhook signature verification key, an RSA key as PEM") from None
    try:
        said = _ACTIONS.decode(actions_file.read_bytes())
        reviews = {action: Review(1, one.decision, one.reason, one.vote, one.vote_reason) for action, one in said.items()}
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError, StillmineError):
        raise NotConfiguredError('--coop-actions: JSON, by action id a decision, such as {"a1": {"decision": "removed"}}') from None
    return CoopChoice(key, reviews)


class CoopView:
    """Takes callbacks."""

    def __init__(self, parts: ServiceParts, choice: CoopChoice) -> None:
        self._parts = parts
        self._choice = choice

    async def take(self, request: Request, guest: Guest) -> Response:
        """Decide about everything that the item matched; raises the StillmineError of what is wrong with the callback."""
        body = await body_of(request, MAXIMUM_MESSAGE_BYTES, guest)
        await guest.take_place()
        if not self._choice.key.has_signed(body, request.headers.get(SIGNATURE_HEADER, "")):
            raise CoopSignatureWrongError
        content_id, review = self._decided(body)
        now, report_id = int(self._parts.clock().timestamp()), self._parts.random_bytes(ID_BYTES)
        if await run_in_threadpool(self._parts.desk.record_of_content, content_id, review, report_id, now):
            self._parts.feedback_is_waiting()
        return Response(status_code=204, headers={"Cache-Control": "no-store"})

    def _decided(self, body: bytes) -> tuple[str, Review]:
        try:
            said = _CALLBACK.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise MalformedMessageError("a callback of an action") from None
        review = self._choice.reviews.get(said.action.id)
        if review is None:
            raise CoopActionUnknownError
        if said.actor_email is None:
            raise CoopWithoutReviewerError
        return require_content_id(said.item.id), review
