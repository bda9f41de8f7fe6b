# SPDX-License-Identifier: Apache-2.0
"""A service with a review page over a fake exchange, and reviewers who call it as the page's script does."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
from starlette.applications import Starlette

from stillmine.partner.ground.home import SERVICE_KEY_FILE
from stillmine.partner.review.media import MediaChoice
from stillmine.partner.review.messages import Decide, DeskView
from stillmine.partner.review.routes import ReviewChoice, review_routes
from stillmine.partner.review.sessions import hashed, new_key
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.store.desk import Desk
from stillmine.partner.store.matches import FoundMatch, FoundUpload
from stillmine.partner.store.store import Store
from stillmine.wire.codec import decode, encode
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import Decision, MatchClass, Review
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers
from tests.partner.service_client import ServiceClient, running

MEDIA_URL = "https://media.example/held/{content_id}?expires={expires}&signature={signature}"
PAGE = ReviewChoice(has_page=True, media=MediaChoice(MEDIA_URL))
REMOVED = Review(1, Decision.REMOVED)


def built(home: Path, exchange: FakeExchange, clock: Clock, choice: ReviewChoice = PAGE) -> Starlette:
    surroundings = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    return build_service(home, SETTINGS, 0.2, 1, surroundings, more_routes=review_routes(choice))


@contextmanager
def served(home: Path, exchange: FakeExchange, clock: Clock, choice: ReviewChoice = PAGE) -> Iterator[ServiceClient]:
    with running(built(home, exchange, clock, choice)) as client:
        yield client


def key_of(home: Path, name: str) -> str:
    """Let a reviewer in, as the command does; return their key."""
    desk, key = Desk(home), new_key(lambda count: name.encode().ljust(count, b"."))
    desk.add_reviewer(name, hashed(key))
    desk.close()
    return key


def service_key_of(home: Path) -> str:
    return f"Bearer {(home / SERVICE_KEY_FILE).read_text().strip()}"


def matched(home: Path, exchange: FakeExchange, content_id: str, *names: str, kind: Kind = Kind.PDQ, **more: object) -> list[str]:
    """Record that an upload matched these fingerprints of the exchange's, as if asked about; return the match ids."""
    store, number = Store(home), int.from_bytes(content_id.encode()[-12:])
    matches = [
        FoundMatch(
            (number * 100 + place).to_bytes(16),
            bytes.fromhex(exchange.id_of(name)),
            kind,
            **{"match_class": MatchClass.NEAR, "bucket": None, "variant": None, "is_listed": False, **more},  # type: ignore[arg-type]
        )
        for place, name in enumerate(names or ["f"])
    ]
    store.record_upload(FoundUpload((number * 100 + 99).to_bytes(16), number.to_bytes(16), matches, content_id), 20, minute=31781554)
    store.close()
    return [match.match_id.hex() for match in matches]


class Reviewer:
    """Somebody at the page: signs in at once, and calls what its script calls."""

    def __init__(self, client: ServiceClient, key: str) -> None:
        self.client = client
        self.cookie = ""
        answer = client.post("/review/sign-in", f"key={quote(key)}".encode(), {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 303, answer.text
        self.set_cookie = answer.headers["set-cookie"]
        self.cookie = self.set_cookie.partition(";")[0]
        found = re.search('data-token="([0-9a-f]{64})"', self.open().text)
        assert found
        self.token = found[1]

    def open(self) -> httpx.Response:
        return self.client.request("GET", "/review/", headers={"Cookie": self.cookie})

    def call(self, path: str, body: bytes = b"{}", headers: dict[str, str] | None = None) -> httpx.Response:
        return self.client.post(
            f"/review/desk/{path}", body, {"Cookie": self.cookie, "Stillmine-Review-Token": self.token, **(headers or {})}
        )

    def ask(self, path: str, body: bytes = b"{}") -> DeskView:
        answer = self.call(path, body)
        assert answer.status_code == 200, answer.text
        return decode(answer.content, DeskView)

    def look(self) -> str | None:
        """Return the content id of what is shown."""
        shown = self.ask("look").shown
        return None if shown is None else shown.match.content_id

    def decide(self, review: Review = REMOVED) -> DeskView:
        """Decide about what is shown."""
        shown = self.ask("look").shown
        assert shown is not None
        return self.ask("decide", encode(Decide(shown.match.match_id, review)))
