# SPDX-License-Identifier: Apache-2.0
"""Somebody who kept every byte that the database ever wrote, and takes home folder and backups as they are now."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path

from django.db import connection

from stillmine.exchange.keys.day_file import DAY_KEYS_FILE, DayFile
from stillmine.exchange.keys.seal import Cell, SealedValueError, open_sealed
from stillmine.exchange.transaction.context import Context
from stillmine.wire.case_key import Secret

Sealed = tuple[Cell, bytes]


class Thief:
    """`copy` as often as there is something to copy; `opened` says which values can be read from all copies together."""

    def __init__(self, exchange: Context, data_folder: Path | None, backups: Path) -> None:
        self._exchange = exchange
        self._data_folder = data_folder
        self._backups = backups
        self._wrapped: set[Sealed] = set()
        self._values: set[Sealed] = set()
        self._files: list[bytes] = []

    def copy(self) -> None:
        """Copy the files of the database, log included, and note what is sealed in them: a real thief would search for it."""
        from stillmine.exchange.rows.cases import Fingerprint
        from stillmine.exchange.rows.keys import FingerprintDataKey

        for own, sealed in Fingerprint.objects.filter(sealed_value__isnull=False).values_list("id", "sealed_value"):
            self._values.add((Cell("cases_fingerprint", "sealed_value", own), bytes(sealed or b"")))
        for own, wrapped in FingerprintDataKey.objects.values_list("fingerprint_id", "wrapped_key"):
            self._wrapped.add((Cell("fingerprint_data_keys", "wrapped_key", own), bytes(wrapped)))
        if self._data_folder:  # in the log a page may end in the middle of a value; in the tables none does
            with connection.cursor() as cursor:
                cursor.execute("CHECKPOINT")
        folder = self._data_folder or self._exchange.home
        found = folder.rglob("*") if self._data_folder else folder.glob("exchange.sqlite3*")
        self._files.append(b"".join(path.read_bytes() for path in found if path.is_file()))

    def holds_all(self) -> bool:
        """Whether all that it knows to be sealed stands in the files that it copied."""
        return all(any(sealed in files for files in self._files) for _, sealed in self._values | self._wrapped)

    def opened(self) -> set[str]:
        """Return the values that open with what is in home and backups now."""
        return {text.decode() for text in _opened(self._values, self._data_keys())}

    def _data_keys(self) -> list[Secret]:
        ring = list(self._exchange.keys.ring().keys.values())
        lines = [
            (Cell("day.keys", "key", key_id), line.wrapped_key)
            for path in self._exchange.home.glob(f"{DAY_KEYS_FILE}*")
            if path.stat().st_size
            for key_id, line in DayFile(path.parent).read().items()
        ]
        day_keys = [Secret(key) for key in _opened(lines, ring)]
        return [Secret(key) for key in [*_opened(self._wrapped, day_keys), *_opened(self._backed_up(), ring)]]

    def _backed_up(self) -> Iterable[Sealed]:
        from stillmine.exchange.backup.rows import table_name
        from stillmine.exchange.protection.data_keys import DATA_KEYS

        tables = {table_name(model): model._meta.db_table for model in DATA_KEYS}
        for path in self._backups.rglob("*"):  # whatever its name is: a sudden end leaves half a file
            for text in path.read_text().splitlines() if path.is_file() else ():
                try:
                    line = json.loads(text)
                except json.JSONDecodeError:
                    continue
                if line.get("table") in tables:
                    own = line["row"].get("fingerprint_id") or str(line["row"].get("tombstone_id"))
                    yield Cell(tables[line["table"]], "wrapped_key", own), base64.b64decode(line["row"]["wrapped_key"])


def _opened(sealed: Iterable[Sealed], keys: list[Secret]) -> Iterable[bytes]:
    for place, content in sealed:
        for key in keys:
            try:
                yield open_sealed(key, content, place)
            except SealedValueError:
                continue
