# SPDX-License-Identifier: Apache-2.0
"""Serves the portal's finished pages beside the API, the same for everybody.

Only files that were in the folder when the process started are served. No page depends on who asks.
"""

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.static_files import StaticFiles
from stillmine.wire.errors import StillmineError
from stillmine.wire.portal_list import PORTAL_LIST_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NOT_FOUND_PAGE = "404.html"
HASHED_FOLDER = "/assets/"
"""Astro puts a hash of the content into these names."""

FOR_EVER = f"max-age={10 * 365 * 24 * 60 * 60}, public, immutable"
ASKED_AGAIN = "no-cache"
_LANGUAGE_FOLDER = re.compile(r"^/([A-Za-z-]+)/")

_log = logging.getLogger(__name__)


def read_portal(folder: Path | None) -> StaticFiles | None:
    """Return the portal's files; the log says where they are not those of the list that lies among them."""
    if folder is None:
        return None
    files = StaticFiles(folder, lambda address: FOR_EVER if address.startswith(HASHED_FOLDER) else ASKED_AGAIN)
    if not files.has_true_list:
        _log.warning("the portal's files are not those of its %s: build it again, or copy all of it", PORTAL_LIST_NAME)
    return files


def record_served(exchange: Context, files: StaticFiles) -> None:
    """Record in the log what is served from now on. Where that can't be written, people still find their pages, and the log says so."""
    from django.db import Error, connection  # noqa: PLC0415 (after Django is configured)

    from stillmine.exchange.log.portal import record_portal  # noqa: PLC0415 (needs the configured apps)

    try:
        record_portal(exchange, files.list_hash)
    except (StillmineError, Error) as error:
        _log.error("the ledger does not name the portal's files (%s); restart the exchange to try again", type(error).__name__)
    finally:
        connection.close()


def with_portal(application: "WSGIApplication", files: StaticFiles | None) -> "WSGIApplication":
    """Return the application with the portal's files in front of it; without any, the application alone."""
    if files is None:
        return application

    def call(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        answer = files.answer(environ, start_response)
        return application(environ, start_response) if answer is None else answer

    return call


def not_found_page(portal: Path | None, address: str) -> bytes | None:
    """Return the portal's own page for a wrong address, in the language of the address, if it has one."""
    if portal is None:
        return None
    language = _LANGUAGE_FOLDER.match(address)
    folders = [portal / language[1], portal] if language else [portal]
    page = next((path for folder in folders if (path := folder / NOT_FOUND_PAGE).is_file()), None)
    return page.read_bytes() if page else None
