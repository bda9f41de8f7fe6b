# SPDX-License-Identifier: Apache-2.0
"""`stillmine demo`: its story holds at a platform that asks and at one that has the list, and each one's page says which it is."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from stillmine.demo.platform import Platform
from stillmine.demo.processes import FORUM, SOCIAL, Connected, System, free_ports

STILLMINE = [sys.executable, "-c", "from stillmine.cli import main; main()"]


def test_the_story_holds_in_both_ways() -> None:
    done = subprocess.run([*STILLMINE, "demo", "--exit"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything held." in done.stdout
    words = [line.split() for line in done.stdout.splitlines()]
    assert sum(line.count("STOPPED") for line in words) >= 2 * 9
    for copy in ("cropped to the middle", "words across it", "screenshot of a post, PNG"):
        (row,) = (line for line in done.stdout.splitlines() if line.strip().startswith(copy))
        assert row.count("STOPPED") == 2
        assert "regions" in row.split(), row
    assert "about the middle 45 %" in done.stdout
    assert "11 of 11 copies pass" in done.stdout
    assert sum(line.count("accepted") for line in words if line[:1] == ["another"]) == 2 * 4
    assert "Example Social: never given, found " in done.stdout
    assert "Example Forum: given " in done.stdout
    assert "Example Social: the very next copy passes" in done.stdout
    assert "confirmed by Example Forum" in done.stdout


@pytest.mark.parametrize("platform", [SOCIAL, FORUM])
def test_a_platforms_page_says_its_name_and_its_way(platform: Connected) -> None:
    application = Platform(platform.name, platform.in_words, "http://127.0.0.1:9", "key").app()

    async def fetched() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://platform") as browser:
            return (await browser.get("/")).text

    page = asyncio.run(fetched())
    assert f"<h1>{platform.name}</h1>" in page
    assert f"its partner service {'asks the exchange' if platform is SOCIAL else 'has the exchange&#x27;s list'}." in page
    assert "{" not in page


def test_each_platform_has_addresses_of_its_own(tmp_path: Path) -> None:
    system = System(tmp_path, range(9001, 9006), platforms=(SOCIAL, FORUM))
    parts = [("exchange", None), ("partner", None), ("platform", None), ("partner", FORUM), ("platform", FORUM)]
    assert [system.url(part, of) for part, of in parts] == [f"http://127.0.0.1:{port}" for port in range(9001, 9006)]
    assert system.url("platform", SOCIAL) == system.url("platform")


def test_ports_that_are_chosen_together_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may give a port again as soon as it was let go, as it did once in a run of all tests."""
    freed: list[int] = []
    bind, close = socket.socket.bind, socket.socket.close

    def bound(own: socket.socket, address: tuple[str, int]) -> None:
        bind(own, (address[0], freed.pop()) if freed and not address[1] else address)

    def closed(own: socket.socket) -> None:
        freed.append(own.getsockname()[1])
        close(own)

    monkeypatch.setattr(socket.socket, "bind", bound)
    monkeypatch.setattr(socket.socket, "close", closed)
    chosen = free_ports(0, 0, 0)
    assert len(set(chosen)) == 3


def test_a_wished_port_is_given_where_nobody_has_it() -> None:
    (port,) = free_ports(0)
    assert free_ports(port) == [port]
    with socket.create_server(("127.0.0.1", port)):
        assert free_ports(port) != [port]
