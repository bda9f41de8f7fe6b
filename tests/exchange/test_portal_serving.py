# SPDX-License-Identifier: Apache-2.0
"""The portal's files beside the API: same for everybody, under a strict policy, kept as long as they should be."""

from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import httpx
import pytest

from stillmine.exchange.ground.headers import PORTAL_POLICY, with_headers
from stillmine.exchange.web.portal import with_portal
from tests.exchange.exchange_parts import PORTAL_NOT_FOUND, PORTAL_NOT_FOUND_IN_FINNISH, PORTAL_PAGE

pytestmark = pytest.mark.any_database  # files, no rows


def test_pages_come_with_the_strict_policy(web: httpx.Client) -> None:
    page = web.get("/")
    assert (page.status_code, page.text) == (200, PORTAL_PAGE)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"] == PORTAL_POLICY
    assert page.headers["Cache-Control"] == "no-cache"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "set-cookie" not in page.headers
    assert "access-control-allow-origin" not in page.headers


def test_nothing_inline_and_nothing_foreign_is_allowed() -> None:
    directives = dict(directive.strip().split(" ", 1) for directive in PORTAL_POLICY.split(";"))
    assert directives["default-src"] == "'none'"
    assert "unsafe-inline" not in PORTAL_POLICY
    assert "'unsafe-eval'" not in PORTAL_POLICY
    assert "http" not in PORTAL_POLICY
    assert {directives[name] for name in ("base-uri", "form-action", "frame-ancestors")} == {"'none'"}


def test_hashed_files_are_kept_and_other_files_asked_for_again(web: httpx.Client) -> None:
    script = web.get("/assets/page.abc123.js")
    assert "immutable" in script.headers["Cache-Control"]
    assert script.headers["Content-Type"].startswith("text/javascript")


def test_a_wrong_address_is_the_portals_page_for_people_and_json_for_programs(web: httpx.Client) -> None:
    page = web.get("/no/such/page")
    assert (page.status_code, page.text) == (404, PORTAL_NOT_FOUND)
    assert page.headers["Content-Security-Policy"] == PORTAL_POLICY
    for elsewhere in ("/fi/no/such/page", "/fi/nothing/"):
        assert web.get(elsewhere).text == PORTAL_NOT_FOUND_IN_FINNISH
    for unknown in ("/zz/no/such", "/%2e%2e/no/such", "/fi"):
        assert (web.get(unknown).status_code, web.get(unknown).text) == (404, PORTAL_NOT_FOUND)
    assert web.get("/api/no/such").json()["code"] == "not_found"


def test_files_outside_of_the_folder_are_not_served(web: httpx.Client) -> None:
    for path in ("/../home/exchange.secret", "/%2e%2e/home/exchange.secret", "/assets/../../home/exchange.secret"):
        assert web.get(path).status_code == 404


def test_answers_of_the_api_are_not_kept(web: httpx.Client) -> None:
    answer = web.get("/api/v1/case")
    assert answer.headers["Cache-Control"] == "no-store, no-transform"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_without_a_portal_there_is_only_the_api() -> None:
    def application(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        return []

    assert with_portal(application, None) is application


@pytest.mark.parametrize("path", ["/", "/nowhere/", "/api/v1/receipt-key", "/api/v1/case", "/console/"])
def test_an_answer_over_tls_says_that_it_stays_so(web: httpx.Client, path: str) -> None:
    over_tls = {"X-Forwarded-Proto": "https"}
    assert web.get(path, headers=over_tls).headers["Strict-Transport-Security"] == "max-age=31536000"
    for scheme in ({}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https, http"}):
        assert "Strict-Transport-Security" not in web.get(path, headers=scheme).headers


@pytest.mark.parametrize(("trusted_proxies", "scheme", "is_said"), [(0, "http", False), (0, "https", True), (1, "https", False)])
def test_without_a_trusted_proxy_only_the_own_connection_counts(trusted_proxies: int, scheme: str, is_said: bool) -> None:
    def nothing(environ: Any, start_response: Any) -> list[bytes]:
        start_response("204 No Content", [])
        return []

    application = with_headers(nothing, trusted_proxies=trusted_proxies)
    with httpx.Client(transport=httpx.WSGITransport(application), base_url=f"{scheme}://exchange.example") as client:
        answer = client.get("/", headers={"X-Forwarded-Proto": "https"} if not trusted_proxies else {})
    assert ("Strict-Transport-Security" in answer.headers) is is_said
