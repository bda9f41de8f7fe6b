# SPDX-License-Identifier: Apache-2.0
"""How a test starts a browser: the system's, driven by Playwright, and waited for patiently, as a busy machine is no failure."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

expect.set_options(timeout=20_000)


@contextmanager
def launched(path: str, flags: list[str]) -> Iterator[Browser]:
    """A browser that runs until the block ends."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=flags)
        yield running
        running.close()
