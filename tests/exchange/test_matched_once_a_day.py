# SPDX-License-Identifier: Apache-2.0
"""The log says that a match was told, and on which day: who uploads one file again and again must not fill a log that is for ever."""

import json
from collections.abc import Callable

from stillmine.exchange.transaction.context import Context
from tests.exchange.ask_parts import answers
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, restore, suspend, value
from tests.exchange.test_every_case import COPY, bits_off, case_of, found_on


def matched() -> list[tuple[str, str, int]]:
    """Every `matched` of the log, in the order of recording: partner, day, how many fingerprints it names."""
    from stillmine.exchange.rows.log import Leaf

    rows = Leaf.objects.filter(text__contains='"event":"matched"').order_by("id").values_list("text", "items")
    return [(said["partner"], said["day"], len(bytes(items)) // 32) for text, items in rows if (said := json.loads(text))]


def test_one_file_uploaded_again_and_again_is_one_entry_a_day(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient, follower: Callable[[], None], clock: Clock
) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.exchange.rows.asks import AskMatch

    phone.open(1)
    follower()
    for number in range(20):
        query = {"kind": "pdq", "value": bits_off(number), "upload_token": f"{number:032x}"}
        partner.web.post("/api/v1/ask", json={"version": 1, "queries": [query]}, headers=partner.headers)
    assert matched() == [("Example Social", "2026-11-22", 1)]
    assert list(AskMatch.objects.values_list("queries", flat=True)) == [20], "how often is counted all the same"
    answers(other_partner, COPY)
    clock.forward(days=1)
    for _ in range(2):
        answers(partner, COPY)
    assert [day for name, day, _ in matched() if name == "Example Social"] == ["2026-11-22", "2026-11-23"]
    assert len(matched()) == 3, "each partner's own"
    assert findings() == []


def test_what_is_told_for_the_first_time_that_day_is_in_an_entry_whatever_it_is_told_with(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    phone.open(1, 2, 3)
    follower()
    for asked in ([1], [1, 2], [2, 1, 3], [1, 2, 3]):
        answers(partner, *map(value, asked))
    assert [named for _, _, named in matched()] == [1, 1, 1]


def test_beside_others_it_is_one_entry_a_day_too(phone: Phone, partner: PartnerClient, follower: Callable[[], None], clock: Clock) -> None:
    """First beside a nearer one of another case, then told itself: in the log on both days, and once on each."""
    phone.open(1, fingerprints=[{"kind": "pdq", "value": bits_off(*range(20)), "quality": 90}])
    abuser = case_of(phone.web, b"abuser-one", COPY)
    follower()
    for day in (1, 2):
        for asked in (COPY, COPY, bits_off(*range(30)), COPY):
            answers(partner, asked)
        assert len(matched()) == 2 * day
        clock.forward(days=1)
    assert found_on(phone) == found_on(abuser)


def test_after_a_suspension_it_is_told_anew(exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> None:
    from stillmine.exchange.fsck.findings import findings
    from stillmine.wire.case import SuspensionReason

    own = [row.id for row in phone.open(1).fingerprints]
    follower()
    for _ in range(2):
        answers(partner, COPY)
    suspend(exchange, own, SuspensionReason.OPERATOR)
    restore(exchange, own)
    follower()
    for _ in range(2):
        answers(partner, COPY)
    assert len(matched()) == 2
    assert findings() == []
