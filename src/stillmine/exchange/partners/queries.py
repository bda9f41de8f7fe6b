# SPDX-License-Identifier: Apache-2.0
"""Who the partners are and who is calling. Nothing here tells a wrong key from one that never was."""

import hmac
from dataclasses import dataclass
from datetime import date, datetime

from stillmine.exchange.partners.keys import key_hash, key_id_of
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.rows.partners import Partner, PartnerKey
from stillmine.exchange.rows.scopes import Way, scopes_of
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import (
    FeedCursorForeignError,
    FeedCursorInvalidError,
    PartnerKeyRevokedError,
    PartnerKeyUnknownError,
)
from stillmine.wire.partner_errors import PartnerKeyEndedError

_NO_HASH = "0" * 64


@dataclass(frozen=True)
class KeyLine:
    """What an operator sees of a key."""

    key_id: str
    scopes: list[str]
    created_at: datetime
    last_used_on: date | None
    ends_at: datetime | None
    is_live: bool


@dataclass(frozen=True)
class PartnerLine:
    """What an operator sees of a partner; `keys` are those that still open something."""

    name: str
    way: Way
    daily_quota: int
    created_at: datetime
    revoked_at: datetime | None
    keys: list[KeyLine]


def key_row(key: str, now: datetime) -> PartnerKey:
    """Return the row of a key that opens something at `now`, with its partner.

    Raises PartnerKeyUnknownError; for a whole key PartnerKeyRevokedError or PartnerKeyEndedError.
    """
    row = PartnerKey.objects.select_related("partner").filter(key_id=key_id_of(key)).first()
    is_right = hmac.compare_digest(row.key_hash if row else _NO_HASH, key_hash(key))
    if row is None or not is_right:
        raise PartnerKeyUnknownError
    if row.revoked_at or row.partner.revoked_at:
        raise PartnerKeyRevokedError
    if row.ends_at is not None and row.ends_at <= now:
        raise PartnerKeyEndedError
    return row


def read_cursor(exchange: Context, partner: Partner, cursor: str) -> int:
    """Return the number in a partner's own cursor; raises FeedCursorInvalidError or FeedCursorForeignError."""
    sequence = partner_ids(exchange.secret, partner.random_id).sequence(cursor)
    if sequence is not None:
        return sequence
    others = Partner.objects.exclude(id=partner.id).values_list("random_id", flat=True)
    if any(partner_ids(exchange.secret, other).sequence(cursor) is not None for other in others):
        raise FeedCursorForeignError
    raise FeedCursorInvalidError


def partner_lines(now: datetime) -> list[PartnerLine]:
    """Return all partners, the oldest first."""
    return [_line(partner, now) for partner in Partner.objects.prefetch_related("keys").order_by("id")]


def _line(partner: Partner, now: datetime) -> PartnerLine:
    way = Way(partner.way)
    keys = [_key_line(key, way, now) for key in partner.keys.all()]
    return PartnerLine(
        name=partner.name,
        way=way,
        daily_quota=partner.daily_quota,
        created_at=partner.created_at,
        revoked_at=partner.revoked_at,
        keys=[key for key in keys if key.is_live],
    )


def _key_line(key: PartnerKey, way: Way, now: datetime) -> KeyLine:
    return KeyLine(
        key_id=key.key_id,
        scopes=sorted(scopes_of(key.scopes, way)),
        created_at=key.created_at,
        last_used_on=key.last_used_on,
        ends_at=key.ends_at,
        is_live=key.revoked_at is None and (key.ends_at is None or key.ends_at > now),
    )
