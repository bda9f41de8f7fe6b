# SPDX-License-Identifier: Apache-2.0
"""Regions come into a case with the `pdq` of the same picture, or after it: two judges of one picture, spec/regions.md.

A value says itself which `pdq` that is. Must never let more regions into a case than it has pictures: each takes room in every search.
"""

from collections.abc import Sequence

from django.db.models import QuerySet

from stillmine.exchange.keys.seal import blind_index
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.transaction.context import Context
from stillmine.wire.errors import FingerprintMalformedError, TooManyFingerprintsError
from stillmine.wire.fingerprint import Fingerprint as WireFingerprint
from stillmine.wire.kinds import Kind
from stillmine.wire.regions import parse_regions


def require_pairs(exchange: Context, in_case: QuerySet[Fingerprint], new: Sequence[WireFingerprint]) -> None:
    """Raise FingerprintMalformedError where the `pdq` of new regions is neither new nor in the case, TooManyFingerprintsError where those
    outnumber pictures."""
    wanted = [parse_regions(row.value).pdq.hex() for row in new if row.kind is Kind.REGIONS]
    if not wanted:
        return
    sent = {row.value for row in new if row.kind is Kind.PDQ}
    indexes = {value: blind_index(exchange.secret, Kind.PDQ.value, value) for value in set(wanted) - sent}
    kept = in_case.filter(blind_index__isnull=False)
    known = set(kept.filter(kind=Kind.PDQ.value, blind_index__in=indexes.values()).values_list("blind_index", flat=True))
    if any(index not in known for index in indexes.values()):
        raise FingerprintMalformedError("regions: send the pdq of the same picture with them, as it stands in their value")
    pictures = len(sent) + kept.filter(kind=Kind.PDQ.value).count()
    if len(wanted) + kept.filter(kind=Kind.REGIONS.value).count() > pictures:
        raise TooManyFingerprintsError("regions: at most one of each picture")
