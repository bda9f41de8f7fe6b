# SPDX-License-Identifier: Apache-2.0
"""What a simulation has seen leave the exchange and go in: the other half of what the ledger and the tables must say."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from stillmine.wire.snapshot import SnapshotReader

GivenId = tuple[str, str]
"""A partner's name, and its own id of a fingerprint or, in the StopNCII shape, the value."""


@dataclass
class Witness:
    """`names` says whose a key is; nothing here looks into the exchange."""

    names: dict[str, str] = field(default_factory=dict)
    given: set[GivenId] = field(default_factory=set)
    given_by_value: set[GivenId] = field(default_factory=set)
    matched: set[GivenId] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    reports: set[tuple[str, str]] = field(default_factory=set)
    votes: dict[GivenId, tuple[str, str]] = field(default_factory=dict)
    vote_ids: set[tuple[str, str]] = field(default_factory=set)
    queries: Counter[str] = field(default_factory=Counter)

    def __call__(self, request: httpx.Request, answer: httpx.Response) -> None:
        assert answer.status_code < 500 or answer.json()["code"] == "index_loading", answer.text
        if not answer.is_success:
            return
        path = request.url.path
        if path == "/api/v1/case" and request.method == "POST":
            self.opened.add(request.headers["Authorization"])
            return
        key = request.headers.get("x-functions-key") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        see = _SEEN.get(path)
        if see is not None:
            see(self, self.names[key], request, answer)

    def _feed(self, name: str, _request: httpx.Request, answer: httpx.Response) -> None:
        self.given |= {(name, entry["id"]) for entry in answer.json()["entries"] if entry["state"] == "active"}

    def _snapshot(self, name: str, _request: httpx.Request, answer: httpx.Response) -> None:
        for block in SnapshotReader([answer.content]).blocks():
            self.given |= {(name, block.ids[start : start + 16].hex()) for start in range(0, len(block.ids), 16)}

    def _hashes(self, name: str, _request: httpx.Request, answer: httpx.Response) -> None:
        records = answer.json()["hashRecords"]
        self.given_by_value |= {(name, record["hashValue"]) for record in records if record["hashStatus"] == "Active"}

    def _ask(self, name: str, request: httpx.Request, answer: httpx.Response) -> None:
        self.queries[name] += len(_body(request)["queries"])
        self.matched |= {(name, row["id"]) for row in answer.json()["answers"] if row["outcome"] == "match"}

    def _report(self, name: str, request: httpx.Request, answer: httpx.Response) -> None:
        unknown = set(answer.json()["unknown"])
        self.reports |= {(name, row["feedback_id"]) for row in _body(request)["feedback"] if row["fingerprint_id"] not in unknown}

    def _vote(self, name: str, request: httpx.Request, answer: httpx.Response) -> None:
        unknown = set(answer.json()["unknown"])
        for row in _body(request)["votes"]:
            if row["fingerprint_id"] not in unknown and (name, row["vote_id"]) not in self.vote_ids:
                self.vote_ids.add((name, row["vote_id"]))
                self.votes[name, row["fingerprint_id"]] = (row["vote"], row["reason"] or "")


_SEEN = {
    "/api/v1/feed": Witness._feed,
    "/api/v1/feed/snapshot": Witness._snapshot,
    "/stopncii/v1/FetchHashes": Witness._hashes,
    "/api/v1/ask": Witness._ask,
    "/api/v1/feedback": Witness._report,
    "/api/v1/votes": Witness._vote,
}


def _body(request: httpx.Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.content)
    return body
