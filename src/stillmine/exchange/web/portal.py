# SPDX-License-Identifier: Apache-2.0
"""Serves the portal's finished pages beside the API, the same for everybody.

Only files that were in the folder when the process started are served. No page depends on who asks.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from whitenoise import WhiteNoise  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NOT_FOUND_PAGE = "404.html"
_LANGUAGE_FOLDER = re.compile(r"^/([A-Za-z-]+)/")
_HASHED_FOLDER = re.compile(r"^/assets/")


def with_portal(application: "WSGIApplication", portal: Path | None) -> "WSGIApplication":
    """Return the application with the portal's files in front of it; without a folder, the application alone."""
    if portal is None:
        return application
    served: WSGIApplication = WhiteNoise(
        application,
        root=str(portal),
        index_file=True,
        max_age=None,
        allow_all_origins=False,
        charset="utf-8",
        immutable_file_test=_is_immutable,
        add_headers_function=_add_cache_control,
    )
    return served


def not_found_page(portal: Path | None, address: str) -> bytes | None:
    """Return the portal's own page for a wrong address, in the language of the address, if it has one."""
    if portal is None:
        return None
    language = _LANGUAGE_FOLDER.match(address)
    folders = [portal / language[1], portal] if language else [portal]
    page = next((path for folder in folders if (path := folder / NOT_FOUND_PAGE).is_file()), None)
    return page.read_bytes() if page else None


def _is_immutable(_path: str, url: str) -> bool:
    """Astro puts a hash of the content into these names."""
    return bool(_HASHED_FOLDER.match(url))


def _add_cache_control(headers: "dict[str, str]", _path: str, url: str) -> None:
    if not _is_immutable("", url):
        headers["Cache-Control"] = "no-cache"
