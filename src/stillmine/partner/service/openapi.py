# SPDX-License-Identifier: Apache-2.0
"""The HTTP interface of a partner's service as an OpenAPI 3.1 document: `spec/partner-openapi.json`, by `python tools/openapi.py`.

Must say nothing that the routes don't do: a test holds both against each other, and real answers against it. HMA's face is HMA's own
and has no place here.
"""

from collections.abc import Mapping

from msgspec import Struct

from stillmine.partner.service.status_form import ALLOW, LATER, LATER_AS_FAILURE, STOP
from stillmine.partner.service.words import CONTENT_ID_HEADER, MAXIMUM_UPLOADER_SIGNS, UPLOADER_HEADER
from stillmine.wire import openapi
from stillmine.wire.openapi import FORM, TEXT, Content, Described, Operation, Schema, whole
from stillmine.wire.readiness import Readiness
from stillmine.wire.screen import (
    MAXIMUM_CONTENT_ID_SIGNS,
    MAXIMUM_MATCHES_PER_PAGE,
    Health,
    KeptMatch,
    KeptScreening,
    MatchPage,
    MatchState,
    Review,
    ScreenFingerprints,
    ScreenResult,
    ScreenUrl,
)
from stillmine.wire.webhook import SCREEN_FINISHED, ScreeningWebhook, Webhook, WebhookType

OPEN = frozenset({"/health", "/livez", "/readyz"})
"""Asked without a key."""

SCHEMES: Schema = {"serviceKey": {"type": "http", "scheme": "bearer", "description": "The key in `service.key` of the home folder"}}

_UPLOAD: Content = (ScreenFingerprints, "application/octet-stream", FORM)
_SAID: Mapping[str, Schema] = {
    UPLOADER_HEADER: {"type": "string", "minLength": 1, "maxLength": MAXIMUM_UPLOADER_SIGNS},
    CONTENT_ID_HEADER: {"type": "string", "minLength": 1, "maxLength": MAXIMUM_CONTENT_ID_SIGNS},
}
_SAID_LATER: Mapping[str, Schema] = {**_SAID, "Prefer": {"type": "string", "examples": ["respond-async, wait=10"]}}
_CONTENT_ID: Schema = {"type": "string", "minLength": 1, "maxLength": MAXIMUM_CONTENT_ID_SIGNS}
_MATCH_ID: Mapping[str, Schema] = {"match_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}
_SCREENING_ID: Mapping[str, Schema] = {"screening_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}
_LATER: Schema = {"type": "string", "enum": [str(LATER), str(LATER_AS_FAILURE)]}

OPERATIONS: Mapping[str, Operation] = {
    "POST /screen": Operation(
        "Screen an upload: its bytes, or fingerprints of it", {200: (ScreenResult,), 202: (KeptScreening,)}, _UPLOAD, headers=_SAID_LATER
    ),
    "POST /screen/hook": Operation(
        "Screen an upload, and answer by a status alone: allow, later, stop",
        {ALLOW: (), LATER: (), STOP: (), LATER_AS_FAILURE: ()},
        _UPLOAD,
        query={"later": _LATER},
        headers=_SAID,
    ),
    "POST /screen/url": Operation(
        "Screen the file at an address that the operator allows",
        {200: (ScreenResult,), 202: (KeptScreening,)},
        (ScreenUrl,),
        headers=_SAID_LATER,
    ),
    "GET /screenings/{screening_id}": Operation(
        "Say how an upload stands that is answered later: 200 when it is finished",
        {200: (KeptScreening,), 202: (KeptScreening,)},
        in_path=_SCREENING_ID,
    ),
    "GET /matches": Operation(
        "List matches, oldest first",
        {200: (MatchPage,)},
        query={
            "state": {"type": "string", "enum": [state.value for state in MatchState]},
            "content_id": _CONTENT_ID,
            "limit": whole(1, MAXIMUM_MATCHES_PER_PAGE),
            "after": {"type": "string", "maxLength": 64},
        },
    ),
    "GET /matches/{match_id}": Operation("Show one match", {200: (KeptMatch,)}, in_path=_MATCH_ID),
    "POST /matches/{match_id}/review": Operation("Say what a reviewer decided", {204: ()}, (Review,), in_path=_MATCH_ID),
    "DELETE /uploads/{content_id}": Operation(
        "Delete what is remembered of an upload, whether or not anything is", {204: ()}, in_path={"content_id": _CONTENT_ID}
    ),
    "GET /health": Operation("Say how the service is, in counts and ages: 200 when fresh", {200: (Health,), 503: (Health,)}),
    "GET /livez": Operation("Say that the process answers", {200: (TEXT,)}),
    "GET /readyz": Operation("Say in a word of each part whether uploads are screened", {200: (Readiness,), 503: (Readiness,)}),
    "GET /metrics": Operation("Count what was answered, in the text format of Prometheus", {200: (TEXT,)}),
}


def document() -> Schema:
    """Return the whole document."""
    info = {
        "title": "Stillmine partner service",
        "description": "What a platform asks of its own service, and what that tells it by webhooks. HMA's calls are not in here.",
    }
    described = []
    for name, operation in OPERATIONS.items():
        method, path = name.split(" ")
        described.append(Described(path, method, operation, None if path in OPEN else {"serviceKey": []}))
    told: dict[str, type[Struct]] = {**dict.fromkeys((kind.value for kind in WebhookType), Webhook), SCREEN_FINISHED: ScreeningWebhook}
    return openapi.document(info, SCHEMES, described, told)
