# SPDX-License-Identifier: Apache-2.0
"""Data keys on their way into a backup and out of it: there they are wrapped under a key-encryption key.

No key of the day may be in a backup, nor anything that only opens with one: a backup must open when every key of the day that was in use
when it was written is destroyed.
"""

import base64
import logging
from collections.abc import Iterator

from stillmine.exchange.backup.files import Line
from stillmine.exchange.backup.rows import table_name
from stillmine.exchange.keys.seal import SealedValueError
from stillmine.exchange.protection.data_keys import DATA_KEYS
from stillmine.exchange.protection.wrapping import WrappingKey, unwrap, unwrap_from_backup, wrap_for_backup
from stillmine.exchange.rows.keys import DataKey
from stillmine.exchange.transaction.context import Context

_AT_ONCE = 500

BY_LABEL = {table_name(model): model for model in DATA_KEYS}

_log = logging.getLogger(__name__)


def key_lines(exchange: Context) -> Iterator[Line]:
    """Return every data key; one that does not open is left out and said in the log. Raises NotConfiguredError.

    The keys of the day must not change meanwhile: `DayKeys.unchanged`.
    """
    ring = exchange.keys.ring()
    for label, model in BY_LABEL.items():
        table, column = model._meta.db_table, model._meta.pk.attname
        for row in model._default_manager.order_by("pk").iterator(_AT_ONCE):
            try:
                data_key = unwrap(exchange, row.wrapped_by_id, row.wrapped_key, table, row.pk)
            except SealedValueError as error:
                _log.error("%s: left out of the backup", error)
                continue
            wrapped_by, wrapped_key = wrap_for_backup(ring, data_key, table, row.pk, exchange.random_bytes)
            yield Line(label, {column: row.pk, "wrapped_by": wrapped_by, "wrapped_key": base64.b64encode(wrapped_key).decode()})


def made_of(exchange: Context, today: WrappingKey, line: Line) -> DataKey:
    """Return the row of a line, wrapped under the key of the day.

    Raises ValueError or KeyError where it is no such line, SealedValueError, or NotConfiguredError where its key is missing.
    """
    model: type[DataKey] = BY_LABEL[line.table]
    table, column = model._meta.db_table, model._meta.pk.attname
    if line.row.keys() != {column, "wrapped_by", "wrapped_key"}:
        raise ValueError("other columns")
    row, wrapped_key = line.row[column], base64.b64decode(str(line.row["wrapped_key"]), validate=True)
    data_key = unwrap_from_backup(exchange, str(line.row["wrapped_by"]), wrapped_key, table, row)
    return model(**{column: row, "wrapped_by_id": today.id, "wrapped_key": today.wrap(data_key, table, row, exchange.random_bytes)})
