# SPDX-License-Identifier: Apache-2.0
"""The headers of every answer, in one place, outside of everything else, so that no answer goes without them.

The API must not be kept by any cache; the portal must not run, load or send anything that is not its own.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

API_PREFIXES = ("/api/", "/stopncii/")
LIVE_PATH = "/livez"
ALIVE = b"alive\n"
PROBES = (LIVE_PATH, "/readyz")
"""Asked by machines that know no host name."""

PORTAL_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src blob:; connect-src 'self'; worker-src 'self'; manifest-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

CONSOLE_PREFIX = "/console"
CONSOLE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
"""No script at all, not even ours."""

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
API_HEADERS = (
    *_ALWAYS,
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
)
CASE_PREFIX = "/api/v1/case"
CASE_HEADERS = (*(header for header in API_HEADERS if header[0] != "Cache-Control"), ("Cache-Control", "no-store, no-transform"))
"""A proxy that compresses an answer about a case would undo its padding."""

PORTAL_HEADERS = (
    *_ALWAYS,
    ("Content-Security-Policy", PORTAL_POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"),
)

CONSOLE_HEADERS = (
    *(header for header in PORTAL_HEADERS if header[0] not in {"Content-Security-Policy", "Referrer-Policy"}),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", CONSOLE_POLICY),
    ("Referrer-Policy", "same-origin"),  # with `no-referrer` a form would come without its origin, like a foreign one
)


TRANSPORT_HEADER = ("Strict-Transport-Security", "max-age=31536000")
"""For a year, and for this host name alone: what else runs under the operator's domain is not ours to switch to TLS."""


def is_api(path: str) -> bool:
    """True for what partners and portal scripts call, false for pages."""
    return path.startswith(API_PREFIXES) or path in PROBES


def is_about_case(path: str) -> bool:
    """True for what only a case key opens."""
    return path == CASE_PREFIX or path.startswith(f"{CASE_PREFIX}/")


def with_headers(application: "WSGIApplication", has_console: bool = False, trusted_proxies: int = 0) -> "WSGIApplication":
    """Return the application with the headers of API, console or portal on each of its answers.

    An answer over TLS says that the browser has to come by TLS from now on.
    """

    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        ours = _headers_for(environ.get("PATH_INFO", ""), has_console)
        if _came_over_tls(environ, trusted_proxies):
            ours = (*ours, TRANSPORT_HEADER)
        replaced = {name.lower() for name, _ in ours}

        def start(status: str, headers: list[tuple[str, str]], exc_info: "OptExcInfo | None" = None) -> object:
            kept = [(name, value) for name, value in headers if name.lower() not in replaced]
            return start_response(status, [*kept, *ours], exc_info)

        return application(environ, start)  # type: ignore[arg-type]  # `write` is never used

    return call


def _came_over_tls(environ: "WSGIEnvironment", trusted_proxies: int) -> bool:
    """Believe the nearest proxy where there is one to believe; a browser itself ignores the header over plain HTTP."""
    schemes = environ.get("HTTP_X_FORWARDED_PROTO", "") if trusted_proxies else environ.get("wsgi.url_scheme", "")
    return str(schemes).rpartition(",")[2].strip().lower() == "https"


def _headers_for(path: str, has_console: bool) -> tuple[tuple[str, str], ...]:
    if is_about_case(path):
        return CASE_HEADERS
    if is_api(path):
        return API_HEADERS
    is_console = path == CONSOLE_PREFIX or path.startswith(f"{CONSOLE_PREFIX}/")
    return CONSOLE_HEADERS if has_console and is_console else PORTAL_HEADERS
