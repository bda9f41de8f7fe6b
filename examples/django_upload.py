# SPDX-License-Identifier: Apache-2.0
"""A Django view that asks before it keeps an upload.

One `Screener` serves all threads of a process, and one process uses a home folder. Where you run several processes, let them ask
`stillmine partner serve` instead, which is one for all: the answers are the same.
"""

from collections.abc import Callable

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from stillmine.partner import Screener
from stillmine.wire.door_errors import BusyError
from stillmine.wire.screen import ScreenOutcome

Keep = Callable[["UploadedFile[bytes]"], str]
"""Stores an upload where nobody else sees it yet, and returns your id for it."""


def upload_view(screener: Screener, keep: Keep, publish: Callable[[str], None]) -> Callable[[HttpRequest], HttpResponse]:
    """Return the view; open the screener before the first request (`AppConfig.ready`, or the module of `wsgi.py`)."""

    @require_POST
    def upload(request: HttpRequest) -> HttpResponse:
        file = request.FILES.get("file")
        if not isinstance(file, UploadedFile):
            return JsonResponse({"error": "send one file, as `file`"}, status=400)
        content_id = keep(file)
        file.seek(0)
        try:
            result = screener.screen(file, content_id=content_id, uploader=request.session.session_key or "nobody")
        except BusyError as error:
            return JsonResponse({"state": "held", "again_after_seconds": error.retry_after_seconds}, status=202)
        if result.outcome is ScreenOutcome.NO_MATCH:
            publish(content_id)
            return JsonResponse({"state": "published"}, status=201)
        # A match waits for a reviewer, what was not screened for another try. The uploader is told no more than that.
        return JsonResponse({"state": "held"}, status=202)

    return upload
