# SPDX-License-Identifier: Apache-2.0
"""A small StopNCII v1 server for tests of the partner: pages of hashes, and what it was told. Faults are switched on by attributes."""

import json
from typing import Any

import httpx

KEYS = {"Ocp-Apim-Subscription-Key": "subscription", "x-functions-key": "function"}


class FakeStopNcii:
    """`page_records` is the size of a page."""

    def __init__(self, page_records: int = 2) -> None:
        self.page_records = page_records
        self.records: list[dict[str, Any]] = []
        self.told: list[tuple[str, str]] = []
        self.starts: list[int] = []
        self.fault: httpx.Response | Exception | None = None
        self._now = 1000

    def say(self, value: str, status: str = "Active", signal_type: str = "ImagePDQ", **more: Any) -> None:
        """Add a record, newest last, as a whole snapshot of one hash."""
        self._now += 10
        self.records = [record for record in self.records if record["hashValue"] != value]
        record = {"lastModtimestamp": self._now, "signalType": signal_type, "hashValue": value, "hashStatus": status}
        self.records.append({**record, "caseNumbers": {"1": status}, "CSPFeedbacks": [], **more})

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as a network does: the content is read from a stream."""
        whole = self._answer(request)
        return httpx.Response(whole.status_code, headers=whole.headers, stream=httpx.ByteStream(whole.content))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.fault, Exception):
            raise self.fault
        if self.fault is not None:
            return self.fault
        if any(request.headers.get(name) != key for name, key in KEYS.items()):
            return httpx.Response(401)
        if request.url.path.endswith("/FetchHashes"):
            return httpx.Response(200, json=self._page(request.url.params))
        rows = json.loads(request.content)["hashFeedbacks"]
        self.told += [(row["hashValue"], row["feedbackValue"]) for row in rows]
        return httpx.Response(200, json={"count": len(rows)})

    def _page(self, parameters: httpx.QueryParams) -> dict[str, Any]:
        start, place = int(parameters["startTimestamp"]), int(parameters.get("nextPageToken", 0))
        self.starts.append(start)
        found = [record for record in self.records if record["lastModtimestamp"] >= start]
        page = found[place : place + self.page_records]
        has_more = place + self.page_records < len(found)
        return {
            "count": len(page),
            "nextPageToken": str(place + self.page_records) if has_more else None,
            "nextSetTimestamp": page[-1]["lastModtimestamp"] if page else start,
            "hasMoreRecords": has_more,
            "hashRecords": page,
            "aFieldOfItsOwn": 1,
        }
