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

PORTAL_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src blob:; connect-src 'self'; worker-src 'self'; manifest-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

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
PORTAL_HEADERS = (
    *_ALWAYS,
    ("Content-Security-Policy", PORTAL_POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"),
)


def is_api(path: str) -> bool:
    """True for what partners and portal scripts call, false for pages."""
    return path.startswith(API_PREFIXES)


def with_headers(application: "WSGIApplication") -> "WSGIApplication":
    """Return the application with the headers of API or portal on each of its answers."""

    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        ours = API_HEADERS if is_api(environ.get("PATH_INFO", "")) else PORTAL_HEADERS
        replaced = {name.lower() for name, _ in ours}

        def start(status: str, headers: list[tuple[str, str]], exc_info: "OptExcInfo | None" = None) -> object:
            kept = [(name, value) for name, value in headers if name.lower() not in replaced]
            return start_response(status, [*kept, *ours], exc_info)

        return application(environ, start)  # type: ignore[arg-type]  # `write` is never used

    return call
