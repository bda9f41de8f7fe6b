# SPDX-License-Identifier: Apache-2.0
"""Addresses of PostgreSQL databases: read, compared and shown. Pure. A password is in one and must never be shown."""

from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from stillmine.wire.errors import NotConfiguredError

DATABASE_VARIABLE = "STILLMINE_EXCHANGE_DATABASE"

ADDRESS_WORDS = "postgresql://user@host/name, or postgresql:///name?host=/socket/folder"

_USUAL_PORT = "5432"
_ELSEWHERE = {"dbname", "hostaddr", "service"}
"""Parameters with which an address connects to another place than it names."""


def postgresql_settings(url: str, *, is_reading: bool = False) -> dict[str, object]:
    """Return Django's settings of a database; raises NotConfiguredError for an address that can't be used.

    A connection that `is_reading` can't write.
    """
    parts, options = _parts(url)
    if is_reading:
        options["options"] = f"{options.get('options', '')} -c default_transaction_read_only=on".strip()
    return {
        "NAME": unquote(parts.path.removeprefix("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": options.pop("port", None) or str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def is_address(url: str) -> bool:
    """True where this can be the address of a PostgreSQL database."""
    try:
        _parts(url)
    except NotConfiguredError:
        return False
    return True


def same_database(url: str | None, other: str | None) -> bool:
    """True where both name one database, whoever signs in there and how; None is SQLite in the home folder."""
    if url is None or other is None:
        return url is other
    return _place(url) == _place(other)


def shown_database(url: str | None) -> str:
    """Name a database for people, without user and password."""
    if url is None:
        return "SQLite in the home folder"
    host, port, name = _place(url)
    return f"postgresql:///{name}?host={host}" if host.startswith("/") else f"postgresql://{host}:{port}/{name}"


def _place(url: str) -> tuple[str, str, str]:
    parts, options = _parts(url)
    host = options.get("host") or unquote(parts.hostname or "") or "localhost"
    return host, options.get("port") or str(parts.port or _USUAL_PORT), unquote(parts.path.removeprefix("/"))


def _parts(url: str) -> tuple[SplitResult, dict[str, str]]:
    wrong = NotConfiguredError(f"{DATABASE_VARIABLE}: sqlite, or {ADDRESS_WORDS}")
    try:
        parts = urlsplit(url)
        _ = parts.port  # may be no number
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.removeprefix("/"):
        raise wrong
    options = dict(parse_qsl(parts.query))
    if elsewhere := _ELSEWHERE & options.keys():
        raise NotConfiguredError(f"{DATABASE_VARIABLE}: without the parameter {min(elsewhere)}; name the database as in {ADDRESS_WORDS}")
    return parts, options
