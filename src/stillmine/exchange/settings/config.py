# SPDX-License-Identifier: Apache-2.0
"""What an operator decides, read once and frozen: the command line goes before the environment, that before `exchange.toml`.

This is the only module of the exchange that looks at the environment. It holds no secret: the secret is a file in
the home folder, see `secret.py`. A home has one database, and no command may take another by mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from stillmine.exchange.ground.database_address import DATABASE_VARIABLE, postgresql_settings, same_database, shown_database
from stillmine.exchange.keys.ring import KEYS_COMMAND_VARIABLE
from stillmine.exchange.settings.address import ADDRESS_VARIABLE, PublicAddress, read_address
from stillmine.exchange.settings.alerts import USUAL_ALERTS, AlertSettings, alert_settings
from stillmine.exchange.settings.ask import LOCK_FILE, USUAL_ASK, AskSettings, ask_settings
from stillmine.exchange.settings.backup import USUAL_BACKUP, BackupSettings
from stillmine.exchange.settings.doors import door_settings, room_settings
from stillmine.exchange.settings.feed import USUAL_FEED, FeedSettings, feed_settings
from stillmine.exchange.settings.file import SQLITE, SettingsFile, read_settings_file
from stillmine.exchange.settings.intake import USUAL_INTAKE, IntakeSettings, intake_settings
from stillmine.exchange.settings.ledger import USUAL_PUBLISH_EVERY, publish_every
from stillmine.exchange.settings.log import log_format
from stillmine.serving.doors import USUAL_DOORS, USUAL_ROOM, Doors, Room
from stillmine.serving.log_lines import LogFormat
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.portal_list import BUILT_PORTALS, built_portal

HOME_VARIABLE = "STILLMINE_EXCHANGE_HOME"
DEFAULT_HOME = "~/.stillmine/exchange"
DEFAULT_HOST_NAMES = ("localhost", "127.0.0.1", "[::1]")
DATABASE_FILE = "exchange.sqlite3"
ANSWER_SECONDS = 10
COMMAND_SECONDS = 30


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
    feed: FeedSettings = USUAL_FEED
    ask: AskSettings = USUAL_ASK
    console: bool = False
    listen: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    metrics_port: int = 0
    """0: no metrics."""
    doors: Doors = USUAL_DOORS
    room: Room = USUAL_ROOM
    publish_every: timedelta = USUAL_PUBLISH_EVERY
    log_format: LogFormat = LogFormat.TEXT
    public_address: PublicAddress | None = None
    backup: BackupSettings = USUAL_BACKUP
    alerts: AlertSettings = USUAL_ALERTS
    is_reading: bool = False
    """Set for commands that only look: they can't write into the database, and make neither it nor a secret."""

    is_answering: bool = False
    """Set in the processes that answer requests: they wait for the database for seconds, commands as long as it takes."""


@dataclass(frozen=True)
class Options:
    """What was said on the command line; None where it was not."""

    host_names: tuple[str, ...] | None = None
    trusted_proxies: int | None = None
    portal: Path | None = None
    console: bool | None = None
    listen: str | None = None
    port: int | None = None
    workers: int | None = None
    metrics_port: int | None = None


NO_OPTIONS = Options()


def read_config(environment: Mapping[str, str], home: Path | None = None, options: Options = NO_OPTIONS) -> ExchangeConfig:
    """Return the settings; raises NotConfiguredError, also where the environment names another database than the home's."""
    folder = (home or Path(environment.get(HOME_VARIABLE) or DEFAULT_HOME)).expanduser().resolve()
    file = read_settings_file(folder)
    usual = ExchangeConfig(home=folder)
    together = {**file.as_environment(), **{name: text for name, text in environment.items() if text}}
    return ExchangeConfig(
        home=folder,
        database_url=_database_url(environment, file, folder),
        host_names=(*DEFAULT_HOST_NAMES, *(file.texts("serve.host_names") if options.host_names is None else options.host_names)),
        trusted_proxies=file.number("serve.trusted_proxies", options.trusted_proxies, usual.trusted_proxies),
        portal=_portal(options.portal, file),
        keys_command=together.get(KEYS_COMMAND_VARIABLE),
        intake=intake_settings(together),
        feed=feed_settings(together),
        ask=ask_settings(together),
        console=file.flag("serve.console", options.console, usual.console),
        listen=file.text("serve.listen", options.listen, usual.listen),
        port=file.number("serve.port", options.port, usual.port),
        workers=file.number("serve.workers", options.workers, usual.workers),
        metrics_port=file.number("serve.metrics_port", options.metrics_port, usual.metrics_port),
        doors=door_settings(together),
        room=room_settings(together),
        publish_every=publish_every(together),
        log_format=log_format(together),
        public_address=read_address(together[ADDRESS_VARIABLE]) if ADDRESS_VARIABLE in together else None,
        backup=_backup(file),
        alerts=alert_settings(file.part("alerts")),
    )


def _backup(file: SettingsFile) -> BackupSettings:
    def folder(name: str) -> Path | None:
        return Path(file.text(name, None, "")) if name in file.values else None

    days = file.number("backup.keep_days", None, 0)
    return BackupSettings(
        folder("backup.folder"),
        timedelta(days=days) if days else None,
        folder("backup.copy_to"),
        file.texts("backup.recipients"),
        folder("backup.keys_to"),
    )


def _database_url(environment: Mapping[str, str], file: SettingsFile, home: Path) -> str | None:
    """Return the home's database. What the environment says must be the same one: only how it is reached may differ."""
    stated = environment.get(DATABASE_VARIABLE) or None
    stated_url = None if stated == SQLITE else stated
    if "database" not in file.values:
        if stated is None and (home / LOCK_FILE).exists() and not (home / DATABASE_FILE).exists():
            raise NotConfiguredError(
                f"{home} has served before, and its database is not the SQLite file that would be made here now. "
                f"Set {DATABASE_VARIABLE} as `serve` had it"
            )
        return stated_url
    kept = file.text("database", None, SQLITE)
    kept_url = None if kept == SQLITE else kept
    if stated is not None and not same_database(stated_url, kept_url):
        raise NotConfiguredError(
            f"{DATABASE_VARIABLE} names {shown_database(stated_url)}, but the database of this home is {shown_database(kept_url)}. "
            f"Unset the variable or name the right --home; if the exchange has moved, change `database` in {file.path}. Nothing was changed"
        )
    return stated_url or kept_url


def _portal(option: Path | None, file: SettingsFile) -> Path | None:
    if option is None and "serve.portal" in file.values:
        found: Path | None = Path(file.text("serve.portal", None, "")).expanduser()
    else:
        found = option
    if found is not None and not (found / "index.html").is_file():
        raise NotConfiguredError("--portal, or `portal` in exchange.toml: a folder with an index.html in it")
    found = found or built_portal()
    return found.resolve() if found else None


def serving_settings(config: ExchangeConfig) -> dict[str, object]:
    """Return what `serve` was told, as `exchange.toml` says it; the portal that came with the program is found anyway."""
    names = [name for name in config.host_names if name not in DEFAULT_HOST_NAMES]
    portal = {"portal": str(config.portal)} if config.portal and config.portal not in BUILT_PORTALS else {}
    return {
        "host_names": names,
        "trusted_proxies": config.trusted_proxies,
        "console": config.console,
        "listen": config.listen,
        "port": config.port,
        "workers": config.workers,
        **portal,
        **({"metrics_port": config.metrics_port} if config.metrics_port else {}),
    }


def database_settings(config: ExchangeConfig) -> dict[str, object]:
    """Return Django's settings of the one database; raises NotConfiguredError for an address that can't be used."""
    gives_up = config.is_answering or config.is_reading
    if config.database_url is None:
        busy_seconds = ANSWER_SECONDS if gives_up else COMMAND_SECONDS
        return _sqlite_settings(config.home / DATABASE_FILE, busy_seconds, is_reading=config.is_reading)
    backend = "stillmine.exchange.database.postgresql" if gives_up else "django.db.backends.postgresql"
    found = postgresql_settings(config.database_url, is_reading=config.is_reading)
    return found | {"ENGINE": backend}


def _sqlite_settings(path: Path, busy_seconds: int, *, is_reading: bool) -> dict[str, object]:
    if is_reading:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{path.as_uri()}?mode=ro", "OPTIONS": {"timeout": busy_seconds}}
    # secure_delete: a withdrawn value must not stay readable in a freed page of the file.
    # 32 MiB of pages for each connection, where SQLite would keep 2: ids are random, so who reads a list reads every page of it again.
    pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA cache_size=-32768;"
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": 60,
        "OPTIONS": {"timeout": busy_seconds, "transaction_mode": "IMMEDIATE", "init_command": pragmas},
    }
