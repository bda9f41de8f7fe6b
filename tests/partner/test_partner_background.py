# SPDX-License-Identifier: Apache-2.0
"""The thread that follows the exchange: nothing ends it but a stop, and a stop is never held up by a silent exchange."""

import threading
import time
from collections.abc import Callable
from typing import cast

import pytest

from stillmine.partner.following import background
from stillmine.partner.following.background import FollowThread
from stillmine.wire.errors import ExchangeUnreachableError


class ScriptedSync:
    """Stands in for Sync: each run does the next step of a script, then nothing."""

    def __init__(self, *steps: Callable[[], None]) -> None:
        self.every_seconds = 3600.0
        self.runs = 0
        self.reports = 0
        self.steps = list(steps)

    def run(self) -> None:
        self.runs += 1
        if self.steps:
            self.steps.pop(0)()

    def seconds_to_next(self) -> float:
        return self.every_seconds

    def send_feedback(self) -> None:
        self.reports += 1
        if self.steps:
            self.steps.pop(0)()


def thread_for(sync: ScriptedSync, every_seconds: float) -> tuple[FollowThread, threading.Event]:
    stopping = threading.Event()
    sync.every_seconds = every_seconds
    return FollowThread(sync, stopping), stopping


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.02)
    raise AssertionError("it never happened")


def fail(error: Exception) -> Callable[[], None]:
    def step() -> None:
        raise error

    return step


def test_failures_are_named_logged_once_and_outlived(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    sync = ScriptedSync(
        fail(ExchangeUnreachableError("ConnectError")),
        fail(ExchangeUnreachableError("ConnectError")),
        fail(RuntimeError("marked words")),
    )
    thread, _ = thread_for(sync, every_seconds=0.01)
    thread.start()
    wait_until(lambda: sync.runs >= 5)
    assert thread.problem is None
    assert thread.stop()
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR", "INFO"]
    assert "exchange_unreachable" in caplog.messages[0]
    assert "internal_error" in caplog.messages[1]
    assert "marked" not in caplog.text


def test_waking_sends_feedback_without_a_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "FEEDBACK_PAUSE_SECONDS", 0)
    sync = ScriptedSync()
    thread, _ = thread_for(sync, every_seconds=3600)
    thread.start()
    wait_until(lambda: sync.runs == 1)
    for sent in (1, 2):
        thread.wake()
        wait_until(lambda: sync.reports == sent)  # noqa: B023 (waited for in the same turn of the loop)
    assert thread.stop()
    assert (sync.runs, sync.reports) == (1, 2)


def test_feedback_of_a_busy_moment_goes_out_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "FEEDBACK_PAUSE_SECONDS", 3600)
    sync = ScriptedSync()
    thread, _ = thread_for(sync, every_seconds=3600)
    thread.start()
    wait_until(lambda: sync.runs == 1)
    for _ in range(100):
        thread.wake()
    wait_until(lambda: sync.reports == 1)
    for _ in range(100):
        thread.wake()
    assert thread.stop()
    assert sync.reports == 1


def test_failed_feedback_is_a_problem_until_a_whole_sync_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "FEEDBACK_PAUSE_SECONDS", 0)
    sync = ScriptedSync(lambda: None, fail(ExchangeUnreachableError()))
    thread, _ = thread_for(sync, every_seconds=3600)
    thread.start()
    wait_until(lambda: sync.runs == 1)
    thread.wake()
    wait_until(lambda: thread.problem == "exchange_unreachable")
    thread.wake()
    wait_until(lambda: sync.reports == 2)
    assert thread.stop()
    assert thread.problem == "exchange_unreachable"


def test_stop_does_not_wait_for_a_silent_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "STOP_SECONDS", 0.05)
    release = threading.Event()
    sync = ScriptedSync(lambda: cast(None, release.wait()))
    thread, stopping = thread_for(sync, every_seconds=3600)
    thread.start()
    wait_until(lambda: sync.runs == 1)
    assert not thread.stop()
    assert stopping.is_set()
    release.set()
    monkeypatch.setattr(background, "STOP_SECONDS", 30)
    assert thread.stop()
    assert (sync.runs, sync.reports) == (1, 0)
