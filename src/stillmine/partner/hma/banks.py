# SPDX-License-Identifier: Apache-2.0
"""The names under which matches are answered, each with the share of lookups that it takes part in.

Kept in one small file of the home folder. Such a name holds nothing, but that of a bank of the platform's own, whose content is kept
elsewhere: what an exchange protects must never be changed by it.
"""

import os
import re
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from stillmine.partner.ground.errors import HmaBankExistsError, HmaBankNotFoundError, StoreUnreadableError
from stillmine.wire.errors import MalformedMessageError

BANKS_FILE = "hma-banks.json"
MAXIMUM_BANKS = 1000
MAXIMUM_NAME_SIGNS = 255

_NAME = re.compile("[A-Z_][A-Z0-9_]*")


class Matches(StrEnum):
    """Which matches a bank answers: those that a rule may act on, those that only a reviewer may judge, those of its own content."""

    RULES = "rules"
    REVIEW = "review"
    OWN = "own"


OF_EXCHANGES = (Matches.RULES, Matches.REVIEW)


class Bank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a name stands for; `enabled_ratio` is the share of lookups, `holder` the word under which content of its own is kept."""

    matches: Matches
    enabled_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    holder: str | None = None


_DECODER = msgspec.json.Decoder(dict[str, Bank])
"""Made here, before there are threads: `stillmine.wire.codec` says why."""

DEFAULT = {"STILLMINE": Bank(Matches.RULES), "STILLMINE_REVIEW": Bank(Matches.REVIEW)}


class Banks:
    """All names of one service. Safe to use from several threads."""

    def __init__(self, home: Path) -> None:
        """Raises StoreUnreadableError for a damaged file."""
        self._path = home / BANKS_FILE
        self._lock = threading.Lock()
        self._banks = _read(self._path)

    def all(self) -> dict[str, Bank]:
        """Return every bank by its name."""
        with self._lock:
            return dict(self._banks)

    def get(self, name: str) -> Bank:
        """Return one; raises HmaBankNotFoundError."""
        with self._lock:
            return _found(self._banks, name)

    def add(self, name: str, bank: Bank) -> None:
        """Add a name; raises HmaBankExistsError, MalformedMessageError, StoreUnreadableError."""
        _require_ratio(bank.enabled_ratio)
        with self._lock:
            self._keep(_added(self._banks, name, bank))

    def change(self, name: str, new_name: str, enabled_ratio: float | None) -> Bank:
        """Give it another name, another share, or both; raises as `add` does, and HmaBankNotFoundError."""
        _require_ratio(1.0 if enabled_ratio is None else enabled_ratio)
        with self._lock:
            bank = _found(self._banks, name)
            changed = bank if enabled_ratio is None else msgspec.structs.replace(bank, enabled_ratio=enabled_ratio)
            others = {other: kept for other, kept in self._banks.items() if other != name}
            self._keep(_added(others, new_name, changed))
            return changed

    def remove(self, name: str) -> None:
        """Forget a name; raises HmaBankNotFoundError, StoreUnreadableError."""
        with self._lock:
            _found(self._banks, name)
            self._keep({other: bank for other, bank in self._banks.items() if other != name})

    def _keep(self, banks: dict[str, Bank]) -> None:
        _write(self._path, msgspec.json.encode(banks))
        self._banks = banks


def _require_ratio(ratio: float) -> None:
    if not 0 <= ratio <= 1:
        raise MalformedMessageError("enabled_ratio: 0 to 1")


def _found(banks: dict[str, Bank], name: str) -> Bank:
    try:
        return banks[name]
    except KeyError:
        raise HmaBankNotFoundError from None


def _added(banks: dict[str, Bank], name: str, bank: Bank) -> dict[str, Bank]:
    if len(name) > MAXIMUM_NAME_SIGNS or not _NAME.fullmatch(name):
        raise MalformedMessageError(f"bank: capital letters, digits and _, at most {MAXIMUM_NAME_SIGNS}")
    if name in banks:
        raise HmaBankExistsError
    if len(banks) >= MAXIMUM_BANKS:
        raise MalformedMessageError(f"bank: at most {MAXIMUM_BANKS}")
    return {**banks, name: bank}


def _read(path: Path) -> dict[str, Bank]:
    try:
        return _DECODER.decode(path.read_bytes())
    except FileNotFoundError:
        return dict(DEFAULT)
    except (OSError, msgspec.MsgspecError):
        raise StoreUnreadableError(BANKS_FILE) from None


def _write(path: Path, data: bytes) -> None:
    """Replace the file whole or not at all."""
    new = path.with_suffix(".new")
    try:
        with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise StoreUnreadableError(type(error).__name__) from None
