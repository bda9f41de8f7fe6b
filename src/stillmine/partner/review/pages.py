# SPDX-License-Identifier: Apache-2.0
"""The pages themselves: their files, their words in the browser's language, and what a browser may load for them.

Must never put a match into a page or an address: what is looked at is asked for by the script, and leaves no history.
"""

import html
import json
import re
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

DEFAULT_LANGUAGE = "en"
FILES = {"style.css": "text/css", "desk.js": "text/javascript", "media.js": "text/javascript", "words.js": "text/javascript"}

_PLACE = re.compile(r"\{\{(\w+)\}\}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def headers(media_origin: str) -> dict[str, str]:
    """Return what every answer carries; `media_origin` is all that a page loads from elsewhere."""
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src {media_origin}; media-src {media_origin}; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


def page(page_name: str, request: Request, media_origin: str, status: int = 200, **values: str) -> Response:
    """Return a page in the browser's language. `values` stand in it as text."""
    language, words = _words_for(request)
    as_data = json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")
    texts = {**words, **values, "lang": language}
    markup = _PLACE.sub(lambda place: as_data if place[1] == "words" else html.escape(texts[place[1]]), _read("page", page_name))
    return Response(markup, status, headers(media_origin), "text/html; charset=utf-8")


def file(name: str, media_origin: str) -> Response:
    """Return script or style."""
    return Response(_read("page", name), 200, headers(media_origin), FILES[name])


def _words_for(request: Request) -> tuple[str, dict[str, str]]:
    """Return the first language of the browser's that there are words in, and those."""
    wanted = [part.partition(";")[0].partition("-")[0].strip().lower() for part in request.headers.get("accept-language", "").split(",")]
    language = next((word for word in wanted if _LANGUAGE.fullmatch(word) and _words_file(word).is_file()), DEFAULT_LANGUAGE)
    words: dict[str, str] = json.loads(_read("words", f"{language}.json"))
    return language, words


def _words_file(language: str) -> Traversable:
    return resources.files(__package__ or "") / "words" / f"{language}.json"


@cache
def _read(folder: str, name: str) -> str:
    return (resources.files(__package__ or "") / folder / name).read_text(encoding="utf-8")
