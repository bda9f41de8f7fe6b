# SPDX-License-Identifier: Apache-2.0
"""A manifest: JSON lines that say what each item is called and where it is, checked whole before anything is looked up."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from stillmine.partner.backfill.folder import opened_file, version_of
from stillmine.partner.backfill.item import Item
from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.fetching.fetch import fetch
from stillmine.partner.fingerprinting.upload import OpenFile, Upload
from stillmine.wire.errors import MalformedMessageError, NotConfiguredError
from stillmine.wire.screen import require_content_id

MAXIMUM_LINE_BYTES = 64 * 1024


class ManifestLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: a path of this machine or an address, and the platform's words."""

    content_id: str
    path: str | None = None
    url: str | None = None
    uploader: str | None = None
    version: str | None = None

    def __post_init__(self) -> None:
        if (self.path is None) == (self.url is None):
            raise ValueError("path or url, one of the two")
        require_content_id(self.content_id)


_DECODER = msgspec.json.Decoder(ManifestLine)


class ManifestSource:
    """The items of one manifest; standard input where no file is named."""

    def __init__(self, file: Path | None, fetch_from: Sequence[str] = (), standard_input: BinaryIO | None = None) -> None:
        """`fetch_from`: hosts and origins from which files may be fetched; raises NotConfiguredError."""
        self._file = file
        self._allowed = AllowedSources(fetch_from)
        self._standard_input = standard_input

    def items(self) -> Iterator[Item]:
        """Yield the items in their order; raises NotConfiguredError with the number of the first line that is wrong."""
        if self._file is None:
            yield from _items(self._standard_input or sys.stdin.buffer)
            return
        try:
            with self._file.open("rb") as file:
                yield from _items(file)
        except OSError as error:
            raise NotConfiguredError(f"SOURCE: this manifest can't be read ({error.strerror})") from None

    @contextmanager
    def open(self, item: Item, folder: Path) -> Iterator[OpenFile]:
        """Open a file, or fetch it; raises the StillmineError of why it can't be read."""
        if "://" not in item.place:
            with opened_file(Path(item.place)) as file:
                yield file
            return
        target = self._allowed.target(item.place)
        with Upload(folder) as upload:

            async def take(part: bytes) -> None:
                upload.write(part)

            asyncio.run(fetch(target, take))
            yield upload


def _items(lines: BinaryIO) -> Iterator[Item]:
    number = 0
    while line := lines.readline(MAXIMUM_LINE_BYTES):
        number += 1
        if line.strip():
            try:
                yield _item(_DECODER.decode(line))
            except (msgspec.DecodeError, MalformedMessageError, ValueError):
                raise NotConfiguredError(
                    f"SOURCE: line {number} is no item; each has content_id (1 to 200 characters), path or url, perhaps uploader, version"
                ) from None


def _item(line: ManifestLine) -> Item:
    if line.url is not None:
        if "://" not in line.url:
            raise ValueError("an address")
        return Item(line.url, line.content_id, line.version or "", line.uploader)
    path = Path(line.path or "").absolute()
    version = line.version or version_of(path) or ""
    return Item(f"{path}", line.content_id, version, line.uploader)
