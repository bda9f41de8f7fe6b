# SPDX-License-Identifier: Apache-2.0
"""Every kind that a case may hold goes through the exchange: case, feed, snapshot and ask, until it is withdrawn."""

from collections.abc import Callable

import pytest

from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import value_text
from stillmine.wire.snapshot import SnapshotReader
from tests.exchange.ask_parts import ask
from tests.exchange.exchange_parts import PartnerClient, Phone
from tests.kind_samples import SAMPLES


def snapshot(partner: PartnerClient) -> list[tuple[str, str, int]]:
    response = partner.web.get("/api/v1/feed/snapshot", headers=partner.headers)
    blocks = SnapshotReader([response.content]).blocks()
    return [(one.kind, value_text(one.kind, one.values[0]), one.qualities[0]) for one in blocks]


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_a_kind_goes_through_case_feed_snapshot_and_ask(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None], sample: Fingerprint
) -> None:
    expected = [(sample.kind, sample.value, sample.quality)]
    phone.open(fingerprints=[{"kind": sample.kind.value, "value": sample.value, "quality": sample.quality}])
    assert [(row.kind, row.value, row.quality) for row in phone.show().fingerprints] == expected
    assert [(entry.kind, entry.value, entry.quality) for entry in partner.fetch().entries] == expected
    assert snapshot(partner) == expected
    follower()
    assert [row["outcome"] for row in ask(partner, (sample.kind.value, sample.value)).json()["answers"]] == ["match"]
    phone.withdraw()
    follower()
    assert [row["outcome"] for row in ask(partner, (sample.kind.value, sample.value)).json()["answers"]] == ["clear"]
    assert snapshot(partner) == []
