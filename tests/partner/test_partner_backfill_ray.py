# SPDX-License-Identifier: Apache-2.0
"""Backfill on a real Ray cluster of this machine: the same results as without, also where a Ray worker is killed midway.

Long: Ray is 80 MB and has a lock of its own, requirements-ray.lock; without it these tests are skipped.
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from stillmine.fingerprint import fingerprint_image
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.partner_parts import Run

pytestmark = [
    pytest.mark.long,
    pytest.mark.any_database,
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="pip install --require-hashes -r requirements-ray.lock"),
]

FILES = 300
WORKERS = 3


@pytest.fixture
def held(tmp_path: Path, media: Path) -> Path:
    """Small pictures, each another part of a photograph, and a file that is none."""
    folder = tmp_path / "held"
    folder.mkdir()
    with Image.open(media / "skimage/rocket.jpg") as photograph:
        for number in range(FILES):
            left, top = number % 20 * 8, number // 20 * 8
            photograph.crop((left, top, left + 400, top + 300)).save(folder / f"{number:03}.jpg")
    (folder / "none.bin").write_bytes(b"no picture")
    return folder


@pytest.fixture
def environment(home: Path, url: str) -> dict[str, str]:
    return {**os.environ, "STILLMINE_PARTNER_HOME": str(home), "STILLMINE_PARTNER_EXCHANGE": url, "STILLMINE_PARTNER_KEY": KEY}


def command(held: Path, out: Path, *more: str) -> list[str]:
    program = "from stillmine.partner.commands.service_commands import app; app()"
    return [sys.executable, "-c", program, "backfill", str(held), "--regions", "off", "--out", str(out), "--json", *more]


def readers(driver: int) -> list[int]:
    """Return the process numbers of Ray workers that read for this driver: children of its raylet."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat, words = (folder / "stat").read_text(), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(folder.name)] = (int(stat.rpartition(")")[2].split()[1]), words)

    def is_below(process: int) -> bool:
        while process in parents:
            process = parents[process][0]
            if process == driver:
                return True
        return False

    return [process for process, (_, words) in parents.items() if words.startswith(b"ray::Reader") and is_below(process)]


def test_a_killed_worker_changes_nothing_of_the_results(
    held: Path, run: Run, exchange: FakeExchange, home: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    for name in ("007.jpg", "111.jpg", "222.jpg"):
        exchange.add(name, fingerprint_image((held / name).read_bytes()).pdq)
    assert run("sync").exit_code == 0
    here = subprocess.run(command(held, tmp_path / "here"), env=environment, check=False, capture_output=True, timeout=600)
    assert here.returncode == 1, here.stderr.decode()
    shutil.rmtree(home / "backfill")
    killed = False
    with subprocess.Popen(
        command(held, tmp_path / "there", "--engine", "ray", "--threads", str(WORKERS)),
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as there:
        for line in there.stderr or ():
            if not killed and line.startswith("{") and 0 < json.loads(line)["done"] < FILES:
                working = readers(there.pid)
                assert len(working) == WORKERS
                os.kill(working[0], signal.SIGKILL)
                killed = True
    assert killed, "it ended before anything could be killed"
    assert there.returncode == 1
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()
    assert len((tmp_path / "there").read_text().splitlines()) == FILES + 1


def test_killed_itself_and_begun_again_without_ray_it_ends_the_same(
    held: Path, run: Run, exchange: FakeExchange, home: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    exchange.add("f", fingerprint_image((held / "100.jpg").read_bytes()).pdq)
    assert run("sync").exit_code == 0
    words = command(held, tmp_path / "out", "--engine", "ray", "--threads", "2")
    with subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as there:
        for line in there.stderr or ():
            if line.startswith("{") and json.loads(line)["done"] > 0:
                there.kill()
    assert there.returncode == -signal.SIGKILL
    ended = subprocess.run(command(held, tmp_path / "out"), env=environment, check=False, capture_output=True, timeout=600)
    assert ended.returncode == 1, ended.stderr.decode()
    places = [json.loads(line)["place"] for line in (tmp_path / "out").read_text().splitlines()]
    assert len(places) == len(set(places)) == FILES + 1
    assert run("sync").exit_code == 0
    matched = [row for row in map(json.loads, (tmp_path / "out").read_text().splitlines()) if row["result"]["outcome"] == "match"]
    assert len(exchange.feedback) == len(matched) > 0, "each copy is reported once"
