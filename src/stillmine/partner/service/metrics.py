# SPDX-License-Identifier: Apache-2.0
"""Everything that `GET /metrics` says: what was counted, and how the service stands at that moment. Contract: spec/metrics.md."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from stillmine.partner.fingerprinting.workers import Load
from stillmine.partner.service.standing import Stands
from stillmine.partner.watching.counted import Counted
from stillmine.serving.exposition import Family, Labels, Sample, exposition
from stillmine.serving.process_gauges import of_process
from stillmine.wire.errors import StillmineError
from stillmine.wire.readiness import OK
from stillmine.wire.screen import Health, SourceHealth, WebhooksHealth


class RoomTaken(NamedTuple):
    """How many requests with a body are worked on, and how many bytes of bodies are held that still come."""

    requests: int
    coming_bytes: int


class Metrics:
    """The metrics of one service. Safe to use from several threads."""

    def __init__(
        self,
        counted: Counted,
        standing: Stands,
        workers: Callable[[], Mapping[str, Load]],
        room: Callable[[], RoomTaken],
        gauges: Callable[[], Iterable[Family]] = lambda: (),
    ) -> None:
        """`workers` says how each sort of them is at work; `gauges` returns what else this kind of instance has."""
        self._gauges = gauges
        self._counted = counted
        self._standing = standing
        self._workers = workers
        self._room = room

    def text(self) -> str:
        """Return all of it; what can't be read now is left out."""
        return exposition(
            [*self._counted.families(), *self._of_standing(), *self._of_work(), *self._gauges(), *of_process("stillmine_partner_")]
        )

    def _of_standing(self) -> Iterator[Family]:
        parts = self._standing.parts()
        yield _gauge(
            "part_is_ok", "1 where GET /readyz says ok of this part.", {(("part", part),): word == OK for part, word in parts.items()}
        )
        try:
            health = self._standing.health()
        except StillmineError:
            return  # the part `store` says so
        yield from of_health(health)

    def _of_work(self) -> Iterator[Family]:
        loads = {(("sort", sort),): load for sort, load in self._workers().items()}
        yield _gauge("workers", "Worker processes, by what they read.", {labels: load.workers for labels, load in loads.items()})
        yield _gauge("workers_at_work", "Of them, those that read a file.", {labels: load.at_work for labels, load in loads.items()})
        yield _gauge("uploads_waiting", "Uploads that wait for a worker.", {labels: load.waiting for labels, load in loads.items()})
        yield Family(
            "stillmine_partner_workers_lost_total",
            "counter",
            "Workers that ended or took too long, and were replaced.",
            [Sample(load.lost, labels) for labels, load in loads.items()],
        )
        room = self._room()
        yield _gauge("requests_at_work", "Requests with a body that are worked on.", {(): room.requests})
        yield _gauge("coming_bytes", "Bytes held of bodies that still come.", {(): room.coming_bytes})


def of_health(health: Health) -> Iterator[Family]:
    """Return what the health of a service says, of each source too where there are several."""
    yield _gauge("is_fresh", "1 where GET /health answers 200.", {(): health.is_fresh})
    yield _gauge(
        "problem", "1 for the code of what does not work, if anything.", {(("code", health.problem),): 1} if health.problem else {}
    )
    yield _gauge("way", "1 for the way in which uploads are looked up.", {(("way", health.way.value),): 1} if health.way else {})
    yield _gauge("age_seconds", "Since the last complete sync, or the exchange's last answer.", _known(health.age_seconds))
    yield _gauge("fingerprints", "Active fingerprints in the list.", _known(health.fingerprints))
    yield _gauge("feedback_waiting", "Reports and votes that the exchange has not taken yet.", {(): health.waiting_feedback})
    yield _gauge("queries_today", "Queries of this key since midnight UTC, of the last status.", _known(health.queries_today))
    yield _gauge("queries_a_day", "Queries that this key may make in a day.", _known(health.queries_a_day))
    yield from _of_sources(health.sources)
    if health.webhooks is not None:
        yield from _of_webhooks(health.webhooks)


def _of_sources(sources: Sequence[SourceHealth]) -> Iterator[Family]:
    by_name: dict[Labels, SourceHealth] = {(("source", source.name),): source for source in sources}
    yield _gauge("source_is_fresh", "1 where a source is in step, or answers.", {name: one.is_fresh for name, one in by_name.items()})
    yield _gauge(
        "source_problem",
        "1 for the code of what does not work at a source, if anything.",
        {(*name, ("code", one.problem)): 1 for name, one in by_name.items() if one.problem is not None},
    )
    held = {name: one.fingerprints for name, one in by_name.items() if one.fingerprints is not None}
    yield _gauge("source_fingerprints", "Active fingerprints of a source that are kept here.", held)
    waiting = {name: one.waiting_feedback for name, one in by_name.items()}
    yield _gauge("source_feedback_waiting", "Reports that a source has not taken yet.", waiting)
    dry = [Sample(one.would_have_matched, name) for name, one in by_name.items() if one.would_have_matched is not None]
    yield Family("stillmine_partner_source_would_have_matched_total", "counter", "Uploads that a dry run would have matched.", dry)


def _of_webhooks(webhooks: WebhooksHealth) -> Iterator[Family]:
    states = {"waiting": webhooks.waiting, "failed": webhooks.failed, "not_queued": webhooks.not_queued}
    yield _gauge("webhooks", "Webhooks, by what became of them.", {(("state", state),): number for state, number in states.items()})
    yield _gauge("webhooks_are_off", "1 after the target answered 410.", {(): webhooks.is_switched_off})


def _known(value: int | None) -> dict[Labels, float]:
    return {} if value is None else {(): value}


def _one(label: str, word: str | None) -> dict[Labels, float]:
    return {} if word is None else {((label, str(word)),): 1}


def _gauge(name: str, words: str, values: Mapping[Labels, float]) -> Family:
    return Family(f"stillmine_partner_{name}", "gauge", words, [Sample(value, labels) for labels, value in values.items()])
