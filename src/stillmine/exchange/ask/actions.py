# SPDX-License-Identifier: Apache-2.0
"""Answer asks: find candidates, keep what is active now, count, and write down what matched before it is told.

A partner is told the nearest; every case that is near is written down. Queries are counted and never kept. An index that is behind must
never make a `clear` of a match, nor a match of what was withdrawn.
"""

from stillmine.exchange.ask.nearby import active_of, asked, named_by_index, nearest_of_each_case
from stillmine.exchange.ask.probing import note_variety
from stillmine.exchange.ask.recording import (
    count_clear,
    count_queries,
    record_matches,
    recorded_today,
    require_quota,
    write_beside,
    write_down,
)
from stillmine.exchange.partners.opaque import partner_ids
from stillmine.exchange.partners.queries import Caller
from stillmine.exchange.quarantine.weighing import note_matches
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.transaction.tx import tx
from stillmine.wire.ask import CLEAR, Answer, Ask, AskAnswer, Outcome, tags_of


def ask(exchange: Context, asking: Caller, message: Ask) -> AskAnswer:
    """Return one answer for each query; raises IndexLoadingError or QuotaUsedUpError, and then nothing is counted or told."""
    partner = asking.partner
    require_quota(asking, len(message.queries), exchange.clock())
    named = named_by_index(exchange, message.queries)
    if not any(found.ids for found in named.values()):
        count_clear(exchange, partner, len(message.queries))
        return AskAnswer(1, [CLEAR] * len(message.queries))
    with tx("ask.answer", exchange.clock) as transaction:
        active = active_of((fingerprint_id for found in named.values() for fingerprint_id in found.ids), partner)
        nearest = nearest_of_each_case(named, active)
        matched = [nearest[asked(query)] for query in message.queries]
        near = [list(one) for one in matched]
        count_queries(transaction, partner, len(near), sum(map(bool, near)))
        found: dict[str, list[str | None]] = {}
        for query, ids in zip(message.queries, near, strict=True):
            for fingerprint_id in ids:
                found.setdefault(fingerprint_id, []).append(query.upload_token)
        if found:
            recorded = recorded_today(partner, sorted(found), transaction.now)
            write_down(transaction, partner, {fingerprint_id: len(tokens) for fingerprint_id, tokens in found.items()})
            write_beside(transaction, partner, near)
            note_variety(exchange, transaction, partner, message.queries, matched)
            note_matches(exchange, transaction, found, partner)
            told = {ids[0] for ids in near if ids}
            record_matches(exchange, transaction, partner, told - recorded, found.keys() - told - recorded)
    nearest_ids = sorted({ids[0] for ids in near if ids})
    entry_ids = (
        dict(zip(nearest_ids, partner_ids(exchange.secret, partner.random_id).entry_ids(nearest_ids), strict=True)) if nearest_ids else {}
    )
    answers = {
        fingerprint_id: Answer(
            Outcome.MATCH, entry_ids[fingerprint_id], tags_of(active[fingerprint_id].is_synthetic, active[fingerprint_id].is_flagged)
        )
        for fingerprint_id in nearest_ids
    }
    return AskAnswer(1, [answers[ids[0]] if ids else CLEAR for ids in near])
