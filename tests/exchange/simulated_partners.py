# SPDX-License-Identifier: Apache-2.0
"""Partners of a simulation: one with the native list, one that knows values only, one that asks. Each does what its contract says."""

import random
from dataclasses import dataclass, field

import httpx

from stillmine.wire.case import FingerprintState
from stillmine.wire.feed import FeedEntry
from stillmine.wire.kinds import Kind
from stillmine.wire.snapshot import SnapshotReader
from tests.exchange.exchange_parts import PartnerClient, feedback_on, vote_on

PAGE_SIZES = [1, 2, 500]


class NativeList(PartnerClient):
    """Keeps page and cursor together, so that a lost answer is asked for again."""

    def sync(self, limit: int | None = None) -> None:
        while True:
            page = self.fetch(self.cursor, limit)
            self.entries |= {entry.id: entry for entry in page.entries}
            self.cursor = page.cursor
            if not page.has_more:
                return

    def begin_again(self) -> None:
        """Forget everything and begin with a snapshot."""
        response = self.web.get("/api/v1/feed/snapshot", headers=self.headers)
        assert response.status_code == 200, response.text
        reader = SnapshotReader([response.content])
        self.entries = {}
        for block in reader.blocks():
            ids = [block.ids[start : start + 16].hex() for start in range(0, len(block.ids), 16)]
            for own, quality, value in zip(ids, block.qualities, block.values, strict=True):
                self.entries[own] = FeedEntry(id=own, kind=block.kind, state=FingerprintState.ACTIVE, value=value.hex(), quality=quality)
        self.cursor = reader.head.cursor

    def known(self) -> list[str]:
        return sorted(self.entries)

    def matches(self) -> set[str]:
        return set(self.active_values())


@dataclass
class ValueList:
    """In the StopNCII shape: each record replaces the one before."""

    client: PartnerClient
    start: int = 10
    active: set[str] = field(default_factory=set)

    def sync(self, page_size: int) -> None:
        token: dict[str, str | int] = {}
        while True:
            page = self.client.fetch_hashes(self.start, pageSize=page_size, **token)
            for record in page["hashRecords"]:
                (self.active.add if record["hashStatus"] == "Active" else self.active.discard)(record["hashValue"])
            if not page["hasMoreRecords"]:
                self.start = page["nextSetTimestamp"]
                return
            token = {"nextPageToken": page["nextPageToken"]}

    def matches(self) -> set[str]:
        return set(self.active)


@dataclass
class Asking:
    """Remembers the ids that it was told, to report about them."""

    client: PartnerClient
    told: dict[str, str] = field(default_factory=dict)

    def ask(self, values: list[str]) -> set[str]:
        """Return which of these match now."""
        body = {"version": 1, "queries": [{"kind": Kind.PDQ.value, "value": value} for value in values]}
        response = self.client.web.post("/api/v1/ask", json=body, headers=self.client.headers)
        if response.status_code == 503:  # the index is behind: asked again later
            raise httpx.ReadTimeout(response.json()["code"])
        assert response.status_code == 200, response.text
        rows = zip(values, response.json()["answers"], strict=True)
        found = {value: row["id"] for value, row in rows if row["outcome"] == "match"}
        self.told |= {own: value for value, own in found.items()}
        return set(found)

    def known(self) -> list[str]:
        return sorted(self.told)


def a_report(chance: random.Random, own_id: str, number: int) -> dict[str, object]:
    outcome = chance.choice(["found", "removed", "not_removed"])
    reason = chance.choice(["not_the_same", "already_gone"]) if outcome == "not_removed" else None
    return feedback_on(own_id, number, outcome, reason)


def a_vote(chance: random.Random, own_id: str, number: int) -> dict[str, object]:
    vote = chance.choice(["agree", "disagree"])
    return vote_on(own_id, number, vote, chance.choice(["not_intimate", "not_the_same"]) if vote == "disagree" else None)
