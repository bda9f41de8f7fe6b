# SPDX-License-Identifier: Apache-2.0
"""Every kind that lists have goes from the exchange to an answer, in both ways of partners, by feed and by snapshot."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stillmine.partner.asking.queries import queries_of
from stillmine.partner.screening.made import made_by_platform
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.screen import ScreenOutcome
from tests.kind_samples import LISTED_SAMPLES
from tests.partner.asking_parts import AskingPartner
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import Clock, Partner

every_kind = pytest.mark.parametrize("sample", LISTED_SAMPLES.values(), ids=LISTED_SAMPLES)


@every_kind
@pytest.mark.parametrize("has_snapshot", [False, True], ids=["feed", "snapshot"])
def test_a_kind_is_found_in_the_list_until_it_is_withdrawn(
    partner: Partner, exchange: FakeExchange, sample: Fingerprint, has_snapshot: bool
) -> None:
    exchange.has_snapshot = has_snapshot
    exchange.add_text("f", sample.kind, sample.value, sample.quality)
    assert (partner.sync.run().added, partner.sync.run().of_other_kinds) == (1, 0)
    result = partner.screening.screen_fingerprints([sample])
    assert (result.outcome, [match.kind for match in result.matches]) == (ScreenOutcome.MATCH, [sample.kind])
    exchange.withdraw("f")
    partner.sync.run()
    assert partner.screening.screen_fingerprints([sample]).outcome is ScreenOutcome.NO_MATCH


@pytest.fixture
def asking(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[AskingPartner]:
    exchange.scopes = ["ask", "feedback"]
    partner = AskingPartner(home, exchange, clock)
    partner.round()
    yield partner
    partner.close()


@every_kind
def test_a_kind_is_asked_about_and_found_at_the_exchange(asking: AskingPartner, exchange: FakeExchange, sample: Fingerprint) -> None:
    assert [one.kind for one in queries_of(made_by_platform([sample]))] == [sample.kind]
    exchange.add_text("f", sample.kind, sample.value, sample.quality)
    result = asking.screening.screen_fingerprints([sample])
    assert (result.outcome, [match.kind for match in result.matches]) == (ScreenOutcome.MATCH, [sample.kind])
    exchange.withdraw("f")
    assert asking.screening.screen_fingerprints([sample]).outcome is ScreenOutcome.NO_MATCH
