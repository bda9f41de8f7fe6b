# SPDX-License-Identifier: Apache-2.0
"""Send letters: mail by SMTP, or a signed webhook. What is not taken is kept and tried again. No address is ever logged."""

import logging
import smtplib
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import msgspec

from stillmine.exchange.alerts.telling import WEBHOOK
from stillmine.exchange.ground.secret import create_private, require_private
from stillmine.exchange.health.alert_state import AlertState, Failing, Letter, changing_state, read_state
from stillmine.exchange.settings.alerts import AlertSettings, MailServer
from stillmine.exchange.transaction.context import Context
from stillmine.serving.sparing_log import SparingLog
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.webhook_signature import SECRET_PREFIX, signatures

SECONDS = 20.0
"""For each step of a target's answer."""

FIRST_WAIT, LONGEST_WAIT = 60.0, 3600.0
KEPT_SECONDS = 3 * 24 * 3600
"""After that a letter says nothing any more."""

AT_ONCE = 10
MOST_LETTERS = 500
SECRET_FILE = "alerts.secret"  # noqa: S105 (a file's name)
SMTPS = 465

log = SparingLog(logging.getLogger(__name__))

Send = Callable[[Letter], str | None]
"""Sends a letter; returns why it was not taken, None where it was."""


def send_due(home: Path, send: Send, now: float) -> int:
    """Send what is due, and note how it went; returns how many letters were taken. Each is written down before the next is sent."""
    due = [one for one in read_state(home).letters if one.next_at <= now or one.next_at > now + LONGEST_WAIT][:AT_ONCE]
    taken = 0
    for letter in due:
        why = send(letter)
        with changing_state(home) as state:
            _note(state, letter, why, now)
        taken += why is None
    return taken


def sender(exchange: Context, seconds: float = SECONDS) -> Send:
    """Return what sends by this exchange's settings."""
    settings = exchange.alerts

    def send(letter: Letter) -> str | None:
        try:
            if letter.target == WEBHOOK:
                return _post(exchange, settings, letter, seconds)
            return "no mail server is named" if settings.server is None else _mail(settings.server, letter, seconds)
        except NotConfiguredError as error:
            return error.detail
        except (OSError, HTTPException, smtplib.SMTPException, ValueError) as error:
            return type(error).__name__

    return send


def _note(state: AlertState, letter: Letter, why: str | None, now: float) -> None:
    there = next((one for one in state.letters if one.id == letter.id), None)
    if why is None:
        state.failing.pop(letter.target, None)
    else:
        state.failing[letter.target] = Failing(state.failing.get(letter.target, Failing(now, why)).since, why)
        log.say(f"an alert was not taken: {why}")
    if there is None:
        return
    if why is None or now - there.made_at > KEPT_SECONDS:
        state.letters.remove(there)
        return
    there.tries += 1
    there.next_at = now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(there.tries - 1, 10))
    del state.letters[:-MOST_LETTERS]


def _mail(server: MailServer, letter: Letter, seconds: float) -> str | None:
    password = None if server.password_file is None else _private(server.password_file)
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = letter.subject, server.sender, letter.target
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(letter.id, server.sender.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{letter.text}\n")
    trust = ssl.create_default_context()
    if server.port == SMTPS:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=seconds, context=trust)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=seconds)
    with connection:
        connection.ehlo()
        if server.port != SMTPS and (not server.is_local or connection.has_extn("starttls")):
            connection.starttls(context=trust)  # one that can't is refused: the password, and who is told, would be in clear
            connection.ehlo()
        if server.user is not None and password is not None:
            connection.login(server.user, password)
        connection.send_message(message)
    return None


def _post(exchange: Context, settings: AlertSettings, letter: Letter, seconds: float) -> str | None:
    at = int(exchange.clock().timestamp())
    data = {"subject": letter.subject, "text": letter.text, "parts": letter.parts}
    when = datetime.fromtimestamp(letter.made_at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    body = msgspec.json.encode({"type": f"exchange.{letter.kind}", "timestamp": when, "data": data})
    headers = {
        "Content-Type": "application/json",
        "webhook-id": letter.id,
        "webhook-timestamp": str(at),
        "webhook-signature": signatures([webhook_secret(exchange)], letter.id, at, body),
    }
    where = urlsplit(str(settings.webhook))
    kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
    with closing(kind(str(where.hostname), where.port, timeout=seconds)) as connection:
        connection.request("POST", urlunsplit(("", "", where.path or "/", where.query, "")), body, headers)
        status = connection.getresponse().status
    return None if 200 <= status < 300 else f"status {status}"  # another place that it names is not asked


def webhook_secret(exchange: Context) -> Secret:
    """Return the secret that signs; it is made at first use. Raises NotConfiguredError."""
    path = exchange.home / SECRET_FILE
    if not path.exists():
        create_private(path, f"{SECRET_PREFIX.decode()}{b64encode(exchange.random_bytes(32)).decode()}\n", exchange.random_bytes)
    said = _private(path)
    try:
        return Secret(b64decode(said.removeprefix(SECRET_PREFIX.decode()), validate=True))
    except ValueError:
        raise NotConfiguredError(f"{SECRET_FILE}: whsec_ and base64. Remove it, and a new one is made") from None


def _private(path: Path) -> str:
    if not path.is_file():
        raise NotConfiguredError(f"{path.name} is missing")
    require_private(path, 0o600)
    return path.read_text("utf-8").strip()
