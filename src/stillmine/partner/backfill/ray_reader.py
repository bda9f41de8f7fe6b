# SPDX-License-Identifier: Apache-2.0
"""What runs on a Ray worker: it opens items and has a sandboxed process make fingerprints of them, as on one machine.

Messages go as bytes and are decoded as exactly one kind of message at both ends. Must never hold the list, a key of this project, or a
match.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from stillmine.partner.backfill.item import Item
from stillmine.partner.backfill.local import DEADLINES
from stillmine.partner.backfill.source import SourceWords, source_of
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.fingerprinting.worker_messages import JobResult, PlacesWanted
from stillmine.wire.errors import StillmineError
from stillmine.wire.screen import RegionsChoice

Makes = Callable[[OpenFile], JobResult]


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was made of an item, or the error code of why it can't be read."""

    result: JobResult | None = None
    refused: str | None = None


_WORDS = msgspec.msgpack.Decoder(SourceWords)
_ITEM = msgspec.msgpack.Decoder(Item)
_PLACES = msgspec.msgpack.Decoder(PlacesWanted)
READ = msgspec.msgpack.Decoder(Read)


class Reader:
    """Reads one item at a time."""

    def __init__(self, words: bytes, needs_sandbox: bool) -> None:
        """`words` are SourceWords; raises NotConfiguredError where a sandbox is needed and there is none."""
        self._source = source_of(_WORDS.decode(words))
        self._folder = Path(tempfile.gettempdir())
        self._workers = Fingerprinter(1, deadline_seconds=DEADLINES, needs_sandbox=needs_sandbox)
        self._workers.start()
        self._workers.check_sandbox()

    def is_ready(self) -> bool:
        """Whether it can be used: whoever makes it is told here why not."""
        return True

    def fingerprints(self, item: bytes, regions: str) -> bytes:
        """Return Read of an Item."""
        with_regions = RegionsChoice(regions)
        return self._read(item, lambda file: self._workers.fingerprints(file, with_regions))

    def hash_places(self, item: bytes, wanted: bytes, seconds: float) -> bytes:
        """Return Read with the hashes at PlacesWanted of an Item."""
        places = _PLACES.decode(wanted)
        return self._read(item, lambda file: self._workers.hash_places(file, places, seconds))

    def _read(self, item: bytes, make: Makes) -> bytes:
        try:
            with self._source.open(_ITEM.decode(item), self._folder) as file:
                read = Read(make(file))
        except StillmineError as error:
            read = Read(refused=error.code)
        return msgspec.msgpack.encode(read)
