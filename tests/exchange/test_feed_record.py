# SPDX-License-Identifier: Apache-2.0
"""A page is read while it is recorded and encoded after that: what can't be read is not on record, and what is encoded is."""

from typing import Any

import pytest
from django.http import HttpResponse

from stillmine.exchange.transaction.context import Context
from tests.exchange.exchange_parts import PartnerClient, Phone, code

SHAPES = {"/api/v1/feed": "feed.views", "/stopncii/v1/FetchHashes": "stopncii.fetch"}


def fetch(partner: PartnerClient, path: str) -> Any:
    return partner.web.get(path, headers=partner.headers | partner.stopncii_headers)


@pytest.mark.parametrize("path", SHAPES)
def test_a_page_with_a_value_that_does_not_open_is_not_on_record(
    exchange: Context, phone: Phone, partner: PartnerClient, path: str
) -> None:
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.feed import Disclosure
    from stillmine.exchange.rows.log import LedgerHead

    phone.open(1, 2)
    one, two = Fingerprint.objects.order_by("position")
    recorded = LedgerHead.objects.get().recorded
    Fingerprint.objects.filter(id=one.id).update(sealed_value=two.sealed_value)
    try:
        assert code(fetch(partner, path))[0] == 500
        assert (Disclosure.objects.count(), LedgerHead.objects.get().recorded) == (0, recorded)
    finally:
        Fingerprint.objects.filter(id=one.id).update(sealed_value=one.sealed_value)
    assert fetch(partner, path).status_code == 200
    assert Disclosure.objects.count() == 1


@pytest.mark.parametrize("path", SHAPES)
def test_a_page_is_encoded_when_it_is_on_record_and_no_transaction_is_open(
    exchange: Context, phone: Phone, partner: PartnerClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    from stillmine.exchange.ground import edge
    from stillmine.exchange.rows.feed import Disclosure

    encoded = list[tuple[int, bool]]()

    def answer(message: Any) -> HttpResponse:
        encoded.append((Disclosure.objects.count(), connection.in_atomic_block))
        return edge.answer(message)

    monkeypatch.setattr(f"stillmine.exchange.{SHAPES[path]}.answer", answer)
    phone.open(1)
    assert fetch(partner, path).status_code == 200
    assert encoded == [(1, False)]
