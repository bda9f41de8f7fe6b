# SPDX-License-Identifier: Apache-2.0
"""What a Ray worker is told and what is made of its answers, with something in Ray's place: the real one has long tests."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from stillmine.fingerprint.ground.errors import FileUnreadableError
from stillmine.partner.backfill.item import Item
from stillmine.partner.backfill.ray_engine import RayEngine
from stillmine.partner.backfill.source import SourceWords
from stillmine.partner.ground.errors import DecoderStoppedError
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.kinds import Kind
from stillmine.wire.screen import RegionsChoice


class RayError(Exception):
    """What Ray raises where a worker is gone."""


class InPlaceOfRay:
    """Calls in this process what Ray calls in another, and remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[object, ...]] = []
        self.is_broken = False
        self.options: dict[str, object] = {}
        self.made: list[Any] = []

    def init(self, **_: object) -> None: ...

    def shutdown(self) -> None: ...

    def cluster_resources(self) -> Mapping[str, float]:
        return {"CPU": 1.0}

    def remote(self, **options: object) -> Callable[[type], SimpleNamespace]:
        self.options = options
        return lambda actor: SimpleNamespace(remote=lambda *words: self._actor(actor, words))

    def get(self, answer: Callable[[], object]) -> object:
        if self.is_broken:
            raise RayError
        return answer()

    def _actor(self, actor: type, words: tuple[object, ...]) -> Any:
        self.sent.append(words)
        try:
            made = actor(*words)
        except NotConfiguredError:
            self.is_broken = True
            return SimpleNamespace(is_ready=SimpleNamespace(remote=lambda: None))
        self.made.append(made)
        return _Handle(self, made)


class _Handle:
    def __init__(self, ray: InPlaceOfRay, made: object) -> None:
        self._ray, self._made = ray, made

    def __getattr__(self, name: str) -> SimpleNamespace:
        def later(*words: object) -> Callable[[], object]:
            self._ray.sent.append(words)
            return lambda: getattr(self._made, name)(*words)

        return SimpleNamespace(remote=later)


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[InPlaceOfRay]:
    ray, load = InPlaceOfRay(), importlib.import_module

    def loaded(name: str, package: str | None = None) -> Any:
        if name in ("ray", "ray.exceptions"):
            return ray if name == "ray" else SimpleNamespace(RayError=RayError)
        return load(name, package)

    monkeypatch.setattr("stillmine.partner.backfill.ray_engine.importlib.import_module", loaded)
    yield ray
    for reader in ray.made:
        reader._workers.close()


@pytest.fixture
def engine(ray: InPlaceOfRay, tmp_path: Path) -> RayEngine:
    (tmp_path / "a.bin").write_bytes(b"any")
    engine = RayEngine(SourceWords(str(tmp_path)), None, 1)
    engine.start()
    return engine


def test_a_reader_is_told_where_an_item_is_and_nothing_else(engine: RayEngine, ray: InPlaceOfRay, tmp_path: Path) -> None:
    item = Item("a.bin", "post 7", "3-1")
    with engine.opened(item) as file:
        made = engine.fingerprinter.fingerprints(file, RegionsChoice.OFF)
    assert made.digest(Kind.SHA256) == sha256(b"any").digest()
    started, _ready, read = ray.sent
    assert started == (msgspec.msgpack.encode(SourceWords(str(tmp_path))), False)
    assert read == (msgspec.msgpack.encode(item), "off")
    assert (ray.options["max_restarts"], engine.at_once) == (-1, 2)


def test_what_a_reader_can_not_read_has_its_code_and_one_that_ends_each_time_too(engine: RayEngine, ray: InPlaceOfRay) -> None:
    for error, is_broken in ((FileUnreadableError, False), (DecoderStoppedError, True)):
        ray.is_broken = is_broken
        with engine.opened(Item("gone", "x")) as file, pytest.raises(error):
            engine.fingerprinter.fingerprints(file, RegionsChoice.OFF)


@pytest.mark.usefixtures("ray")
def test_a_node_without_the_folder_ends_the_run_instead_of_answering_each_item(tmp_path: Path) -> None:
    engine = RayEngine(SourceWords(str(tmp_path / "not there")), None, 1)
    with pytest.raises(NotConfiguredError, match="can't read items"):
        engine.start()


def test_without_ray_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> None:
        raise ImportError

    monkeypatch.setattr("stillmine.partner.backfill.ray_engine.importlib.import_module", missing)
    with pytest.raises(NotConfiguredError, match=r"stillmine\[ray\]"):
        RayEngine(SourceWords("."), None, 1)
