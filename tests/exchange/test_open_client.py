# SPDX-License-Identifier: Apache-2.0
"""The field's own client, as published, against a running exchange: it reads every field, pages, and finds a near copy."""

import json

import pytest

from tests import plain_http
from tests.exchange.exchange_parts import PartnerClient, Phone, value
from tests.exchange.served_exchange import Operator, wait_until

pytestmark = pytest.mark.any_database  # the field's client reads answers

pytest.importorskip("threatexchange")


def flipped(hexadecimal: str, bits: int) -> str:
    return f"{int(hexadecimal, 16) ^ ((1 << bits) - 1):064x}"


def test_the_open_client_fetches_pages_and_matches(operator: Operator, served: tuple[str, object, object]) -> None:
    from threatexchange.exchanges.clients.stopncii.api import StopNCIIAPI, StopNCIICaseStatus, StopNCIISignalType
    from threatexchange.exchanges.collab_config import CollaborationConfigBase
    from threatexchange.exchanges.impl.stop_ncii_api import StopNCIICredentials, StopNCIISignalExchangeAPI
    from threatexchange.signal_type.pdq.signal import PdqSignal

    url = served[0] + "/stopncii/v1"
    key = json.loads(operator.run("partner", "add", "Example Forum", "--way", "list", "--json"))["key"]
    with plain_http.Client(base_url=served[0]) as web:
        phones = [Phone(web, number.to_bytes(10)) for number in range(3)]
        for number, phone in enumerate(phones):
            phone.open(*range(1 + 10 * number, 6 + 10 * number))

        wait_until(lambda: len(PartnerClient(web, key).fetch().entries) == 15)
        api = StopNCIIAPI(key, key, base_url_override=url)
        first = api.fetch_hashes(page_size=4)
        assert (first.count, first.hasMoreRecords, len(first.hashRecords)) == (4, True, 4)
        rest = api.fetch_hashes(page_size=800, next_page=first.nextPageToken or "")
        assert (rest.count, rest.hasMoreRecords, rest.nextPageToken) == (11, False, None)
        record = first.hashRecords[0]
        assert (record.signalType, record.hashStatus) == (StopNCIISignalType.ImagePDQ, StopNCIICaseStatus.Active)
        assert (list(record.caseNumbers.values()), record.CSPFeedbacks) == ([StopNCIICaseStatus.Active], [])

        credentials = StopNCIICredentials(subscription_key=key, fetch_function_key=key, base_url_override=url)
        exchange = StopNCIISignalExchangeAPI.for_collab(CollaborationConfigBase(name="x", api="stop_ncii", enabled=True), credentials)
        deltas = list(exchange.fetch_iter([PdqSignal], None))
        fetched = [hash_value for delta in deltas for _, hash_value in delta.updates]
        assert sorted(fetched) == sorted(value(number + 10 * case) for case in range(3) for number in range(1, 6))
        index = PdqSignal.get_index_cls().build([(hash_value, hash_value) for hash_value in fetched])
        assert [found.metadata for found in index.query(flipped(value(23), 2))].count(value(23)) == 1

        phones[1].withdraw()
        after = [record for page in api.fetch_hashes_iter(deltas[-1].checkpoint.update_time) for record in page.hashRecords]
        withdrawn = {record.hashValue for record in after if record.hashStatus is StopNCIICaseStatus.Withdrawn}
        assert withdrawn == {value(number) for number in range(11, 16)}
        native = PartnerClient(web, key)
        native.sync()
        assert native.active_values() == sorted(set(fetched) - withdrawn)


def test_the_open_client_says_why_it_was_refused(served: tuple[str, object, object]) -> None:
    import requests
    from threatexchange.exchanges.clients.stopncii.api import StopNCIIAPI

    with pytest.raises(requests.HTTPError, match="401"):
        StopNCIIAPI("wrong", "wrong", base_url_override=served[0] + "/stopncii/v1").fetch_hashes()
