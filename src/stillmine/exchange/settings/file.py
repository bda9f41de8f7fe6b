# SPDX-License-Identifier: Apache-2.0
"""`exchange.toml` in the home folder: what this exchange was started with, so that every command finds the same database.

An operator may change it; `migrate` and `serve` write only what is not there yet. It can hold the password of a database, so it is for
this user alone, and an error names keys and lines, never a value.
"""

import json
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from stillmine.exchange.ground.database_address import ADDRESS_WORDS, DATABASE_VARIABLE, is_address
from stillmine.exchange.ground.secret import RandomBytes, create_private, require_private
from stillmine.exchange.keys.ring import KEYS_COMMAND_VARIABLE
from stillmine.exchange.settings.address import ADDRESS_VARIABLE, PUBLIC_ADDRESS_WORDS, is_public_address
from stillmine.exchange.settings.alerts import FORMS as ALERT_FORMS
from stillmine.exchange.settings.alerts import NEXT_PERSON_BOUNDS
from stillmine.exchange.settings.ask import BOUNDS as ASK_BOUNDS
from stillmine.exchange.settings.ask import DIFFERING_VARIABLE, UNCONFIRMED_VARIABLE
from stillmine.exchange.settings.backup import FOLDER_WORDS, KEEP_DAYS_BOUNDS, is_whole_path
from stillmine.exchange.settings.doors import (
    BODY_SECONDS_VARIABLE,
    BYTES_PER_SECOND_VARIABLE,
    CONNECTIONS_PER_NETWORK_VARIABLE,
    CONNECTIONS_VARIABLE,
    HEAD_SECONDS_VARIABLE,
    REQUESTS_PER_NETWORK_VARIABLE,
)
from stillmine.exchange.settings.doors import BOUNDS as DOOR_BOUNDS
from stillmine.exchange.settings.feed import BOUNDS as FEED_BOUNDS
from stillmine.exchange.settings.feed import TICK_VARIABLE
from stillmine.exchange.settings.intake import BOUNDS as INTAKE_BOUNDS
from stillmine.exchange.settings.intake import CASES_VARIABLE, FINGERPRINTS_VARIABLE, FOUND_A_DAY_VARIABLE, NOT_ONE, WORK_VARIABLE
from stillmine.exchange.settings.ledger import BOUNDS as LEDGER_BOUNDS
from stillmine.exchange.settings.ledger import PUBLISH_EVERY_VARIABLE
from stillmine.exchange.settings.log import LOG_FORMAT_WORDS, is_log_format
from stillmine.serving.log_lines import LOG_FORMAT_VARIABLE
from stillmine.wire.errors import NotConfiguredError

SETTINGS_FILE = "exchange.toml"
SQLITE = "sqlite"


@dataclass(frozen=True)
class Key:
    """One key: the type of its value, the bounds of a number, and the variable of the environment that goes before it."""

    type: type
    minimum: int = 0
    maximum: int = 0
    variable: str = ""


KEYS: Mapping[str, Key] = {
    "database": Key(str, variable=DATABASE_VARIABLE),
    "keys_command": Key(str, variable=KEYS_COMMAND_VARIABLE),
    "log_format": Key(str, variable=LOG_FORMAT_VARIABLE),
    "public_address": Key(str, variable=ADDRESS_VARIABLE),
    "serve.host_names": Key(list),
    "serve.trusted_proxies": Key(int, 0, 5),
    "serve.portal": Key(str),
    "serve.console": Key(bool),
    "serve.listen": Key(str),
    "serve.port": Key(int, 1, 65535),
    "serve.workers": Key(int, 1, 64),
    "serve.metrics_port": Key(int, 0, 65535),
    "alerts.people": Key(list),
    "alerts.mail_server": Key(str),
    "alerts.mail_from": Key(str),
    "alerts.mail_user": Key(str),
    "alerts.mail_password_file": Key(str),
    "alerts.webhook": Key(str),
    "alerts.quiet_hours": Key(str),
    "alerts.time_zone": Key(str),
    "alerts.digest_at": Key(str),
    "alerts.next_person_after_minutes": Key(int, *NEXT_PERSON_BOUNDS),
    "backup.folder": Key(str),
    "backup.keep_days": Key(int, *KEEP_DAYS_BOUNDS),
    "backup.copy_to": Key(str),
    "backup.recipients": Key(list),
    "backup.keys_to": Key(str),
    "intake.found_a_day": Key(int, *INTAKE_BOUNDS[FOUND_A_DAY_VARIABLE], FOUND_A_DAY_VARIABLE),
    "intake.cases_in_ten_minutes": Key(int, *INTAKE_BOUNDS[CASES_VARIABLE], CASES_VARIABLE),
    "intake.fingerprints_in_ten_minutes": Key(int, *INTAKE_BOUNDS[FINGERPRINTS_VARIABLE], FINGERPRINTS_VARIABLE),
    "intake.work_zero_bits": Key(int, *INTAKE_BOUNDS[WORK_VARIABLE], WORK_VARIABLE),
    "ledger.publish_every_seconds": Key(int, *LEDGER_BOUNDS[PUBLISH_EVERY_VARIABLE], PUBLISH_EVERY_VARIABLE),
    "ask.differing_matches_a_day": Key(int, *ASK_BOUNDS[DIFFERING_VARIABLE], DIFFERING_VARIABLE),
    "ask.unconfirmed_places_a_day": Key(int, *ASK_BOUNDS[UNCONFIRMED_VARIABLE], UNCONFIRMED_VARIABLE),
    "feed.tick_seconds": Key(int, *FEED_BOUNDS[TICK_VARIABLE], TICK_VARIABLE),
    "doors.connections": Key(int, *DOOR_BOUNDS[CONNECTIONS_VARIABLE], CONNECTIONS_VARIABLE),
    "doors.connections_per_network": Key(int, *DOOR_BOUNDS[CONNECTIONS_PER_NETWORK_VARIABLE], CONNECTIONS_PER_NETWORK_VARIABLE),
    "doors.requests_per_network": Key(int, *DOOR_BOUNDS[REQUESTS_PER_NETWORK_VARIABLE], REQUESTS_PER_NETWORK_VARIABLE),
    "doors.head_seconds": Key(int, *DOOR_BOUNDS[HEAD_SECONDS_VARIABLE], HEAD_SECONDS_VARIABLE),
    "doors.body_seconds": Key(int, *DOOR_BOUNDS[BODY_SECONDS_VARIABLE], BODY_SECONDS_VARIABLE),
    "doors.bytes_per_second": Key(int, *DOOR_BOUNDS[BYTES_PER_SECOND_VARIABLE], BYTES_PER_SECOND_VARIABLE),
}
"""Every key there is, a table's after its name and a dot."""

_EMPTY_TABLES = frozenset(f"{name.partition('.')[0]}." for name in KEYS if "." in name)

_WORDS = {str: "a text in quotes", bool: "true or false", list: "a list of texts in quotes"}

_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "database": (lambda text: text == SQLITE or is_address(text), f"`{SQLITE}`, or {ADDRESS_WORDS}"),
    "log_format": (is_log_format, LOG_FORMAT_WORDS),
    "public_address": (is_public_address, PUBLIC_ADDRESS_WORDS),
    "alerts.mail_password_file": (is_whole_path, "the whole path of a file, from / on"),
    **ALERT_FORMS,
    "backup.folder": (is_whole_path, FOLDER_WORDS),
    "backup.copy_to": (is_whole_path, FOLDER_WORDS),
    "backup.keys_to": (is_whole_path, FOLDER_WORDS),
}
"""Texts that have a form."""

_HEAD = """\
# The settings of this exchange: docs/operators.md says what there is. What the environment or the command line says goes before it.
# The database of this home. A command that is told another one refuses.
"""


@dataclass(frozen=True)
class SettingsFile:
    """What the file says; nothing if there is none."""

    path: Path
    values: Mapping[str, object]

    def as_environment(self) -> dict[str, str]:
        """Return what it says of settings that have a variable, as the environment would say it."""
        return {key.variable: str(self.values[name]) for name, key in KEYS.items() if key.variable and name in self.values}

    def text(self, name: str, given: str | None, usual: str) -> str:
        """Return what was said, else what the file says, else the usual."""
        found = self.values.get(name, usual) if given is None else given
        return str(found)

    def number(self, name: str, given: int | None, usual: int) -> int:
        """Like `text`, for a number."""
        found = self.values.get(name, usual) if given is None else given
        return found if isinstance(found, int) else usual

    def flag(self, name: str, given: bool | None, usual: bool) -> bool:
        """Like `text`, for yes or no."""
        return bool(self.values.get(name, usual) if given is None else given)

    def part(self, name: str) -> dict[str, object]:
        """Return what the file says of one table, by the names of its keys."""
        return {key.partition(".")[2]: value for key, value in self.values.items() if key.startswith(f"{name}.")}

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of the file."""
        found = self.values.get(name, [])
        return tuple(str(each) for each in found) if isinstance(found, list) else ()


def read_settings_file(home: Path) -> SettingsFile:
    """Return what the home's file says; raises NotConfiguredError with the line of what can't be used."""
    path = home / SETTINGS_FILE
    if not os.path.lexists(path):
        return SettingsFile(path, {})
    if not path.is_file():
        raise NotConfiguredError(f"{path}: a folder, or a link to nothing; put the file back, or remove what is there")
    require_private(path, 0o600)
    try:
        text = path.read_text("utf-8")
        tables = tomllib.loads(text)
    except UnicodeDecodeError:
        raise NotConfiguredError(f"{path}: not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise NotConfiguredError(f"{path}: not TOML{_place_of(str(error), text)}") from None
    values = _flat(tables)
    for name, value in values.items():
        wrong = _what_is_wrong(name, value)
        if wrong:
            raise NotConfiguredError(f"{path}, line {_line_of(name, text)}: `{name}`: {wrong}")
    return SettingsFile(path, values)


def keep_settings(home: Path, database_url: str | None, serving: Mapping[str, object], random_bytes: RandomBytes) -> None:
    """Write down the database and, where `serving` has any, how it is served; what the file says already stays as it is."""
    path = home / SETTINGS_FILE
    if not path.exists():
        create_private(path, f"{_HEAD}{_line('database', database_url or SQLITE)}", random_bytes)
    there = read_settings_file(home).values
    if not serving or any(name.startswith("serve.") for name in there):
        return
    lines = "".join(_line(name, value) for name, value in serving.items())
    aside = path.with_name(f"{path.name}.{random_bytes(8).hex()}")
    create_private(aside, f"{path.read_text('utf-8').rstrip()}\n\n[serve]\n{lines}", random_bytes)
    os.replace(aside, path)  # noqa: PTH105 (one step: no reader finds half a file)


def _line(name: str, value: object) -> str:
    return f"{name} = {json.dumps(value, ensure_ascii=False)}\n"


def _flat(tables: Mapping[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in tables.items():
        if isinstance(value, dict) and name not in KEYS:
            flat |= {f"{name}.{inner}": deep for inner, deep in value.items()} or {f"{name}.": None}
        else:
            flat[name] = value
    return {name: value for name, value in flat.items() if name not in _EMPTY_TABLES}


def _what_is_wrong(name: str, value: object) -> str:
    key = KEYS.get(name)
    if key is None:
        return "there is no such key; docs/operators.md lists them"
    if key.type is int:
        is_right = isinstance(value, int) and not isinstance(value, bool) and key.minimum <= value <= key.maximum
        if not is_right:
            return f"a number from {key.minimum} to {key.maximum}"
        return NOT_ONE if key.variable == FOUND_A_DAY_VARIABLE and value == 1 else ""
    if name in _FORMS and isinstance(value, str):
        is_form, words = _FORMS[name]
        return "" if is_form(value) else words
    is_right = isinstance(value, key.type) and (not isinstance(value, list) or all(isinstance(each, str) for each in value))
    return "" if is_right else _WORDS[key.type]


def _line_of(name: str, text: str) -> int:
    """Return the line on which a key stands, else that of its table."""
    table, _, inner = name.rpartition(".")
    here, found = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line)
        here = header[1].strip("\"'") if header else here
        if header and here == table:
            found = number
        if re.match(rf"\s*[\"']?{re.escape(inner)}[\"']?\s*[=.]", line) and here == table:
            return number
    return found


def _place_of(error: str, text: str) -> str:
    """Name the line of a parser's error, without its words, which can repeat a value."""
    found = re.search(r"at line (\d+)", error)
    return f", line {found[1] if found else len(text.splitlines())}"
