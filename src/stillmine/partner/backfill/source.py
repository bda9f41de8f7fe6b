# SPDX-License-Identifier: Apache-2.0
"""Where items come from: a folder, an S3 store, a manifest. A source lists them, and opens each.

A source is described by a few words that can be sent to another machine, so that a worker there opens the same items. Must never hold or
send a credential: each machine has its own.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import msgspec

from stillmine.partner.backfill.folder import FolderSource
from stillmine.partner.backfill.item import Item
from stillmine.partner.backfill.manifest import ManifestSource
from stillmine.partner.backfill.s3 import S3_SCHEME, S3Source
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.wire.errors import NotConfiguredError

STANDARD_INPUT = "-"
MANIFEST_ENDING = ".jsonl"


class SourceWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What describes a source: SOURCE as it was named, the address of an S3 store, from where files may be fetched."""

    source: str
    endpoint_url: str | None = None
    fetch_from: list[str] = []


class Source(Protocol):
    """Items, and the way to their bytes. `open` may be called from several threads."""

    def items(self) -> Iterator[Item]:
        """Yield every item once, in an order of its own; raises NotConfiguredError where it can't be listed."""

    def open(self, item: Item, folder: Path) -> AbstractContextManager[OpenFile]:
        """Open an item, what is larger than memory in `folder`, without a name; raises the StillmineError of why it can't be read."""


def source_of(words: SourceWords) -> Source:
    """Return the source that is described; raises NotConfiguredError."""
    if words.source.startswith(S3_SCHEME):
        return S3Source(words.source, words.endpoint_url)
    if words.endpoint_url is not None:
        raise NotConfiguredError("--endpoint-url: goes with a SOURCE such as s3://bucket/prefix")
    if words.source == STANDARD_INPUT or words.source.endswith(MANIFEST_ENDING):
        return ManifestSource(None if words.source == STANDARD_INPUT else Path(words.source), words.fetch_from)
    return FolderSource(Path(words.source))


def in_full(source: str) -> str:
    """Return SOURCE in one form, whatever folder it was named from."""
    is_path = not source.startswith(S3_SCHEME) and source != STANDARD_INPUT
    return str(Path(source).expanduser().resolve()) if is_path else source
