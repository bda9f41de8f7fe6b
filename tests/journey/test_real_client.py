# SPDX-License-Identifier: Apache-2.0
"""The field's own client, as published: fetch the hash of a case from a running exchange and match an altered copy."""

import json
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from threatexchange.exchanges.clients.stopncii.api import StopNCIIAPI, StopNCIICaseStatus
from threatexchange.exchanges.collab_config import CollaborationConfigBase
from threatexchange.exchanges.impl.stop_ncii_api import StopNCIICredentials, StopNCIISignalExchangeAPI
from threatexchange.signal_type.pdq.signal import PdqSignal

from stillmine.demo.edits import altered_copies
from stillmine.demo.person import Person
from stillmine.demo.processes import System
from stillmine.fingerprint import fingerprint_image
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind

pytestmark = pytest.mark.any_database  # the field's client reads answers

STILLMINE = [sys.executable, "-c", "from stillmine.cli import main; main()"]


@pytest.fixture
def partner_key(system: System, system_folder: Path) -> str:
    """A second list partner that runs the open client."""
    arguments = ["exchange", "partner", "add", "Example Forum", "--way", "list", "--json", "--home", str(system_folder / "exchange")]
    done = subprocess.run([*STILLMINE, *arguments], capture_output=True, text=True, check=True, env=system.environment)
    key: str = json.loads(done.stdout)["key"]
    return key


def test_the_open_client_fetches_the_hash_of_a_case_and_matches_an_altered_copy(
    system: System, partner_key: str, photograph: bytes
) -> None:
    url = system.url("exchange") + "/stopncii/v1"
    exchange = StopNCIISignalExchangeAPI.for_collab(
        CollaborationConfigBase(name="stillmine", api="stop_ncii", enabled=True),
        StopNCIICredentials(subscription_key=partner_key, fetch_function_key=partner_key, base_url_override=url),
    )
    made = fingerprint_image(photograph)
    with Person(system.url("exchange"), secrets.token_bytes(10)) as person:
        person.open_case([Fingerprint(kind=Kind.PDQ, value=made.pdq.hex(), quality=made.quality)])

        deltas: list[Any] = []
        fetched: dict[Any, Any] = {}
        while not fetched:  # it comes with the next tick
            deltas = list(exchange.fetch_iter([PdqSignal], None))
            fetched = {key: metadata for delta in deltas for key, metadata in delta.updates.items()}
        assert list(fetched) == [("pdq", made.pdq.hex())]

        index = PdqSignal.get_index_cls().build([(value, value) for _, value in fetched])
        greyscale = next(copy for copy in altered_copies(photograph) if copy.name == "greyscale")
        assert [match.metadata for match in index.query(PdqSignal.hash_from_bytes(greyscale.data))] == [made.pdq.hex()]

        person.withdraw_case()
        checkpoint = deltas[-1].checkpoint
        client = StopNCIIAPI(partner_key, partner_key, base_url_override=url)
        records = [record for page in client.fetch_hashes_iter(start_timestamp=checkpoint.update_time) for record in page.hashRecords]
        assert [(record.hashValue, record.hashStatus) for record in records] == [(made.pdq.hex(), StopNCIICaseStatus.Withdrawn)]
        late = exchange.fetch_iter([PdqSignal], checkpoint)
        assert [key for delta in late for key in delta.updates] == [("pdq", made.pdq.hex())]
