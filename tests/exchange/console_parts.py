# SPDX-License-Identifier: Apache-2.0
"""An operator at a browser without scripts: follows links, fills in forms, keeps cookies, has an app for codes."""

import html
import re
from base64 import b32decode
from dataclasses import dataclass

import httpx
import pytest

from stillmine.exchange.ask.protocol import ServiceStatus
from stillmine.exchange.transaction.context import Context
from stillmine.exchange.web.app import wsgi_application
from tests.exchange.exchange_parts import Clock

ORIGIN = "https://exchange.example"
PASSWORD = "four unrelated words here"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Desk:
    """One operator's browser and phone."""

    web: httpx.Client
    clock: Clock
    name: str
    secret: bytes = b""

    @classmethod
    def beside(cls, exchange: Context, clock: Clock, name: str, address: str = "198.51.100.9") -> "Desk":
        transport = httpx.WSGITransport(wsgi_application(exchange), raise_app_exceptions=True, remote_addr=address)
        return cls(httpx.Client(transport=transport, base_url=ORIGIN), clock, name)

    @classmethod
    def enrolled(cls, exchange: Context, clock: Clock, name: str, role: str) -> "Desk":
        """Add an operator as the command does and enrol them through the pages; they are signed in afterwards."""
        from stillmine.exchange.console.operators import add_operator
        from stillmine.exchange.rows.console import Role

        desk = cls.beside(exchange, clock, name)
        desk.enrol(add_operator(exchange, name, Role(role))[1])
        return desk

    def get(self, path: str) -> httpx.Response:
        return self.web.get(path)

    def post(self, path: str, form: str, **fields: str) -> httpx.Response:
        """Send a form that stands on the page `form`, with its token, as a browser does."""
        page = self.web.get(form)
        found = _TOKEN.search(page.text)
        assert found, f"no form on {form}: {page.status_code}"
        data = {**fields, "csrfmiddlewaretoken": found.group(1)}
        return self.web.post(path, data=data, headers={"Origin": ORIGIN})

    def code(self) -> str:
        """What the app shows now."""
        from stillmine.exchange.console.totp import STEP_SECONDS, code_at

        return code_at(self.secret, int(self.clock().timestamp()) // STEP_SECONDS)

    def begin_enrolment(self, enrolment_code: str) -> httpx.Response:
        answer = self.post("/console/enrol", "/console/enrol", name=self.name, enrolment_code=enrolment_code)
        if answer.status_code == 303:
            page = self.get("/console/enrol/password").text
            self.secret = b32decode(html.unescape(re.search(r'id="secret"[^>]*>([^<]+)<', page)[1]).replace(" ", ""))  # type: ignore[index]
        return answer

    def finish_enrolment(self, password: str = PASSWORD, repeated: str | None = None, code: str | None = None) -> httpx.Response:
        fields = {"password": password, "repeated": repeated or password, "code": code or self.code()}
        return self.post("/console/enrol/password", "/console/enrol/password", **fields)

    def enrol(self, enrolment_code: str) -> None:
        assert self.begin_enrolment(enrolment_code).status_code == 303
        done = self.finish_enrolment()
        assert (done.status_code, done.headers["Location"]) == (303, "/console/")

    def sign_in(self, password: str = PASSWORD, code: str | None = None, name: str | None = None) -> httpx.Response:
        fields = {"name": self.name if name is None else name, "password": password, "code": self.code() if code is None else code}
        return self.post("/console/sign-in", "/console/sign-in", **fields)

    def sign_out(self) -> None:
        assert self.post("/console/sign-out", "/console/").status_code == 303

    def is_signed_in(self) -> bool:
        return self.get("/console/").status_code == 200


def log_lines() -> list[tuple[str, str, str, str]]:
    """Operator, action, target and outcome of every line, the oldest first."""
    from stillmine.exchange.rows.console import LogLine

    return list(LogLine.objects.order_by("id").values_list("operator", "action", "target", "outcome"))


@pytest.fixture
def indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that has come as far as the database, which no test of pages starts."""
    monkeypatch.setattr("stillmine.exchange.health.parts.service_status", lambda _: ServiceStatus(0, 0.0))


@pytest.fixture
def manager(exchange: Context, clock: Clock) -> Desk:
    """A manager who is signed in."""
    return Desk.enrolled(exchange, clock, "Mia Manager", "manager")
