# SPDX-License-Identifier: Apache-2.0
"""Every address of the exchange, who may call it, and with which methods.

The table is what the stranger test walks: a new route fails there until it is classified.
"""

from dataclasses import dataclass
from enum import Enum

from django.urls import path

from stillmine.exchange.ask import views as ask
from stillmine.exchange.feed import snapshot
from stillmine.exchange.feed import views as feed
from stillmine.exchange.feedback import views as feedback
from stillmine.exchange.ground.edge import View, by_method
from stillmine.exchange.partners import views as partners
from stillmine.exchange.person import log_views as ledger
from stillmine.exchange.person import receipt_views as receipts
from stillmine.exchange.person import views as cases
from stillmine.exchange.statistics import views as statistics
from stillmine.exchange.stopncii import feedback_views as stopncii_feedback
from stillmine.exchange.stopncii import fetch as stopncii
from stillmine.exchange.stopncii import submit as stopncii_submissions
from stillmine.exchange.submissions import views as submissions
from stillmine.exchange.web.readiness import livez, readyz
from stillmine.wire.ask import MAXIMUM_ASK_BYTES
from stillmine.wire.ask_regions import MAXIMUM_REGIONS_ASK_BYTES
from stillmine.wire.case import MAXIMUM_CASE_MESSAGE_BYTES
from stillmine.wire.codec import MAXIMUM_MESSAGE_BYTES
from stillmine.wire.stopncii import MAXIMUM_SUBMIT_MESSAGE_BYTES
from stillmine.wire.submission import MAXIMUM_SUBMISSION_MESSAGE_BYTES


class Caller(Enum):
    """Whose key a route asks for."""

    ANYBODY = "anybody"
    CASE = "case key"
    PARTNER = "partner key"
    STOPNCII_PARTNER = "partner key in two headers"


@dataclass(frozen=True)
class Route:
    """One address."""

    path: str
    caller: Caller
    views: dict[str, View]
    body_bytes: int = MAXIMUM_MESSAGE_BYTES
    """The longest body that is read here; views know their own limits."""


ROUTES = (
    Route("livez", Caller.ANYBODY, {"GET": livez}),
    Route("readyz", Caller.ANYBODY, {"GET": readyz}),
    Route("api/v1/case", Caller.CASE, {"GET": cases.show, "POST": cases.open_one}, MAXIMUM_CASE_MESSAGE_BYTES),
    Route("api/v1/case/fingerprints", Caller.CASE, {"POST": cases.add}, MAXIMUM_CASE_MESSAGE_BYTES),
    Route("api/v1/case/withdraw", Caller.CASE, {"POST": cases.withdraw}),
    Route("api/v1/case/withdraw/cancel", Caller.CASE, {"POST": cases.cancel}),
    Route("api/v1/case/delay", Caller.CASE, {"POST": cases.set_delay}),
    Route("api/v1/case/renew", Caller.CASE, {"POST": cases.renew}),
    Route("api/v1/case/receipt", Caller.CASE, {"GET": receipts.show}),
    Route("api/v1/receipt-key", Caller.ANYBODY, {"GET": receipts.key}),
    Route("api/v1/case/ledger", Caller.CASE, {"GET": ledger.of_case}),
    Route("api/v1/ledger/checkpoint", Caller.ANYBODY, {"GET": ledger.checkpoint}),
    Route("api/v1/ledger/key", Caller.ANYBODY, {"GET": ledger.key}),
    Route("api/v1/ledger/leaves", Caller.ANYBODY, {"GET": ledger.leaves}),
    Route("api/v1/ledger/consistency", Caller.ANYBODY, {"GET": ledger.consistency}),
    Route("api/v1/ledger/portal", Caller.ANYBODY, {"GET": ledger.portal}),
    Route("api/v1/feed", Caller.PARTNER, {"GET": feed.fetch}),
    Route("api/v1/feed/snapshot", Caller.PARTNER, {"GET": snapshot.fetch}),
    Route("api/v1/feed/acknowledgements", Caller.PARTNER, {"POST": feed.acknowledge}),
    Route("api/v1/feedback", Caller.PARTNER, {"POST": feedback.submit}),
    Route("api/v1/votes", Caller.PARTNER, {"POST": feedback.vote}),
    Route("api/v1/statistics", Caller.ANYBODY, {"GET": statistics.show}),
    Route("api/v1/partners", Caller.ANYBODY, {"GET": partners.show_named}),
    Route("api/v1/ask", Caller.PARTNER, {"POST": ask.ask}, MAXIMUM_ASK_BYTES),
    Route("api/v1/ask/regions", Caller.PARTNER, {"POST": ask.regions}, MAXIMUM_REGIONS_ASK_BYTES),
    Route("api/v1/ask/regions/look", Caller.PARTNER, {"POST": ask.look}, MAXIMUM_REGIONS_ASK_BYTES),
    Route("api/v1/status", Caller.PARTNER, {"GET": ask.status}),
    Route("api/v1/submissions", Caller.PARTNER, {"POST": submissions.submit}, MAXIMUM_SUBMISSION_MESSAGE_BYTES),
    Route("api/v1/submissions/withdraw", Caller.PARTNER, {"POST": submissions.withdraw}),
    Route("stopncii/v1/FetchHashes", Caller.STOPNCII_PARTNER, {"GET": stopncii.fetch_hashes}),
    Route("stopncii/v1/SubmitHashes", Caller.STOPNCII_PARTNER, {"POST": stopncii_submissions.submit_hashes}, MAXIMUM_SUBMIT_MESSAGE_BYTES),
    Route("stopncii/v1/SubmitFeedback", Caller.STOPNCII_PARTNER, {"POST": stopncii_feedback.submit_feedback}, MAXIMUM_SUBMIT_MESSAGE_BYTES),
)

_most_called_first = sorted(ROUTES, key=lambda route: not route.path.startswith("api/v1/ask"))
"""Django tries one after the other."""

urlpatterns = [path(route.path, by_method(route.views)) for route in _most_called_first]

handler400 = "stillmine.exchange.web.middleware.bad_request"
handler404 = "stillmine.exchange.web.middleware.not_found"
handler500 = "stillmine.exchange.web.middleware.server_error"
