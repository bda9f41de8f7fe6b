# SPDX-License-Identifier: Apache-2.0
"""Every route as everybody who has no business there. The list comes from the routes: a new one fails until it is classified."""

from datetime import timedelta

import httpx
import pytest

from stillmine.exchange.rows.scopes import Scope, Way
from stillmine.exchange.transaction.context import Context
from stillmine.wire.ask_regions import HASHES_BYTES, NO_LOOK
from stillmine.wire.base64url import base64url_text
from tests.exchange.exchange_parts import PartnerClient, Phone, code, fingerprint, opening, publish, value

UNKNOWN_KEY = "smk_00000000_" + "A" * 43
NO_CASE = "Case " + "0" * 32 + "." + "0" * 64

BODIES: dict[str, dict[str, object]] = {
    "POST api/v1/case": opening(9),
    "POST api/v1/case/fingerprints": {"version": 1, "fingerprints": [fingerprint(9)]},
    "POST api/v1/case/withdraw": {"version": 1},
    "POST api/v1/case/withdraw/cancel": {"version": 1},
    "POST api/v1/case/delay": {"version": 1, "is_on": True},
    "POST api/v1/case/renew": {"version": 1},
    "POST api/v1/feed/acknowledgements": {"version": 1, "cursor": "0.0123456789abcdef"},
    "POST api/v1/ask": {"version": 1, "queries": [{"kind": "pdq", "value": "0" * 64}]},
    "POST api/v1/ask/regions": {"version": 1, "width": 256, "height": 256, "views": [{"width": 256, "height": 256, "regions": ""}]},
    "POST api/v1/ask/regions/look": {"version": 1, "look": NO_LOOK, "hashes": base64url_text(bytes(HASHES_BYTES))},
    "POST api/v1/feedback": {
        "version": 1,
        "feedback": [{"feedback_id": "1" * 32, "fingerprint_id": "2" * 32, "outcome": "found"}],
    },
    "POST api/v1/votes": {"version": 1, "votes": [{"vote_id": "1" * 32, "fingerprint_id": "2" * 32, "vote": "agree"}]},
    "POST api/v1/submissions": {"version": 1, "fingerprints": [fingerprint(9)]},
    "POST api/v1/submissions/withdraw": {"version": 1, "fingerprint_ids": ["2" * 32]},
    "POST stopncii/v1/SubmitHashes": {
        "count": 1,
        "hashRecords": [{"signalType": "VideoMD5", "hashValue": "9" * 32, "CSPFeedbacks": [{"feedbackValue": "Blocked"}]}],
    },
    "POST stopncii/v1/SubmitFeedback": {"count": 1, "hashFeedbacks": [{"hashValue": "9" * 32, "feedbackValue": "Blocked"}]},
}
ROUTES = {
    "GET api/v1/case": "case key",
    "POST api/v1/case": "case key",
    "POST api/v1/case/fingerprints": "case key",
    "POST api/v1/case/withdraw": "case key",
    "POST api/v1/case/withdraw/cancel": "case key",
    "POST api/v1/case/delay": "case key",
    "POST api/v1/case/renew": "case key",
    "GET api/v1/case/receipt": "case key",
    "GET api/v1/receipt-key": "anybody",
    "GET livez": "anybody",
    "GET readyz": "anybody",
    "GET api/v1/statistics": "anybody",
    "GET api/v1/partners": "anybody",
    "GET api/v1/case/ledger": "case key",
    "GET api/v1/ledger/checkpoint": "anybody",
    "GET api/v1/ledger/key": "anybody",
    "GET api/v1/ledger/leaves": "anybody",
    "GET api/v1/ledger/consistency": "anybody",
    "GET api/v1/ledger/portal": "anybody",
    "GET api/v1/feed": "partner key",
    "POST api/v1/feed/acknowledgements": "partner key",
    "POST api/v1/feedback": "partner key",
    "POST api/v1/votes": "partner key",
    "GET api/v1/feed/snapshot": "partner key",
    "POST api/v1/ask": "partner key",
    "POST api/v1/ask/regions": "partner key",
    "POST api/v1/ask/regions/look": "partner key",
    "GET api/v1/status": "partner key",
    "POST api/v1/submissions": "partner key",
    "POST api/v1/submissions/withdraw": "partner key",
    "GET stopncii/v1/FetchHashes": "partner key in two headers",
    "POST stopncii/v1/SubmitHashes": "partner key in two headers",
    "POST stopncii/v1/SubmitFeedback": "partner key in two headers",
}
SCOPES: dict[str, Scope | None] = {
    "GET api/v1/feed/snapshot": Scope.LIST,
    "POST api/v1/ask": Scope.ASK,
    "POST api/v1/ask/regions": Scope.ASK,
    "POST api/v1/ask/regions/look": Scope.ASK,
    "GET api/v1/status": None,
    "GET api/v1/feed": Scope.LIST,
    "POST api/v1/feed/acknowledgements": Scope.LIST,
    "POST api/v1/feedback": Scope.FEEDBACK,
    "POST api/v1/votes": Scope.FEEDBACK,
    "POST api/v1/submissions": Scope.SUBMIT,
    "POST api/v1/submissions/withdraw": Scope.SUBMIT,
    "GET stopncii/v1/FetchHashes": Scope.LIST,
    "POST stopncii/v1/SubmitHashes": Scope.SUBMIT,
    "POST stopncii/v1/SubmitFeedback": Scope.FEEDBACK,
}
CASE_ROUTES = [route for route, caller in ROUTES.items() if caller == "case key"]
PARTNER_ROUTES = [route for route, caller in ROUTES.items() if caller.startswith("partner key")]
PUBLIC_ROUTES = [route for route, caller in ROUTES.items() if caller == "anybody"]
OPENS_WITH_ANY_NEW_KEY = "POST api/v1/case"
NO_CASE_KEYS = ["Bearer " + UNKNOWN_KEY, "Case", "Case x.y", NO_CASE[:-1], NO_CASE + "0", NO_CASE.lower(), NO_CASE.replace("0", "A")]
NO_PARTNER_KEYS = {
    NO_CASE: "partner_key_missing",
    "Bearer": "partner_key_missing",
    "Bearer ": "partner_key_missing",
    "Bearer " + UNKNOWN_KEY: "partner_key_unknown",
    "Bearer smk": "partner_key_unknown",
    "Bearer " + UNKNOWN_KEY + "A": "partner_key_unknown",
    "Bearer smk_~": "partner_key_unknown",
}


def both_forms(key: str) -> dict[str, str]:
    """A partner key where each of the partners' routes looks for it."""
    return {"Authorization": f"Bearer {key}", "x-functions-key": key, "Ocp-Apim-Subscription-Key": key}


def call(web: httpx.Client, route: str, headers: dict[str, str]) -> tuple[int, str]:
    method, path = route.split(" ")
    answer = web.request(method, f"/{path}", json=BODIES.get(route), headers=headers)
    assert answer.headers["Cache-Control"].split(", ")[0] == "no-store"
    assert "set-cookie" not in answer.headers
    return code(answer)


def test_every_route_is_classified(exchange: Context) -> None:
    from stillmine.exchange.web.urls import ROUTES as TABLE
    from stillmine.exchange.web.urls import urlpatterns

    assert {f"{method} {route.path}": route.caller.value for route in TABLE for method in route.views} == ROUTES
    assert len(urlpatterns) == len(TABLE)
    assert {route for route in ROUTES if route.startswith("POST")} == set(BODIES)
    assert set(PARTNER_ROUTES) == set(SCOPES)


@pytest.mark.parametrize("route", CASE_ROUTES + PARTNER_ROUTES)
def test_nobody_gets_in(web: httpx.Client, route: str) -> None:
    expected = "case_key_missing" if ROUTES[route] == "case key" else "partner_key_missing"
    assert call(web, route, {}) == (401, expected)


@pytest.mark.parametrize("route", CASE_ROUTES)
def test_a_wrong_scheme_or_form_opens_no_case(web: httpx.Client, route: str) -> None:
    for header in NO_CASE_KEYS:
        assert call(web, route, {"Authorization": header}) == (401, "case_key_malformed"), header


@pytest.mark.parametrize("route", CASE_ROUTES)
def test_neither_another_case_nor_a_partner_opens_a_case(phone: Phone, other_phone: Phone, partner: PartnerClient, route: str) -> None:
    phone.open(1)
    other_phone.open(2)
    before = phone.show()
    ours, theirs = phone.headers["Authorization"], other_phone.headers["Authorization"]
    mixed = f"{ours.partition('.')[0]}.{theirs.partition('.')[2]}"
    assert call(phone.web, route, {"Authorization": mixed}) == (404, "case_not_found")
    if route != OPENS_WITH_ANY_NEW_KEY:
        assert call(phone.web, route, {"Authorization": NO_CASE}) == (404, "case_not_found")
    assert call(phone.web, route, partner.headers) == (401, "case_key_malformed")
    assert phone.show() == before


def test_a_wrong_token_and_an_unknown_id_get_the_same_answer(phone: Phone, other_phone: Phone) -> None:
    phone.open(1)
    ours = phone.headers["Authorization"]
    wrong_token = phone.web.get("/api/v1/case", headers={"Authorization": ours[:-64] + "0" * 64})
    unknown_id = phone.web.get("/api/v1/case", headers=other_phone.headers)
    assert wrong_token.status_code == unknown_id.status_code
    assert wrong_token.content == unknown_id.content
    assert wrong_token.headers == unknown_id.headers


@pytest.mark.parametrize("route", [route for route, caller in ROUTES.items() if caller == "partner key"])
def test_no_key_and_wrong_keys(web: httpx.Client, route: str) -> None:
    for header, expected in NO_PARTNER_KEYS.items():
        assert call(web, route, {"Authorization": header}) == (401, expected), header


@pytest.mark.parametrize("route", PARTNER_ROUTES)
def test_a_right_id_with_a_wrong_secret_and_a_revoked_key(partner: PartnerClient, exchange: Context, route: str) -> None:
    from stillmine.exchange.partners.actions import revoke_key

    wrong = partner.key[:-4] + ("AAAA" if not partner.key.endswith("AAAA") else "BBBB")
    assert call(partner.web, route, both_forms(wrong)) == (401, "partner_key_unknown")
    revoke_key(exchange, partner.key)
    assert call(partner.web, route, both_forms(partner.key)) == (403, "partner_key_revoked")
    assert call(partner.web, route, both_forms(wrong)) == (401, "partner_key_unknown")


def test_the_two_headers_must_hold_the_same_key(partner: PartnerClient, other_partner: PartnerClient) -> None:
    route = "GET stopncii/v1/FetchHashes"
    mixed = {"x-functions-key": partner.key, "Ocp-Apim-Subscription-Key": other_partner.key}
    assert call(partner.web, route, mixed) == (401, "partner_key_unknown")
    assert call(partner.web, route, {"x-functions-key": partner.key}) == (401, "partner_key_missing")
    assert call(partner.web, route, partner.headers) == (401, "partner_key_missing")


def test_a_case_key_opens_no_partner_route(phone: Phone) -> None:
    phone.open(1)
    for route in PARTNER_ROUTES:
        assert call(phone.web, route, phone.headers) == (401, "partner_key_missing"), route


@pytest.mark.parametrize("route", PUBLIC_ROUTES)
def test_what_is_public_is_the_same_for_everybody(exchange: Context, phone: Phone, partner: PartnerClient, route: str) -> None:
    phone.open(1)
    partner.sync()
    publish(exchange)
    path = "/" + route.partition(" ")[2]
    query = {"from": 1, "to": 64} if path.endswith("consistency") else {}
    answers = [phone.web.get(path, params=query, headers=headers) for headers in ({}, phone.headers, partner.headers)]
    assert {answer.status_code for answer in answers} == {503 if path == "/readyz" else 200}, "nothing is kept up here"
    assert len({answer.content for answer in answers}) == 1
    for told in ("Example Social", "disclosed", phone.show().fingerprints[0].id):
        assert told not in answers[0].text
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("route", [route for route, scope in SCOPES.items() if scope])
def test_a_key_with_every_scope_but_the_right_one(partner: PartnerClient, exchange: Context, route: str) -> None:
    from stillmine.exchange.partners.actions import add_key

    before = everything()
    _, key = add_key(exchange, "Example Social", [scope for scope in Scope if scope is not SCOPES[route]])
    assert call(partner.web, route, both_forms(key)) == (403, "scope_missing")
    assert everything() == before


@pytest.mark.parametrize("route", SCOPES)
def test_an_ask_partner_gets_everything_but_the_list(exchange: Context, web: httpx.Client, route: str) -> None:
    asking = PartnerClient.add(exchange, web, "Example Social", Way.ASK)
    method, path = route.split(" ")
    answer = web.request(method, f"/{path}", json=BODIES.get(route), headers=both_forms(asking.key))
    if SCOPES[route] is Scope.LIST:
        assert code(answer) == (403, "list_not_given")
    elif answer.status_code != 200:
        assert code(answer) in {(503, "index_loading"), (400, "look_expired")}  # no index service stands beside this test


@pytest.mark.parametrize("route", CASE_ROUTES + PARTNER_ROUTES)
def test_an_ended_key_and_a_revoked_partner(partner: PartnerClient, exchange: Context, route: str) -> None:
    from stillmine.exchange.partners.actions import revoke_partner, rotate_key

    _, newer = rotate_key(exchange, "Example Social", timedelta())
    of_a_case = ROUTES[route] == "case key"
    assert call(partner.web, route, both_forms(partner.key)) == ((401, "case_key_malformed") if of_a_case else (403, "partner_key_ended"))
    revoke_partner(exchange, "Example Social")
    assert call(partner.web, route, both_forms(newer)) == ((401, "case_key_malformed") if of_a_case else (403, "partner_key_revoked"))


@pytest.mark.parametrize("route", [route for route in PARTNER_ROUTES if route.startswith("POST")])
def test_another_partner_changes_nothing_of_a_partners_own(
    exchange: Context, phone: Phone, partner: PartnerClient, other_partner: PartnerClient, route: str
) -> None:
    """With the other's own ids, cursors and values: nothing of the first partner's changes, whatever the answer is."""
    phone.open(1)
    partner.sync()
    handed_in = partner.web.post("/api/v1/submissions", json=BODIES["POST api/v1/submissions"], headers=partner.headers).json()
    (own,) = handed_in["fingerprint_ids"]
    theirs = {
        "POST api/v1/feed/acknowledgements": {"version": 1, "cursor": partner.cursor},
        "POST api/v1/feedback": {"version": 1, "feedback": [{"feedback_id": "1" * 32, "fingerprint_id": own, "outcome": "found"}]},
        "POST api/v1/submissions/withdraw": {"version": 1, "fingerprint_ids": [own]},
        "POST stopncii/v1/SubmitFeedback": {"count": 1, "hashFeedbacks": [{"hashValue": value(9), "feedbackValue": "Withdrawn"}]},
    }
    before = phone.show()
    method, path = route.split(" ")
    other_partner.web.request(method, f"/{path}", json=theirs.get(route, BODIES[route]), headers=both_forms(other_partner.key))
    assert phone.show() == before
    partner.sync()
    assert partner.entries[own].value == value(9)


@pytest.mark.parametrize("route", CASE_ROUTES + PARTNER_ROUTES)
def test_an_operators_secret_is_no_key(exchange: Context, partner: PartnerClient, route: str) -> None:
    """What lies in the exchange's home and database opens nothing over HTTP."""
    from stillmine.exchange.rows.partners import PartnerKey

    for stored in (bytes(exchange.secret).hex(), PartnerKey.objects.get().key_hash, f"smk_{PartnerKey.objects.get().key_id}_" + "A" * 43):
        expected = "case_key_malformed" if ROUTES[route] == "case key" else "partner_key_unknown"
        assert call(partner.web, route, both_forms(stored)) == (401, expected)


def everything() -> tuple[int, ...]:
    """How much is stored of all that a partner could change."""
    from stillmine.exchange.rows.cases import Fingerprint
    from stillmine.exchange.rows.feed import Acknowledgement, Change, Disclosure
    from stillmine.exchange.rows.feedback import Report

    return tuple(model.objects.count() for model in (Fingerprint, Change, Disclosure, Acknowledgement, Report))
