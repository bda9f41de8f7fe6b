# SPDX-License-Identifier: Apache-2.0
"""Who the partners are and who is calling. Nothing here tells a wrong key from one that never was."""

import hmac
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import connection

from stillmine.exchange.partners.keys import key_hash, key_id_of
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.rows.asks import AskCount
from stillmine.exchange.rows.partners import Partner, PartnerKey
from stillmine.exchange.rows.scopes import Way, scopes_of
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import repeating_cursor
from stillmine.wire.errors import (
    FeedCursorForeignError,
    FeedCursorInvalidError,
    PartnerKeyRevokedError,
    PartnerKeyUnknownError,
)
from stillmine.wire.partner_errors import PartnerKeyEndedError

_NO_HASH = "0" * 64

_PARTNER_FIELDS = ("id", "random_id", "name", "name_key", "way", "daily_quota")
"""Whatever else there is of a partner is read when it is wanted."""

_CALLER = (
    "SELECT own.key_hash, own.revoked_at IS NOT NULL OR partner.revoked_at IS NOT NULL, COALESCE(own.ends_at <= %s, FALSE), "  # noqa: S608 (names of our own tables)
    f"COALESCE(own.last_used_on >= %s, FALSE), own.id, own.scopes, "
    f"COALESCE((SELECT queries FROM {AskCount._meta.db_table} WHERE partner_id = partner.id AND day = %s), 0), "
    f"{', '.join(f'partner.{field}' for field in _PARTNER_FIELDS)} "
    f"FROM {PartnerKey._meta.db_table} own JOIN {Partner._meta.db_table} partner ON partner.id = own.partner_id WHERE own.key_id = %s"
)


class Caller(NamedTuple):
    """A key that opens something now, as a request needs it, and whose it is."""

    key_id: int
    scopes: str
    """As `scopes_of` reads them."""
    is_noted: bool
    """Whether its use on this day is written down."""
    queries_today: int
    """Counted on this day, as this request began."""
    partner: Partner


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


def caller(key: str, now: datetime) -> Caller:
    """Return who is calling with a key that opens something at `now`.

    Raises PartnerKeyUnknownError; for a whole key PartnerKeyRevokedError or PartnerKeyEndedError. In plain SQL, since every request of a
    partner begins with it.
    """
    with repeating_cursor() as cursor:
        day = connection.ops.adapt_datefield_value(now.date())
        cursor.execute(_CALLER, [connection.ops.adapt_datetimefield_value(now), day, day, key_id_of(key)])
        row = cursor.fetchone()
    is_right = hmac.compare_digest(row[0] if row else _NO_HASH, key_hash(key))
    if row is None or not is_right:
        raise PartnerKeyUnknownError
    _, is_revoked, is_ended, is_noted, key_id, scopes, queries_today, *partner = row
    if is_revoked:
        raise PartnerKeyRevokedError
    if is_ended:
        raise PartnerKeyEndedError
    return Caller(key_id, scopes, bool(is_noted), queries_today, Partner.from_db(connection.alias, _PARTNER_FIELDS, partner))


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
