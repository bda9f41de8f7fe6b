# SPDX-License-Identifier: Apache-2.0
"""deploy/Containerfile and deploy/compose.yaml: its steps in a bare root, then both services as containers of it would begin."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from stillmine.demo.processes import free_ports
from tests.guide.bare_root import make_bare_root, make_wheel, why_not
from tests.guide.image_steps import Image, build, instructions_of, volume

needs_root = pytest.mark.skipif(why_not() is not None, reason=why_not() or "")


def _services(root: Path) -> dict[str, dict[str, object]]:
    read = yaml.safe_load((root / "deploy/compose.yaml").read_text())["services"]
    assert isinstance(read, dict)
    return read


def test_both_services_are_of_one_image_and_write_nothing_but_their_volume(root: Path) -> None:
    services = _services(root)
    assert set(services) == {"exchange", "partner"}
    for name, service in services.items():
        assert (service["image"], service["read_only"], service["cap_drop"]) == ("stillmine", True, ["ALL"])
        assert service["volumes"] == [f"{name}:/data"], "neither reads the other's keys"
    assert "USER stillmine" in (root / "deploy/Containerfile").read_text()


def test_what_is_published_is_for_this_machine_alone(root: Path) -> None:
    ports = [port for service in _services(root).values() for port in service.get("ports", [])]  # type: ignore[attr-defined]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_what_is_copied_is_let_through_to_the_build(root: Path) -> None:
    copied = [rest.split()[:-1] for word, rest in instructions_of((root / "deploy/Containerfile").read_text()) if word == "COPY"]
    let_through = [line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert sorted(path.replace("stillmine-", "") for paths in copied for path in paths) == sorted(let_through)


@contextlib.contextmanager
def _running(command: list[str], log: Path) -> Iterator[None]:
    """Run it as a group of its own. The first process of its namespace is in that group, and all of the namespace ends with that one."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # `--kill-child` would not do: changing the user takes that signal off
            process.wait()


def _wait_for(url: str, log: Path) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(OSError, urllib.error.URLError), urllib.request.urlopen(url, timeout=5) as answer:
            if answer.status == 200:
                return
        time.sleep(0.5)
    raise AssertionError(log.read_text()[-3000:])


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Path]:
    make_bare_root(tmp_path / "root")
    yield tmp_path / "root"
    shutil.rmtree(tmp_path / "root")


@pytest.mark.long
@needs_root
def test_exchange_and_partner_begin_from_the_image_and_screen(root: Path, bare: Path, tmp_path: Path) -> None:
    image = build((root / "deploy/Containerfile").read_text(), bare, [make_wheel(root, tmp_path / "dist").parent, root])
    assert image.user == "stillmine"
    ports = [str(port) for port in free_ports(0, 0)]
    exchange, partner = (
        [word.replace("8080", ports[0]).replace("8460", ports[1]) for word in service["command"]]  # type: ignore[attr-defined]
        for service in (_services(root)["exchange"], _services(root)["partner"])
    )
    volumes = [volume(tmp_path / name) for name in ("exchange", "partner")]
    logs = [tmp_path / "exchange.log", tmp_path / "partner.log"]
    writes = subprocess.run(image.command(volumes[0], ["-c", "touch /opt/stillmine/new"], ["sh"]), check=False, capture_output=True)
    assert b"Read-only file system" in writes.stderr
    with _running(image.command(volumes[0], exchange), logs[0]):
        _wait_for(f"http://127.0.0.1:{ports[0]}/readyz", logs[0])
        _give_key(image, *volumes)
        with _running(image.command(volumes[1], partner), logs[1]):
            _wait_for(f"http://127.0.0.1:{ports[1]}/readyz", logs[1])
            key = (volumes[1] / "partner/service.key").read_text().strip()
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "image/jpeg"}
            photograph = (root / "media/clothing/hat.jpg").read_bytes()
            request = urllib.request.Request(f"http://127.0.0.1:{ports[1]}/screen", photograph, headers)
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert json.load(answer)["outcome"] == "no_match"
    assert _of_root(bare) == [], "nothing of it runs on"


def _of_root(root: Path) -> list[str]:
    """The command lines of all processes that have this root; waits a moment for those that are just ending."""
    for _ in range(40):
        left = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (process / "root").readlink() == root:
                    left.append((process / "cmdline").read_text().replace("\0", " "))
        if not left:
            break
        time.sleep(0.25)
    return left


def _give_key(image: Image, exchange: Path, partner: Path) -> None:
    """What docs/running-a-partner.md does with `exec` and `run`."""
    added = subprocess.run(
        image.command(exchange, ["exchange", "partner", "add", "My platform"]), check=True, capture_output=True, text=True, timeout=120
    )
    key = next(line.removeprefix("Key:").strip() for line in added.stdout.splitlines() if line.startswith("Key:"))
    keep = image.command(partner, ["-c", "umask 077; cat > /data/partner.key"], entrypoint=["sh"])
    subprocess.run(keep, check=True, input=key, text=True, timeout=60)
