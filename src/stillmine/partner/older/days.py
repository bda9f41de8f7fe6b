# SPDX-License-Identifier: Apache-2.0
"""The days that are remembered: a folder for each, with its key and a file for each hour.

A day goes as a whole, its key first. An hour that is over is written anew in larger blocks, without what was deleted, and put in the place
of the old one in one step. Must never keep a day longer than was said.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from stillmine.partner.older.block import Block, BlockWriter, Row
from stillmine.partner.older.hour_file import HourFile
from stillmine.partner.older.keys import Seal, day_key, destroy_day, has_day_key, make_day_key, sync_folder
from stillmine.partner.older.remembered import Remembered
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import NotConfiguredError

FOLDER = "older"
HOUR_SECONDS = 3600
SMALL_BLOCK_UPLOADS = 64
_NEW = ".new"
_DAY_NAME = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_HOUR_NAME = re.compile(r"[01]\d|2[0-3]")

log = logging.getLogger("stillmine.partner")


class Hour(NamedTuple):
    """One hour: the first is 0, of 1970."""

    number: int

    @classmethod
    def of(cls, second: float) -> "Hour":
        """Return the hour in which a second lies."""
        return cls(int(second) // HOUR_SECONDS)

    @property
    def moment(self) -> datetime:
        """When it begins."""
        return datetime.fromtimestamp(self.number * HOUR_SECONDS, UTC)

    @property
    def day(self) -> date:
        """The day of which it is."""
        return self.moment.date()

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.moment.hour:02}"


class DaysSize(NamedTuple):
    """How many uploads in how many bytes, and the oldest hour of which anything is kept."""

    uploads: int
    bytes: int
    oldest: Hour | None


class Days:
    """What is remembered in one home folder. Safe to use from several threads."""

    def __init__(
        self, home: Path, kept_days: int, key: Secret, clock: Callable[[], datetime], random_bytes: Callable[[int], bytes]
    ) -> None:
        """`clock` returns UTC. Raises NotConfiguredError where the key is another than that of all that is there."""
        self._folder = home / FOLDER
        self._kept_days = kept_days
        self._clock = clock
        self._random_bytes = random_bytes
        self._master = Seal(bytes(key), random_bytes)
        self._lock = threading.Lock()
        # Guarded by the lock.
        self._seals: dict[date, Seal] = {}
        self._files: dict[Hour, HourFile] = {}
        self._now: HourFile | None = None
        self._open()

    def append(self, remembered: Remembered, row: Row) -> None:
        """Remember an upload; raises OSError, and then it is not."""
        block = BlockWriter()
        block.add(row)
        content, hour = block.content(), Hour.of(remembered.second)
        with self._lock:
            file = self._file_of(hour)
            if file is not self._now and self._now is not None:
                self._now.close()
            self._now = file
            file.append(content, 1)

    def sync(self) -> None:
        """Have what was remembered written to the disk."""
        with self._lock, suppress(OSError):
            if self._now is not None:
                self._now.sync()

    def close(self) -> None:
        """Remember nothing more."""
        self.sync()
        with self._lock:
            if self._now is not None:
                self._now.close()

    def hours(self) -> list[Hour]:
        """Return the hours of which anything is kept, oldest first."""
        with self._lock:
            return sorted(self._files)

    def uploads_in(self, hour: Hour) -> int:
        """Return how many uploads are remembered of an hour."""
        with self._lock:
            file = self._files.get(hour)
            return 0 if file is None else file.uploads

    def is_scattered(self, hour: Hour) -> bool:
        """Return whether an hour lies in many small blocks."""
        with self._lock:
            file = self._files.get(hour)
            return file is not None and file.block_count > 1 + file.uploads // SMALL_BLOCK_UPLOADS

    def uploads(self) -> int:
        """Return how many uploads are remembered."""
        with self._lock:
            return sum(file.uploads for file in self._files.values())

    def size(self) -> "DaysSize":
        """Return how much is remembered, and from when on."""
        with self._lock:
            oldest = min(self._files, default=None)
            return DaysSize(sum(file.uploads for file in self._files.values()), sum(file.end for file in self._files.values()), oldest)

    def blocks(self, hour: Hour) -> Iterator[Block]:
        """Return what is remembered of an hour up to now; what is damaged is passed over, and said in the log."""
        with self._lock:
            file = self._files.get(hour)
        damaged = 0
        with suppress(OSError):
            for block in file.blocks() if file is not None else ():
                if block is not None:
                    yield block
                damaged += block is None
        if damaged:
            log.error("%d blocks of remembered uploads of %s are damaged and passed over", damaged, hour.moment)

    def pack(self, hour: Hour, stays: Callable[[Remembered], bool]) -> None:
        """Write an hour anew, without what does not stay, unless anything is added meanwhile; raises OSError."""
        with self._lock:
            file = self._files.get(hour)
            if file is None:
                return
            size = file.end
        new = file.path.with_name(file.path.name + _NEW)
        file.write_new(new, _packed(file.blocks(), stays))
        with self._lock:
            if self._files.get(hour) is not file or file.end != size:
                new.unlink(missing_ok=True)
                return
            file.close()
            self._now = None if self._now is file else self._now
            new.replace(file.path)
            sync_folder(file.path.parent)
            self._files[hour] = HourFile(file.path, self._seals[hour.day])

    def drop_old(self) -> int:
        """Destroy days that are over; return how many. Raises OSError."""
        first = self._clock().date() - timedelta(days=self._kept_days)
        return sum(self._drop(folder) for folder in self._folders() if date.fromisoformat(folder.name) < first)

    def _drop(self, folder: Path) -> bool:
        day = date.fromisoformat(folder.name)
        with self._lock:
            for hour in [hour for hour in self._files if hour.day == day]:
                self._files[hour].close()
                if self._files.pop(hour) is self._now:
                    self._now = None
            self._seals.pop(day, None)
            destroy_day(folder)
        return True

    def _open(self) -> None:
        """Read which days and hours there are; a day whose key was destroyed, or never made, goes on going."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folders = self._folders()
        keyed = [folder for folder in folders if has_day_key(folder)]
        keys = {folder: day_key(folder, self._master) for folder in keyed}
        if keys and not any(keys.values()):
            raise NotConfiguredError(
                "older.key: not the key under which uploads were remembered. Put that one back, or remove the folder `older`: "
                "then nothing is remembered of before"
            )
        for folder in folders:
            key = keys.get(folder)
            if key is None:
                if folder in keyed:
                    log.error("the key of remembered uploads of %s is damaged: they are dropped", folder.name)
                destroy_day(folder)
                continue
            day = date.fromisoformat(folder.name)
            self._seals[day] = Seal(key, self._random_bytes)
            self._read_hours(folder, day)

    def _read_hours(self, folder: Path, day: date) -> None:
        for path in folder.iterdir():
            if path.name.endswith(_NEW):
                path.unlink()
            elif _HOUR_NAME.fullmatch(path.name):
                hour = Hour.of(datetime(day.year, day.month, day.day, int(path.name), tzinfo=UTC).timestamp())
                self._files[hour] = HourFile(path, self._seals[day])

    def _folders(self) -> list[Path]:
        return sorted(path for path in self._folder.iterdir() if _DAY_NAME.fullmatch(path.name))

    def _file_of(self, hour: Hour) -> HourFile:
        file = self._files.get(hour)
        if file is None:
            folder = self._folder / hour.day.isoformat()
            if hour.day not in self._seals:
                self._seals[hour.day] = Seal(make_day_key(folder, self._master, self._random_bytes), self._random_bytes)
                sync_folder(self._folder)
            file = self._files[hour] = HourFile(folder / hour.name, self._seals[hour.day])
        return file


def erase_days(home: Path) -> None:
    """Destroy everything that is remembered in a home folder; raises OSError."""
    folder = home / FOLDER
    if folder.is_dir():
        for day in folder.iterdir():
            if _DAY_NAME.fullmatch(day.name):
                destroy_day(day)
        folder.rmdir()


def _packed(blocks: Iterable[Block | None], stays: Callable[[Remembered], bool]) -> Iterator[tuple[bytes, int]]:
    writer = BlockWriter()
    for row in (row for block in blocks if block is not None for row in block):
        if stays(row.remembered()):
            writer.add(row)
        if writer.is_full:
            yield writer.content(), len(writer.rows)
            writer = BlockWriter()
    if writer.rows:
        yield writer.content(), len(writer.rows)
