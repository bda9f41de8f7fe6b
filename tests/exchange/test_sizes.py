# SPDX-License-Identifier: Apache-2.0
"""What the sizes of answers about a case tell whoever watches the line: a step, never a count."""

import httpx
import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.wire.padding import LEAST_ANSWER, PADDING_STEPS
from tests.exchange.exchange_parts import PartnerClient, Phone, feedback_on, opening


@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 30])
def test_opening_and_showing_say_nothing_of_how_many_files(phone: Phone, count: int) -> None:
    opened = phone.post("case", opening(*range(1, count + 1)))
    assert opened.status_code == 201
    assert len(opened.content) == len(phone.web.get("/api/v1/case", headers=phone.headers).content) == LEAST_ANSWER


def test_a_match_a_decision_and_a_withdrawal_show_no_more(phone: Phone, exchange: Context, web: httpx.Client) -> None:
    case = phone.open(1, 2)
    lister = PartnerClient.add(exchange, web, "Lister")
    lister.sync()
    entry = lister.fetch().entries[0]
    lister.report(feedback_on(entry.id, 1))
    shown = phone.web.get("/api/v1/case", headers=phone.headers)
    assert shown.json()["fingerprints"][0]["partners"] or shown.json()["fingerprints"][1]["partners"]
    after = [
        phone.post("case/withdraw", {"version": 1, "fingerprint_id": case.fingerprints[0].id}),
        phone.web.get("/api/v1/case/receipt", headers=phone.headers),
    ]
    assert {len(answer.content) for answer in (shown, *after)} == {LEAST_ANSWER}


def test_refusals_have_a_step_too_and_no_proxy_may_compress_any(phone: Phone) -> None:
    answers = [
        phone.web.get("/api/v1/case", headers=phone.headers),
        phone.web.get("/api/v1/case"),
        phone.web.put("/api/v1/case"),
        phone.post("case/withdraw", {"nonsense": 1}),
        phone.web.get("/api/v1/case/nothing-here", headers=phone.headers),
    ]
    assert {answer.status_code // 100 for answer in answers} == {4}
    assert {len(answer.content) for answer in answers} == {LEAST_ANSWER}
    assert all({"code", "message"} <= set(answer.json()) for answer in answers)
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store, no-transform"}


def test_other_answers_are_as_long_as_they_are(web: httpx.Client) -> None:
    assert len(web.get("/api/v1/statistics").content) < PADDING_STEPS[0]
