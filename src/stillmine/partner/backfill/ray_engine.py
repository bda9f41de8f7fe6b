# SPDX-License-Identifier: Apache-2.0
"""The engine of many machines: Ray workers read items, and one that is killed is started again.

Looking up, store and journal stay in this process. The library is loaded where it is needed: it is no part of the base install. Must never
send a Ray worker more than where items are.
"""

import importlib
import os
import queue
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

import msgspec

from stillmine.partner.backfill.item import Item
from stillmine.partner.backfill.ray_reader import READ, Reader
from stillmine.partner.backfill.source import SourceWords
from stillmine.partner.fingerprinting.upload import OpenFile
from stillmine.partner.fingerprinting.worker_messages import JobResult, PlacesWanted
from stillmine.partner.ground.errors import DecoderStoppedError
from stillmine.partner.screening.screening import FingerprintsUploads, error_of
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import RegionsChoice

TRIES = 4
"""At one item, where the Ray worker that reads it ends each time."""

CPUS_PER_READER = 1
AHEAD = 1
"""Items that are handed out beyond those that are read: a reader never waits for this process."""

_ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


class _Ray(Protocol):
    """What is used of the library."""

    def init(self, **settings: Any) -> object: ...

    def remote(self, **options: Any) -> Any: ...

    def get(self, reference: object) -> Any: ...

    def cluster_resources(self) -> Mapping[str, float]: ...

    def kill(self, actor: object) -> None: ...

    def shutdown(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An item that is opened where it is read."""

    item: Item

    def fileno(self) -> int:
        """Never called: nothing here reads it."""
        raise NotImplementedError


class RayEngine:
    """Readers on a Ray cluster, one for each of its processors."""

    def __init__(self, words: SourceWords, address: str | None, threads: int, *, needs_sandbox: bool = False) -> None:
        """`address` None: a cluster of `threads` processors, on this machine, for this run. Raises NotConfiguredError."""
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        try:
            self._ray = cast("_Ray", importlib.import_module("ray"))
            self._failures = (importlib.import_module("ray.exceptions").RayError,)
        except ImportError:
            raise NotConfiguredError("--engine ray: needs a library that is not installed; run pip install 'stillmine[ray]'") from None
        settings = {"num_cpus": threads} if address is None else {"address": address}
        try:
            self._ray.init(include_dashboard=None if address else False, log_to_driver=False, logging_level="ERROR", **settings)
        except (ConnectionError, OSError, ValueError, RuntimeError) as error:
            raise NotConfiguredError(f"--ray-address: no Ray cluster answers there ({type(error).__name__})") from None
        self._words = msgspec.msgpack.encode(words)
        self._needs_sandbox = needs_sandbox
        self._readers: list[Any] = []
        self._count = max(1, int(self._ray.cluster_resources().get("CPU", 1)) // CPUS_PER_READER)
        self._free: queue.Queue[Any] = queue.Queue()

    @property
    def at_once(self) -> int:
        """As many as there are readers, and one that waits for the first that is free."""
        return self._count + AHEAD

    @property
    def fingerprinter(self) -> FingerprintsUploads:
        """What makes fingerprints."""
        return self

    def start(self) -> None:
        """Start the readers; raises NotConfiguredError where one can't be."""
        actor = self._ray.remote(num_cpus=CPUS_PER_READER, max_restarts=-1, max_task_retries=TRIES - 1)(Reader)
        self._readers = [actor.remote(self._words, self._needs_sandbox) for _ in range(self._count)]
        for reader in self._readers:
            try:
                self._ray.get(reader.is_ready.remote())
            except self._failures as error:
                cause = getattr(error, "cause", None) or error
                words = f"{cause}" if isinstance(cause, NotConfiguredError) else type(cause).__name__
                raise NotConfiguredError(f"--engine ray: a Ray worker can't read items ({words})") from None
            self._free.put(reader)

    def close(self) -> None:
        """End the readers, and a cluster that was started for this run."""
        self._ray.shutdown()

    @contextmanager
    def opened(self, item: Item) -> Iterator[OpenFile]:
        """Say where an item is; it is opened by whoever reads it."""
        yield Elsewhere(item)

    def fingerprints(self, file: OpenFile, regions: RegionsChoice) -> JobResult:
        """Return what a reader made of an item; raises the StillmineError of why it can't be read."""
        return self._read("fingerprints", file, regions.value)

    def hash_places(self, file: OpenFile, wanted: PlacesWanted, seconds: float) -> JobResult:
        """Return the hashes at places of a picture of an item, which is opened again for that."""
        return self._read("hash_places", file, msgspec.msgpack.encode(wanted), seconds)

    def _read(self, call: str, file: OpenFile, *arguments: object) -> JobResult:
        assert isinstance(file, Elsewhere)  # noqa: S101 (only `opened` makes what comes here)
        reader = self._free.get()
        try:
            answer = self._ray.get(getattr(reader, call).remote(msgspec.msgpack.encode(file.item), *arguments))
        except self._failures:
            raise DecoderStoppedError from None
        finally:
            self._free.put(reader)
        read = READ.decode(answer)
        if read.result is None:
            raise error_of(read.refused or "")
        return read.result
