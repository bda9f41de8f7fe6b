# SPDX-License-Identifier: Apache-2.0
"""The exchange's HTTP interface as an OpenAPI 3.1 document, made from the routes and the wire messages.

For partners' tools and for tests that send whatever the document allows. It must say nothing that the routes don't do: a test walks both
and checks what is answered. The operators' console is pages for people and has no place here. `spec/openapi.json` is written by
`python tools/openapi.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stillmine.exchange.rows.scopes import Scope
from stillmine.exchange.stopncii.fetch import LATEST_TIMESTAMP
from stillmine.exchange.web.urls import ROUTES, Caller
from stillmine.wire import ask, ask_regions, case, feed, feedback, ledger, named, openapi, receipt, statistics, stopncii, submission, vote
from stillmine.wire import readiness as wire_readiness
from stillmine.wire.errors import WorkNeeded
from stillmine.wire.openapi import TEXT, Content, Described, Schema
from stillmine.wire.openapi import whole as _whole
from stillmine.wire.snapshot import SNAPSHOT_CONTENT_TYPE
from stillmine.wire.work import MAXIMUM_PROOF_CHARACTERS, PROOF_HEADER

_CURSOR: Schema = {"type": "string", "maxLength": 64}

SECURITY: Mapping[Caller, Schema] = {
    Caller.CASE: {"caseKey": []},
    Caller.PARTNER: {"partnerKey": []},
    Caller.STOPNCII_PARTNER: {"functionsKey": [], "subscriptionKey": []},
}
SCHEMES: Schema = {
    "caseKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "Case <case id, 32 hex>.<token, 64 hex>, both derived from the case key on the person's device",
    },
    "partnerKey": {"type": "http", "scheme": "bearer"},
    "functionsKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
    "subscriptionKey": {"type": "apiKey", "in": "header", "name": "Ocp-Apim-Subscription-Key"},
}


@dataclass(frozen=True)
class Operation(openapi.Operation):
    """`scope` is what a partner's key must be allowed, None for any key."""

    scope: Scope | None = None

    @property
    def description(self) -> str:
        return "" if self.scope is None else f"The partner's key needs the scope `{self.scope.value}`."


_CASE: Mapping[int, Content] = {200: (case.CaseView,)}

_PROOF: Mapping[str, Schema] = {PROOF_HEADER: {"type": "string", "maxLength": MAXIMUM_PROOF_CHARACTERS, "pattern": r"^[\x21-\x7e]+$"}}

OPERATIONS: Mapping[str, Operation] = {
    "GET livez": Operation("Say that the process answers", {200: (TEXT,)}),
    "GET readyz": Operation(
        "Say in a word of each part whether the exchange can work",
        {200: (wire_readiness.Readiness,), 503: (wire_readiness.Readiness,)},
    ),
    "GET api/v1/case": Operation("Show a case", _CASE),
    "POST api/v1/case": Operation(
        f"Open a case; under attack it answers 428 with work to do, whose proof goes into `{PROOF_HEADER}`",
        {200: (case.CaseView,), 201: (case.CaseView,), 428: (WorkNeeded,)},
        (case.OpenCase,),
        headers=_PROOF,
    ),
    "POST api/v1/case/fingerprints": Operation(
        f"Add fingerprints to a case; under attack it answers 428 with work to do, whose proof goes into `{PROOF_HEADER}`",
        {**_CASE, 428: (WorkNeeded,)},
        (case.AddFingerprints,),
        headers=_PROOF,
    ),
    "POST api/v1/case/withdraw": Operation("Withdraw a fingerprint or the whole case, or ask for it", _CASE, (case.Withdraw,)),
    "POST api/v1/case/withdraw/cancel": Operation("Take back what was asked for", _CASE, (case.CancelWithdrawal,)),
    "POST api/v1/case/delay": Operation("Switch the delay of withdrawals on or off", _CASE, (case.SetDelay,)),
    "POST api/v1/case/renew": Operation("Let a case last longer", _CASE, (case.RenewCase,)),
    "GET api/v1/case/receipt": Operation("Show the signed receipt of what was erased", {200: (receipt.SignedReceipt,)}),
    "GET api/v1/receipt-key": Operation("Show the key that checks receipts", {200: (receipt.ReceiptKey,)}),
    "GET api/v1/case/ledger": Operation("Show the ledger's entries about a case, with proofs", {200: (ledger.CaseLedger,)}),
    "GET api/v1/ledger/checkpoint": Operation("Show the newest checkpoint, a signed note", {200: (TEXT,)}),
    "GET api/v1/ledger/key": Operation("Show the key that checks checkpoints", {200: (ledger.LedgerKey,)}),
    "GET api/v1/ledger/leaves": Operation(
        "Fetch leaf hashes in order",
        {200: (ledger.LedgerLeaves,)},
        query={"start": _whole(0, ledger.MAXIMUM_TREE_SIZE), "limit": _whole(1, ledger.MAXIMUM_LEAVES)},
    ),
    "GET api/v1/ledger/consistency": Operation(
        "Prove that the log of one size continues the log of another",
        {200: (ledger.LedgerConsistency,)},
        query={"from": _whole(0, ledger.MAXIMUM_TREE_SIZE), "to": _whole(0, ledger.MAXIMUM_TREE_SIZE)},
        needed=frozenset({"from", "to"}),
    ),
    "GET api/v1/ledger/portal": Operation("Show the ledger's entries about the portal's files, with proofs", {200: (ledger.LedgerPortal,)}),
    "GET api/v1/feed": Operation(
        "Fetch the changes after a cursor",
        {200: (feed.FeedPage,)},
        query={"cursor": _CURSOR, "limit": _whole(1, feed.MAXIMUM_PAGE_ENTRIES)},
        scope=Scope.LIST,
    ),
    "GET api/v1/feed/snapshot": Operation("Fetch everything active as one stream", {200: (SNAPSHOT_CONTENT_TYPE,)}, scope=Scope.LIST),
    "POST api/v1/feed/acknowledgements": Operation(
        "Confirm that all up to a cursor is applied (scope `list`), or that nothing of the list is left (scope `ask`)",
        {204: ()},
        (feed.AcknowledgeFeed,),
    ),
    "POST api/v1/feedback": Operation(
        "Report what was found and decided", {200: (feedback.FeedbackReceipt,)}, (feedback.SubmitFeedback,), scope=Scope.FEEDBACK
    ),
    "POST api/v1/votes": Operation(
        "Say whether fingerprints belong on the list", {200: (feedback.FeedbackReceipt,)}, (vote.SubmitVotes,), scope=Scope.FEEDBACK
    ),
    "GET api/v1/statistics": Operation("Show public numbers", {200: (statistics.Statistics,)}),
    "GET api/v1/partners": Operation("Show which partners may be named", {200: (named.NamedPartners,)}),
    "POST api/v1/ask": Operation(
        "Ask whether fingerprints match; the answer has the form of the question",
        {200: (ask.AskAnswer, ask.BINARY_CONTENT_TYPE)},
        (ask.Ask, ask.BINARY_CONTENT_TYPE),
        scope=Scope.ASK,
    ),
    "POST api/v1/ask/regions": Operation(
        "Ask where an upload may show pictures of which regions are stored",
        {200: (ask_regions.RegionsAnswer,)},
        (ask_regions.RegionsAsk,),
        scope=Scope.ASK,
    ),
    "POST api/v1/ask/regions/look": Operation(
        "Say what is at the places of an answer, and learn which pictures are there",
        {200: (ask_regions.RegionsAnswer,)},
        (ask_regions.RegionsLook,),
        scope=Scope.ASK,
    ),
    "GET api/v1/status": Operation("Show how the index of asks stands and what is left of the day", {200: (ask.ExchangeStatus,)}),
    "POST api/v1/submissions": Operation(
        "Hand in fingerprints", {200: (submission.SubmissionReceipt,)}, (submission.SubmitFingerprints,), scope=Scope.SUBMIT
    ),
    "POST api/v1/submissions/withdraw": Operation(
        "Take back what was handed in", {200: (submission.WithdrawalReceipt,)}, (submission.WithdrawSubmissions,), scope=Scope.SUBMIT
    ),
    "GET stopncii/v1/FetchHashes": Operation(
        "Fetch the list in StopNCII's v1 shape",
        {200: (stopncii.FetchHashesPage,)},
        query={
            "startTimestamp": _whole(0, LATEST_TIMESTAMP),
            "pageSize": _whole(1, stopncii.MAXIMUM_PAGE_RECORDS),
            "nextPageToken": _CURSOR,
        },
        scope=Scope.LIST,
    ),
    "POST stopncii/v1/SubmitHashes": Operation(
        "Hand in hashes in StopNCII's v1 shape", {200: (stopncii.SubmitHashesReceipt,)}, (stopncii.SubmitHashes,), scope=Scope.SUBMIT
    ),
    "POST stopncii/v1/SubmitFeedback": Operation(
        "Report in StopNCII's v1 shape", {200: (stopncii.HashFeedbackReceipt,)}, (stopncii.SubmitHashFeedbacks,), scope=Scope.FEEDBACK
    ),
}


def document() -> Schema:
    """Return the whole document."""
    info = {
        "title": "Stillmine exchange",
        "description": "What persons' devices, partners and auditors ask of an exchange. The operators' console is not in here.",
    }
    described = [
        Described(f"/{route.path}", method, OPERATIONS[f"{method} {route.path}"], SECURITY.get(route.caller))
        for route in ROUTES
        for method in route.views
    ]
    return openapi.document(info, SCHEMES, described)
