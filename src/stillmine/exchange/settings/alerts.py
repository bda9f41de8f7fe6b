# SPDX-License-Identifier: Apache-2.0
"""Whom an exchange tells that something is wrong, how, and when it lets them sleep."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, time, timedelta, tzinfo
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from stillmine.wire.errors import NotConfiguredError

NEXT_PERSON_BOUNDS = (5, 1440)
"""Minutes."""

USUAL_NEXT_PERSON = timedelta(minutes=30)
LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})

SERVER_WORDS = "host:port of a mail server: 465 speaks TLS at once, any other port STARTTLS"
ADDRESS_WORDS = "a mail address, name@host"
HOURS_WORDS = "two times of day, such as 22:00-07:00"
TIME_WORDS = "a time of day, such as 08:00"
ZONE_WORDS = "a time zone by its name, such as Europe/Helsinki"
WEBHOOK_WORDS = "https://…, or http:// on this machine"

_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[A-Za-z0-9.-]+")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and who hands it in; the password stands in a file of its own."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password_file: Path | None = None

    @property
    def is_local(self) -> bool:
        """True on this machine, where mail may be handed in without TLS."""
        return self.host in LOCAL


@dataclass(frozen=True)
class AlertSettings:
    """`people`: mail addresses in the order in which they are told. `quiet`: from when to when nothing but what is urgent is sent."""

    people: tuple[str, ...] = ()
    server: MailServer | None = None
    webhook: str | None = None
    quiet: tuple[time, time] | None = None
    zone: tzinfo = UTC
    digest_at: time = time(8)
    next_person_after: timedelta = USUAL_NEXT_PERSON

    @property
    def is_on(self) -> bool:
        """True where anybody is told."""
        return bool(self.people) or self.webhook is not None


USUAL_ALERTS = AlertSettings()

Said = Mapping[str, object]


def alert_settings(said: Said) -> AlertSettings:
    """Read the part `alerts` of the settings, by the names of its keys; raises NotConfiguredError where it is not whole."""
    listed = said.get("people", [])
    people = tuple(str(each) for each in listed) if isinstance(listed, list) else ()
    for person in people:
        if not is_mail_address(person):
            raise NotConfiguredError(f"`alerts.people`: {ADDRESS_WORDS}")
    server = _server(said) if "mail_server" in said else None
    if people and server is None:
        raise NotConfiguredError("`alerts.people` are told by mail: name a `mail_server` and `mail_from` too")
    minutes = said.get("next_person_after_minutes")
    return AlertSettings(
        people,
        server,
        _text(said, "webhook"),
        quiet_hours(str(said["quiet_hours"])) if "quiet_hours" in said else None,
        ZoneInfo(str(said["time_zone"])) if "time_zone" in said else UTC,  # a small machine knows no zones
        time_of_day(str(said.get("digest_at", "08:00"))),
        timedelta(minutes=minutes) if isinstance(minutes, int) else USUAL_NEXT_PERSON,
    )


def is_mail_server(text: str) -> bool:
    """Return whether this is host and port."""
    host, _, port = text.rpartition(":")
    return bool(host) and port.isascii() and port.isdecimal() and 0 < int(port) < 65536


def is_mail_address(text: str) -> bool:
    """Return whether mail can go there, and no second header can stand in it."""
    return text.isascii() and _ADDRESS.fullmatch(text) is not None


def is_webhook(text: str) -> bool:
    """Return whether this is an address to which nobody listens on the way."""
    parts = urlsplit(text)
    return (parts.scheme == "https" and bool(parts.hostname)) or (parts.scheme == "http" and parts.hostname in LOCAL)


def is_zone(text: str) -> bool:
    """Return whether this machine knows the time zone."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # not there, no name at all, or a folder
        return False
    return True


def is_time(text: str) -> bool:
    """Return whether this is a time of day."""
    return _TIME.fullmatch(text) is not None


def is_quiet_hours(text: str) -> bool:
    """Return whether this is from when to when."""
    first, _, last = text.partition("-")
    return is_time(first) and is_time(last) and first != last


FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "alerts.mail_server": (is_mail_server, SERVER_WORDS),
    "alerts.mail_from": (is_mail_address, ADDRESS_WORDS),
    "alerts.webhook": (is_webhook, WEBHOOK_WORDS),
    "alerts.quiet_hours": (is_quiet_hours, HOURS_WORDS),
    "alerts.time_zone": (is_zone, ZONE_WORDS),
    "alerts.digest_at": (is_time, TIME_WORDS),
}


def time_of_day(text: str) -> time:
    """Read what `is_time`."""
    return time.fromisoformat(text)


def quiet_hours(text: str) -> tuple[time, time]:
    """Read what `is_quiet_hours`."""
    first, _, last = text.partition("-")
    return time_of_day(first), time_of_day(last)


def _server(said: Said) -> MailServer:
    host, _, port = str(said["mail_server"]).rpartition(":")
    if "mail_from" not in said:
        raise NotConfiguredError("`alerts.mail_from`: whose address mail is from")
    user, file = _text(said, "mail_user"), _text(said, "mail_password_file")
    if (user is None) != (file is None):
        raise NotConfiguredError("`alerts.mail_user` and `alerts.mail_password_file` belong together")
    return MailServer(host.strip("[]"), int(port), str(said["mail_from"]), user, None if file is None else Path(file))


def _text(said: Said, name: str) -> str | None:
    return str(said[name]) if name in said else None
