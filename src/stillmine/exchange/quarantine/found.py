# SPDX-License-Identifier: Apache-2.0
"""How many distinct uploads matched a fingerprint on a day: spec/intake.md.

Whoever holds a protected picture can upload it as often as they like, so a count decides nothing: it only calls an operator. The same
upload counts once where its partner sends a token of it, and no partner counts for more than half of what calls.
"""

from collections.abc import Mapping, Sequence
from itertools import islice

from django.db.models import F

from stillmine.exchange.rows.intake import CountedUpload, MatchCount
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.tx import Transaction

Found = Mapping[str, Sequence[str | None]]
"""Fingerprint id -> of each query or report about it the upload's token, None where it came without."""


def count_uploads(transaction: Transaction, found: Found, partner: Partner, limit: int) -> set[str]:
    """Count what was found; return the fingerprints that `limit` or more uploads have matched today, 0: none."""
    day, ids = transaction.now.date(), sorted(found)
    counts = MatchCount.objects.filter(fingerprint_id__in=ids, partner=partner, day=day)
    MatchCount.objects.bulk_create([MatchCount(fingerprint_id=one, partner=partner, day=day) for one in ids], ignore_conflicts=True)
    if len(ids) > 1:  # in one order, so that two messages of one partner wait for each other and no more
        list(counts.select_for_update().order_by("fingerprint_id").values_list("id"))
    for times in sorted({len(found[one]) for one in ids}):
        counts.filter(fingerprint_id__in=[one for one in ids if len(found[one]) == times]).update(reports=F("reports") + times)
    if not limit:
        return set()
    rows = list(MatchCount.objects.filter(fingerprint_id__in=ids, day=day))
    _count_distinct([row for row in rows if row.partner_id == partner.id and row.uploads < limit // 2], found, limit // 2)
    total = dict.fromkeys(ids, 0)
    for row in rows:
        total[row.fingerprint_id] += min(row.uploads, limit // 2)
    return {one for one, uploads in total.items() if uploads >= limit}


def forget_old_uploads(transaction: Transaction) -> None:
    """Delete the tokens of days that are over."""
    CountedUpload.objects.filter(count__day__lt=transaction.now.date()).delete()


def _count_distinct(rows: Sequence[MatchCount], found: Found, most: int) -> None:
    """Add to `uploads` of these rows, which this transaction holds, what was not counted before; never beyond `most`."""
    tokens = {token for row in rows for token in found[row.fingerprint_id] if token is not None}
    held = CountedUpload.objects.filter(count__in=rows, token__in=tokens).values_list("count_id", "token") if tokens else []
    known = set(held)
    new: list[CountedUpload] = []
    for row in rows:
        row_tokens = found[row.fingerprint_id]
        fresh = dict.fromkeys(token for token in row_tokens if token is not None and (row.pk, token) not in known)
        kept = [CountedUpload(count=row, token=token) for token in islice(fresh, most - row.uploads)]
        new += kept
        row.uploads = min(most, row.uploads + len(kept) + row_tokens.count(None))
    CountedUpload.objects.bulk_create(new)
    for uploads in sorted({row.uploads for row in rows}):
        MatchCount.objects.filter(id__in=[row.pk for row in rows if row.uploads == uploads]).update(uploads=uploads)
