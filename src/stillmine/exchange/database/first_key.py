# SPDX-License-Identifier: Apache-2.0
"""The file of key-encryption keys and the first key of the day, made once for a database that holds nothing yet.

That is the one moment when making a key can't hide a loss: nothing was ever wrapped under one. A file of keys of the day that is there
already belongs to another database, or to a start that was cut off, and is put aside.
"""

import logging

from stillmine.exchange.rows.cases import Case, Fingerprint
from stillmine.exchange.rows.keys import DayKey
from stillmine.exchange.rows.log import Leaf
from stillmine.exchange.rows.partners import Partner
from stillmine.exchange.transaction.context import Context, to_minute

_log = logging.getLogger(__name__)


def lacks_first_day_key() -> bool:
    """Return whether the first key is still to be made: there is none, and nothing was stored that one could have wrapped."""
    return not DayKey.objects.exists() and not any(model._default_manager.exists() for model in (Case, Fingerprint, Leaf, Partner))


def make_first_day_key(exchange: Context) -> None:
    """Make the first key of the day and what it needs; nothing where there is one, or where the database holds something already.

    Raises NotConfiguredError or KeysMissingError where key-encryption keys can't be had.
    """
    if not lacks_first_day_key():
        return
    exchange.keys.create_file(exchange.random_bytes)
    exchange.keys.ring()  # read at once, so that a command or a file that does not work is told before anything is sealed
    with exchange.day_keys.file.lock(waits=True):
        if lacks_first_day_key():  # else another start made it while this one waited
            _make(exchange)


def _make(exchange: Context) -> None:
    file = exchange.day_keys.file
    aside = file.put_aside(exchange.random_bytes(4).hex())
    if aside:
        _log.warning(
            "%s was of another database, or of an upgrade that was cut off, and is now %s: delete it when you no longer need that",
            file.path,
            aside,
        )
    key_id, line = exchange.day_keys.new_line(exchange.random_bytes)
    file.write({key_id: line})
    DayKey.objects.create(id=key_id, sequence=1, made_at=to_minute(exchange.clock()))
