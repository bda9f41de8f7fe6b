# SPDX-License-Identifier: Apache-2.0
"""The file that names sources, as TOML: everything that is wrong with it is said at once, each with the key of its line.

Must never repeat a key that a key file holds. Contract: spec/sources.md.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from stillmine.client.private_file import read_private
from stillmine.client.settings import ExchangeSettings, checked_key, checked_url
from stillmine.partner.screening.sources import Policy
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.sources.stopncii_client import StopNciiSettings, keys_in
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, Kind
from stillmine.wire.screen import FIRST_SOURCE, Action, RegionsChoice
from stillmine.wire.stopncii import SIGNAL_TYPES

MAXIMUM_SOURCES = 32

_NAME = re.compile("[a-z0-9-]{1,40}")
_Word = TypeVar("_Word", bound=StrEnum)


class SourceType(StrEnum):
    """What a source is."""

    STILLMINE = "stillmine"
    STOPNCII = "stopncii"
    BANK = "bank"


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """One source as the platform wants it; `exchange` or `server` is there for those that are asked or fetched from."""

    policy: Policy
    type: SourceType
    exchange: ExchangeSettings | None = None
    server: StopNciiSettings | None = None
    way: WayChoice = WayChoice.AUTO
    regions: RegionsChoice | None = None


_OF_ANY = frozenset({"name", "type", "kinds", "action", "share", "threshold_bits"})
_OF_MATCHES = ("kinds", "share", "threshold_bits")
_OF_FETCHED = frozenset({"url", "key_file"})
_KEYS = {
    SourceType.STILLMINE: _OF_ANY | _OF_FETCHED | {"way", "regions"},
    SourceType.STOPNCII: _OF_ANY | _OF_FETCHED,
    SourceType.BANK: _OF_ANY,
}


def read_sources(path: Path) -> list[SourceChoice]:
    """Return the sources of a file, the exchange first; raises NotConfiguredError that names everything which is wrong."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise NotConfiguredError(f"--config: can't be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotConfiguredError(f"--config: no TOML ({error})") from None
    rows = table.pop("source", None)
    wrong = [f"{key}: not known here; everything else is an option of the command" for key in table]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or not 1 <= len(rows) <= MAXIMUM_SOURCES:
        raise _all_wrong([*wrong, f"[[source]]: 1 to {MAXIMUM_SOURCES} of them"])
    choices = []
    for number, row in enumerate(rows, 1):
        reader = _Row(row, path.parent)
        choices.append(reader.choice())
        label = f"source {number}" + (f" ({choices[-1].policy.name})" if choices[-1].policy.name else "")
        wrong += [f"{label}: {said}" for said in reader.wrong]
    wrong += _wrong_together(choices)
    if wrong:
        raise _all_wrong(wrong)
    return sorted(choices, key=lambda choice: choice.policy.name != FIRST_SOURCE)


def _all_wrong(wrong: list[str]) -> NotConfiguredError:
    return NotConfiguredError("--config: " + "\n".join(wrong))


def _wrong_together(choices: list[SourceChoice]) -> Iterator[str]:
    names = Counter(choice.policy.name for choice in choices if choice.policy.name)
    yield from (f"name: {name} is there {count} times" for name, count in names.items() if count > 1)
    if not any(choice.policy.name == FIRST_SOURCE and choice.type is SourceType.STILLMINE for choice in choices):
        yield f"name: one source of the type {SourceType.STILLMINE} is called {FIRST_SOURCE}"
    if sum(choice.policy.action is Action.NEVER for choice in choices) > 1:
        yield f"action: one source at most is {Action.NEVER}"
    if not any(choice.policy.is_needed for choice in choices):
        yield f"action: at least one source is {Action.MATCH} or {Action.REVIEW}"


class _Row:
    """Reads one `[[source]]`; what is wrong is collected, and something harmless stands in for it."""

    def __init__(self, row: Mapping[str, object], folder: Path) -> None:
        self._row = row
        self._folder = folder
        self.wrong: list[str] = []

    def choice(self) -> SourceChoice:
        """Return it as far as it can be read."""
        name = self._row.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self.wrong.append("name: 1 to 40 of a-z, 0-9 and -")
            name = ""
        sort = self._word("type", SourceType, None)
        if sort is None:
            return SourceChoice(Policy(name), SourceType.BANK)
        known = ", ".join(sorted(_KEYS[sort]))
        self.wrong += [f"{key}: not known of the type {sort}, which has {known}" for key in self._row if key not in _KEYS[sort]]
        way = self._word("way", WayChoice, WayChoice.AUTO) or WayChoice.AUTO
        policy = Policy(
            name,
            self._action(sort),
            self._kinds(frozenset(SIGNAL_TYPES) if sort is SourceType.STOPNCII else None),
            self._threshold(is_asked=sort is SourceType.STILLMINE and way is not WayChoice.LIST),
            self._share(),
            is_told=sort is not SourceType.BANK,
        )
        choice = SourceChoice(policy, sort, way=way, regions=self._word("regions", RegionsChoice, None))
        return choice if sort is SourceType.BANK else self._with_address(choice)

    def _with_address(self, choice: SourceChoice) -> SourceChoice:
        url, file = self._row.get("url"), self._row.get("key_file")
        address = self._tried("url", lambda: checked_url(url if isinstance(url, str) else "", "url"))
        path = self._folder / file if isinstance(file, str) and file else None
        if path is None:
            self.wrong.append("key_file: missing; name the file with the key")
            return choice
        data = self._tried("key_file", lambda: read_private(path, "key_file"))
        if address is None or data is None:
            return choice
        if choice.type is SourceType.STILLMINE:
            key = self._tried("key_file", lambda: checked_key(data))
            return choice if key is None else replace(choice, exchange=ExchangeSettings(address, key, path))
        keys = self._tried("key_file", lambda: keys_in(data))
        return choice if keys is None else replace(choice, server=StopNciiSettings(address, *keys))

    def _action(self, sort: SourceType) -> Action:
        action = self._word("action", Action, Action.MATCH) or Action.MATCH
        if action is Action.NEVER and sort is not SourceType.BANK:
            self.wrong.append(f"action: {Action.NEVER} is for the type {SourceType.BANK}")
        if action is Action.NEVER:
            self.wrong += [f"{key}: without effect where the action is {Action.NEVER}" for key in _OF_MATCHES if key in self._row]
        return action

    def _kinds(self, default: frozenset[Kind] | None) -> frozenset[Kind] | None:
        given = self._row.get("kinds")
        if given is None:
            return default
        known = {kind.value for kind in default or Kind}
        if not isinstance(given, list) or not given or not all(isinstance(word, str) and word in known for word in given):
            self.wrong.append(f"kinds: a list of some of {', '.join(sorted(known))}")
            return default
        return frozenset(Kind(word) for word in given)

    def _threshold(self, *, is_asked: bool) -> int:
        given = self._row.get("threshold_bits", MAXIMUM_DISTANCE_BITS)
        if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= MAXIMUM_DISTANCE_BITS:
            self.wrong.append(f"threshold_bits: a whole number from 0 to {MAXIMUM_DISTANCE_BITS}")
            return MAXIMUM_DISTANCE_BITS
        if given < MAXIMUM_DISTANCE_BITS and is_asked:
            self.wrong.append(f"threshold_bits: an exchange that is asked tells no distance; only with way = {WayChoice.LIST.value!r}")
        return given

    def _share(self) -> float:
        given = self._row.get("share", 1)
        if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
            self.wrong.append("share: a number from 0 to 1")
            return 1.0
        return float(given)

    def _word(self, key: str, words: type[_Word], default: _Word | None) -> _Word | None:
        given = self._row.get(key)
        if given is None and (default is not None or key != "type"):
            return default
        try:
            return words(str(given))
        except ValueError:
            self.wrong.append(f"{key}: one of {', '.join(words)}")
            return default

    def _tried(self, key: str, read: Callable[[], "_Read"]) -> "_Read | None":
        try:
            return read()
        except NotConfiguredError as error:
            said = str(error.detail)
            self.wrong.append(said if said.startswith(key) else f"{key}: {said}")
            return None


_Read = TypeVar("_Read")
