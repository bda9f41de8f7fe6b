# SPDX-License-Identifier: Apache-2.0
"""What an operator decides, read once and frozen.

This is the only module of the exchange that looks at the environment. It holds no secret: the secret is a file in
the home folder, see `secret.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from stillmine.exchange.intake.settings import USUAL_INTAKE, IntakeSettings, intake_settings
from stillmine.exchange.keys.ring import KEYS_COMMAND_VARIABLE
from stillmine.wire.errors import NotConfiguredError

HOME_VARIABLE = "STILLMINE_EXCHANGE_HOME"
DATABASE_VARIABLE = "STILLMINE_EXCHANGE_DATABASE"
DEFAULT_HOME = "~/.stillmine/exchange"
DEFAULT_HOST_NAMES = ("localhost", "127.0.0.1", "[::1]")
DATABASE_FILE = "exchange.sqlite3"

_REPOSITORY_PORTAL = Path(__file__).resolve().parents[3] / "portal" / "dist"


@dataclass(frozen=True)
class ExchangeConfig:
    """All settings of one exchange; `database_url` None means SQLite in the home folder."""

    home: Path
    database_url: str | None = None
    host_names: tuple[str, ...] = DEFAULT_HOST_NAMES
    trusted_proxies: int = 0
    portal: Path | None = None
    keys_command: str | None = None
    intake: IntakeSettings = USUAL_INTAKE
    console: bool = False


def read_config(
    environment: Mapping[str, str],
    home: Path | None = None,
    host_names: tuple[str, ...] = (),
    trusted_proxies: int = 0,
    portal: Path | None = None,
    *,
    console: bool = False,
) -> ExchangeConfig:
    """Return the settings; what was said on the command line goes before the environment. Raises NotConfiguredError."""
    if portal is not None and not (portal / "index.html").is_file():
        raise NotConfiguredError("--portal: a folder with an index.html in it")
    found_portal = portal or (_REPOSITORY_PORTAL if (_REPOSITORY_PORTAL / "index.html").is_file() else None)
    return ExchangeConfig(
        home=(home or Path(environment.get(HOME_VARIABLE) or DEFAULT_HOME)).expanduser().resolve(),
        database_url=environment.get(DATABASE_VARIABLE) or None,
        host_names=(*DEFAULT_HOST_NAMES, *host_names),
        trusted_proxies=trusted_proxies,
        portal=found_portal.resolve() if found_portal else None,
        keys_command=environment.get(KEYS_COMMAND_VARIABLE) or None,
        intake=intake_settings(environment),
        console=console,
    )


def database_settings(config: ExchangeConfig) -> dict[str, object]:
    """Return Django's settings of the one database; raises NotConfiguredError for an address that can't be used."""
    if config.database_url is None:
        return _sqlite_settings(config.home / DATABASE_FILE)
    return _postgresql_settings(config.database_url)


def _sqlite_settings(path: Path) -> dict[str, object]:
    # secure_delete: a withdrawn value must not stay readable in a freed page of the file.
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": 60,
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": pragmas},
    }


def _postgresql_settings(url: str) -> dict[str, object]:
    wrong = NotConfiguredError(f"{DATABASE_VARIABLE}: postgresql://user@host/name, or postgresql:///name?host=/socket/folder")
    try:
        parts = urlsplit(url)
        port = str(parts.port or "")
    except ValueError:
        raise wrong from None
    options = dict(parse_qsl(parts.query))
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgresql", "postgres"} or not name:
        raise wrong
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": options.pop("port", None) or port,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
