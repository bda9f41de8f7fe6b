# SPDX-License-Identifier: Apache-2.0
"""Every kind that lists have goes through the exchange: case, feed, snapshot and ask; what none has goes into cases alone."""

from collections.abc import Callable

import pytest

from stillmine.wire.case import FingerprintState
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind, value_text
from stillmine.wire.regions import parse_regions
from stillmine.wire.snapshot import SnapshotReader
from tests.exchange.ask_parts import ask
from tests.exchange.exchange_parts import PartnerClient, Phone, code
from tests.kind_samples import LISTED_SAMPLES, SAMPLES


def snapshot(partner: PartnerClient) -> list[tuple[str, str, int]]:
    response = partner.web.get("/api/v1/feed/snapshot", headers=partner.headers)
    blocks = SnapshotReader([response.content]).blocks()
    return [(one.kind, value_text(one.kind, one.values[0]), one.qualities[0]) for one in blocks]


@pytest.mark.parametrize("sample", LISTED_SAMPLES.values(), ids=LISTED_SAMPLES)
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


@pytest.mark.parametrize("kind", sorted(SAMPLES.keys() - LISTED_SAMPLES.keys()))
def test_what_no_list_has_is_in_a_case_and_leaves_in_no_shape(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None], kind: Kind
) -> None:
    sample = SAMPLES[kind]
    own = {"kind": "pdq", "value": parse_regions(sample.value).pdq.hex(), "quality": 90}
    phone.open(fingerprints=[own, {"kind": kind.value, "value": sample.value, "quality": sample.quality}])
    assert [row.kind for row in phone.show().fingerprints] == [Kind.PDQ, kind]
    assert [entry.kind for entry in partner.fetch().entries] == [Kind.PDQ]
    assert [row[0] for row in snapshot(partner)] == [Kind.PDQ]
    assert [record["signalType"] for record in partner.fetch_hashes()["hashRecords"]] == ["ImagePDQ"]
    follower()
    assert code(ask(partner, (kind.value, sample.value))) == (422, "kind_not_accepted")
    assert [[status.partner for status in row.partners] for row in phone.show().fingerprints] == [["Example Social"], []]
    phone.withdraw()
    assert [(entry.kind, entry.state) for entry in partner.fetch().entries] == [(Kind.PDQ, FingerprintState.WITHDRAWN)]
