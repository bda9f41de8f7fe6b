# SPDX-License-Identifier: Apache-2.0
"""Statements of reasons for the EU's DSA transparency database: one for each upload of which a removal was decided.

A statement that would break a rule of the database is never made; what it lacks is said instead.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from stillmine.partner.statements import rules
from stillmine.partner.statements.given import Facts, Words
from stillmine.partner.statements.rules import Fields, Value, broken_rules
from stillmine.partner.store.records import MatchRecord
from stillmine.wire.kinds import Kind

STATEMENTS_PER_MESSAGE = 100
"""How many the database takes in one request."""

_LABEL = b"stillmine/statement/v1"
_PUID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Removal:
    """An upload with its matches that were decided `removed`, oldest first. What it lacks keeps it from being stated."""

    records: Sequence[MatchRecord]
    fields: Fields
    lacks: Sequence[str]

    @property
    def puid(self) -> str:
        return puid_of(self.records[0].upload_id)

    @property
    def content_id(self) -> str | None:
        return self.records[0].content_id

    @property
    def match_id(self) -> str:
        return self.records[0].match_id.hex()


def removals(records: Iterable[MatchRecord], words: Words, facts: Mapping[str, Facts], since: date | None = None) -> list[Removal]:
    """Return every upload that is to be stated, by day of the decision; `records` are those of `removed_records`, in its order."""
    found = []
    for _, group in groupby(records, key=lambda record: record.upload_id):
        own = list(group)
        said = facts.get(own[0].content_id or "", Facts())
        if said.is_left_out or (since is not None and _decided_on(own) < since):
            continue
        fields = _fields(own, words, said)
        found.append(Removal(own, fields, broken_rules(fields)))
    return sorted(found, key=lambda removal: (_decided_on(removal.records), removal.puid))


def puid_of(upload_id: bytes) -> str:
    """Return the platform's unique id of the statement about this upload: public, so no id that anybody else knows."""
    return hashlib.sha256(_LABEL + b"\0" + upload_id).digest()[:_PUID_BYTES].hex()


def _fields(own: Sequence[MatchRecord], words: Words, said: Facts) -> dict[str, Value]:
    synthetic = {record.is_synthetic for record in own} - {None}
    is_synthetic = True in synthetic
    is_other = False in synthetic or not is_synthetic
    content_type = said.content_type or _type_by_kind(own)
    types = [] if content_type is None else [content_type] + [rules.SYNTHETIC_MEDIA] * is_synthetic
    matched_on = _day(min(record.matched_minute for record in own)).isoformat() if words.is_posted_when_matched else ""
    return {
        "puid": puid_of(own[0].upload_id),
        "application_date": _decided_on(own).isoformat(),
        "content_date": said.content_date or matched_on,
        "content_type": types,
        "category": rules.CYBER_VIOLENCE,
        "category_specification": [rules.IMAGE_SHARING] * is_other + [rules.DEEPFAKE] * is_synthetic,
        "automated_detection": rules.YES,
        **words.fields,
    }


def _type_by_kind(own: Sequence[MatchRecord]) -> str | None:
    if any(record.kind is Kind.VPDQ or (record.kind is Kind.PDQ and record.has_spans) for record in own):
        return rules.VIDEO
    kinds = {record.kind for record in own}
    if kinds & {Kind.PDQ, Kind.REGIONS}:
        return rules.IMAGE
    return rules.AUDIO if Kind.CHROMAPRINT in kinds else None


def _decided_on(own: Sequence[MatchRecord]) -> date:
    """Return the day of the first decision; a removal of which the store knows no time counts from its match."""
    return _day(min(record.matched_minute if record.decided_minute is None else record.decided_minute for record in own))


def _day(minute: int) -> date:
    return datetime.fromtimestamp(minute * 60, UTC).date()
