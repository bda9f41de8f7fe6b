# SPDX-License-Identifier: Apache-2.0
"""Of what the index names, what is active now: for each query the nearest fingerprint of every case, best first.

A partner is told one. Every case hears of its match all the same, or whoever opens a case with their own copy of a picture would take the
match away from the person in it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from stillmine.exchange.ask.client import candidates
from stillmine.exchange.ask.protocol import MAXIMUM_CANDIDATES, NO_DISTANCE, QUERIES_NEVER_CUT, Candidates
from stillmine.exchange.protection.drill_secrecy import only_for
from stillmine.exchange.protection.flags import is_flagged
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context
from stillmine.wire.ask import AskQuery
from stillmine.wire.ask_errors import IndexLoadingError
from stillmine.wire.case import FingerprintState
from stillmine.wire.kinds import KIND_RULES, MAXIMUM_DISTANCE_BITS

_READ_AT_ONCE = 10_000

Asked = AskQuery
"""A query without its upload's token, as `asked` gives it: what is asked twice is looked up once."""

EDGE_BITS = 4
"""Only so near a border can one answer tell something of a fingerprint: further inside, whoever has a copy knew it before."""

Nearest = dict[str, bool | None]
"""The nearest fingerprint of every case, nearest first, and whether matching it tells anything of it; None: no distance is known."""


class Active(NamedTuple):
    """An active fingerprint, as far as an answer needs it."""

    case_id: int
    is_synthetic: bool
    is_flagged: bool


def asked(query: AskQuery) -> Asked:
    """Return what is looked up for a query; of a kind that is never turned, `as_it_is` is the same as not."""
    return AskQuery(query.kind, query.value, None, query.as_it_is and KIND_RULES[query.kind].is_seen)


def named_by_index(exchange: Context, queries: Iterable[AskQuery]) -> dict[Asked, Candidates]:
    """Return what the index names for each different query; raises IndexLoadingError.

    Queries whose lists were cut because all together had too many are asked again, fewer at once: many uploads near one case would else
    hide another case behind it.
    """
    different = list(dict.fromkeys(map(asked, queries)))
    named = dict(zip(different, candidates(exchange.home, different), strict=True))
    short = [one for one in different if named[one].is_cut and len(named[one].ids) < MAXIMUM_CANDIDATES]
    kept: dict[str, str] = {}
    for start in range(0, len(short), QUERIES_NEVER_CUT):
        some = short[start : start + QUERIES_NEVER_CUT]
        for one, found in zip(some, candidates(exchange.home, some), strict=True):
            # They are mostly the same: each is kept once.
            named[one] = found._replace(ids=[kept.setdefault(fingerprint_id, fingerprint_id) for fingerprint_id in found.ids])
    return named


def active_of(fingerprint_ids: Iterable[str], partner: Partner) -> dict[str, Active]:
    """Return which of these are active now and not another partner's drill, whatever the index says."""
    private = only_for()
    wanted = sorted({one for one in fingerprint_ids if private.get(one, partner.id) == partner.id})
    active: dict[str, Active] = {}
    for start in range(0, len(wanted), _READ_AT_ONCE):
        rows = Fingerprint.objects.filter(id__in=wanted[start : start + _READ_AT_ONCE], state=FingerprintState.ACTIVE)
        columns = rows.annotate(flagged=is_flagged("pk")).values_list("id", "case_id", "is_synthetic", "flagged")
        active |= {fingerprint_id: Active(case_id, is_synthetic, flagged) for fingerprint_id, case_id, is_synthetic, flagged in columns}
    return active


def nearest_of_each_case(named: Mapping[Asked, Candidates], active: Mapping[str, Active]) -> dict[Asked, Nearest]:
    """Return for each query the nearest active fingerprint of every case, nearest first.

    Raises IndexLoadingError where nothing that is named is active any more and others stand behind it.
    """
    nearest: dict[Asked, Nearest] = {}
    for query, found in named.items():
        near = [
            (fingerprint_id, distance)
            for fingerprint_id, distance in zip(found.ids, found.distances, strict=True)
            if fingerprint_id in active
        ]
        of_case: dict[int, tuple[str, bool | None]] = {}
        for place, (fingerprint_id, _) in enumerate(near):
            if active[fingerprint_id].case_id not in of_case:
                of_case[active[fingerprint_id].case_id] = fingerprint_id, _tells(near, place)
        if not of_case and found.is_cut:
            raise IndexLoadingError
        nearest[query] = dict(of_case.values())
    return nearest


def _tells(near: Sequence[tuple[str, int]], place: int) -> bool | None:
    """Whether this match is close to ending, or to another being named instead of it: those are what an answer tells apart."""
    distance = near[place][1]
    if distance == NO_DISTANCE:
        return None
    beside = [bits for _, bits in (*near[max(0, place - 1) : place], *near[place + 1 : place + 2])]
    return any(abs(distance - border) < EDGE_BITS for border in (MAXIMUM_DISTANCE_BITS, *beside))
