# SPDX-License-Identifier: Apache-2.0
"""Send what is queued, one after the other, from a thread of its own.

Whatever happens is kept as a word for `GET /health`, logged sparingly, and tried again: it must never end the thread.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stillmine.partner.fetching.allowed import Target, read_url
from stillmine.partner.fetching.fetch import post
from stillmine.partner.ground.errors import UrlNotAllowedError, UrlUnreachableError
from stillmine.partner.store.webhooks import WebhookQueue
from stillmine.partner.webhooks.signing import webhook_secrets
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.case_key import Secret
from stillmine.wire.codec import encode
from stillmine.wire.errors import NotConfiguredError, StillmineError
from stillmine.wire.screen import WebhooksHealth
from stillmine.wire.webhook_signature import signatures

ANSWER_SECONDS = 10.0
LOOK_SECONDS = 1.0
"""How often the queue is looked at: other programs write to it too."""

PAUSE_SECONDS = 5.0
"""After a failure: the target may be starting, or have too much to do."""

STOP_SECONDS = 3.0
"""How long a stop waits for a try; after that the thread ends with the process, and what it sent may be sent again."""

GONE = 410

log = logging.getLogger("stillmine.partner")


@dataclass(frozen=True, slots=True)
class WebhookChoice:
    """Where webhooks go; `is_inside_allowed`: also to addresses inside, in clear there too. No secret file: the one in the home folder."""

    url: str
    is_inside_allowed: bool = False
    secret_file: Path | None = None

    def target(self) -> Target:
        """Return where that leads; raises NotConfiguredError."""
        try:
            scheme, host, port, parts = read_url(self.url)
        except ValueError:
            raise NotConfiguredError("--webhook: an address, such as https://platform.example/stillmine") from None
        if scheme != "https" and not self.is_inside_allowed:
            raise NotConfiguredError("--webhook: https:// (http:// and addresses of your own network need --webhook-insecure)")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Target(scheme, host, port, path, self.is_inside_allowed)


class Sender:
    """Sends to one target, signed."""

    def __init__(
        self,
        queue: WebhookQueue,
        target: Target,
        secrets: Sequence[Secret],
        clock: Callable[[], datetime],
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`clock` returns UTC."""
        self._queue = queue
        self._target = target
        self._secrets = secrets
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._log = SparingLog(log)

    def send_next(self) -> bool | None:
        """Send what is due first; return whether that worked, None if nothing is due. Raises StoreUnreadableError."""
        due = self._queue.next_due(self._now())
        if due is None:
            return None
        body, timestamp = encode(due.webhook), self._now()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": due.webhook_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(self._secrets, due.webhook_id, timestamp, body),
        }
        problem = self._problem(headers, body)
        if problem is None:
            self._queue.delivered(due.place)
            return True
        self._log.say(f"a webhook was not taken [{problem}]")
        self._queue.tried(due.place, self._now(), problem)
        if problem == _word(GONE):
            self._queue.switch_off(problem)
        return False

    def _problem(self, headers: dict[str, str], body: bytes) -> str | None:
        """Return what is wrong, None where the target has taken it."""
        try:
            status = asyncio.run(post(self._target, headers, body, self._answer_seconds))
        except UrlUnreachableError as error:
            return f"{error.code}: {error.detail}"
        except UrlNotAllowedError as error:
            return error.code
        return None if 200 <= status < 300 else _word(status)

    def _now(self) -> int:
        return int(self._clock().timestamp())


class Webhooks:
    """The webhooks of a running service."""

    def __init__(
        self,
        home: Path,
        choice: WebhookChoice | None,
        clock: Callable[[], datetime],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        """Nothing is queued or sent without a choice; raises NotConfiguredError, StoreUnreadableError."""
        target = None if choice is None else choice.target()
        secrets = [] if choice is None else webhook_secrets(home, choice.secret_file, random_bytes)
        self._queue = WebhookQueue(home)
        self._queue.aim(None if choice is None else choice.url)
        self._sender = None if target is None else Sender(self._queue, target, secrets, clock)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        if self._sender is not None:
            self._thread.start()

    def stop(self) -> None:
        """Send nothing more; what is under way may be sent again after the next start."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            self._queue.close()

    def health(self) -> WebhooksHealth | None:
        """Return how it stands, None where none are sent."""
        return None if self._sender is None else self._queue.health()

    def _run(self) -> None:
        assert self._sender is not None  # noqa: S101 (start sees to it)
        while not self._stopping.is_set():
            self._stopping.wait(self._send(self._sender))

    @staticmethod
    def _send(sender: Sender) -> float:
        """Return how many seconds to wait before the next."""
        try:
            was_taken = sender.send_next()
        except StillmineError as error:
            log.error("webhooks wait: %s [%s]", error, error.code)
            return PAUSE_SECONDS
        except Exception as error:
            # No message: it could hold what was sent.
            log.error("webhooks wait: unexpected %s", type(error).__name__)
            return PAUSE_SECONDS
        return LOOK_SECONDS if was_taken is None else 0.0 if was_taken else PAUSE_SECONDS


def _word(status: int) -> str:
    return f"status {status}"
