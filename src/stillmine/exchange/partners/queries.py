# SPDX-License-Identifier: Apache-2.0
"""Who the partners are and who is calling. Nothing here tells a wrong key from one that never was."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from stillmine.exchange.context import Context
from stillmine.exchange.partners.keys import key_hash, key_id_of
from stillmine.exchange.partners.models import Partner, PartnerKey
from stillmine.exchange.partners.opaque import cursor_sequence, partner_ids
from stillmine.wire.errors import (
    FeedCursorForeignError,
    FeedCursorInvalidError,
    PartnerKeyRevokedError,
    PartnerKeyUnknownError,
)

_NO_HASH = "0" * 64


@dataclass(frozen=True)
class PartnerLine:
    """What an operator sees of a partner."""

    name: str
    created_at: datetime
    revoked_at: datetime | None
    keys: list[str]
    revoked_keys: list[str]


def partner_of_key(key: str) -> Partner:
    """Return whose key this is; raises PartnerKeyUnknownError, or PartnerKeyRevokedError for a whole key that was revoked."""
    row = PartnerKey.objects.select_related("partner").filter(key_id=key_id_of(key)).first()
    is_right = hmac.compare_digest(row.key_hash if row else _NO_HASH, key_hash(key))
    if row is None or not is_right:
        raise PartnerKeyUnknownError
    if row.revoked_at or row.partner.revoked_at:
        raise PartnerKeyRevokedError
    return row.partner


def read_cursor(exchange: Context, partner: Partner, cursor: str) -> int:
    """Return the number in a partner's own cursor; raises FeedCursorInvalidError or FeedCursorForeignError."""
    sequence = cursor_sequence(cursor)
    if partner_ids(exchange.secret, partner.random_id).made(cursor):
        return sequence
    others = Partner.objects.exclude(id=partner.id).values_list("random_id", flat=True)
    if any(partner_ids(exchange.secret, other).made(cursor) for other in others):
        raise FeedCursorForeignError
    raise FeedCursorInvalidError


def partner_lines() -> list[PartnerLine]:
    """Return all partners, the oldest first."""
    return [_line(partner) for partner in Partner.objects.prefetch_related("keys").order_by("id")]


def _line(partner: Partner) -> PartnerLine:
    keys = list(partner.keys.all())
    return PartnerLine(
        name=partner.name,
        created_at=partner.created_at,
        revoked_at=partner.revoked_at,
        keys=[key.key_id for key in keys if key.revoked_at is None],
        revoked_keys=[key.key_id for key in keys if key.revoked_at is not None],
    )
