# SPDX-License-Identifier: Apache-2.0
"""deploy/setup-debian.sh and the units of systemd: a bare Debian 12 becomes an exchange with portal, console and TLS.

No systemd runs in there, so what the units would start is started by their own command lines; that the units are right, systemd says.
"""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import release

from tests.guide.bare_root import in_bare_root, make_bare_root, make_wheel, why_not

ROOT = Path(release.__file__).resolve().parents[1]
UNITS = sorted((ROOT / "deploy/systemd").iterdir())
HOST, PLACE = "exchange.example", "/srv/release"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOST_EXPOSED = 2.0
"""By `systemd-analyze security`, 0 to 10: below 2 it says "OK"."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="not run: systemd-analyze is missing (Debian: systemd)")


@needs_systemd
def test_systemd_reads_every_unit_without_a_word(tmp_path: Path) -> None:
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/stillmine/bin/stillmine", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", *map(str, tmp_path.iterdir())], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_no_unit_may_do_more_than_it_needs(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"exposure level for \S+: ([0-9.]+)", said)
    assert found, said
    assert float(found[1]) < MOST_EXPOSED
    assert "User=stillmine" in unit.read_text()


def test_every_service_that_ends_has_its_timer_and_runs_a_command_that_there_is() -> None:
    names = {unit.name for unit in UNITS}
    for unit in UNITS:
        if "Type=oneshot" in unit.read_text():
            assert unit.with_suffix(".timer").name in names
    setup = (ROOT / "deploy/setup-debian.sh").read_text()
    for name in ("stillmine-exchange.service", "stillmine-backup.timer", "stillmine-backup-verify.timer"):
        assert name in names
        assert name in setup


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = Path(tmp_path_factory.mktemp("debian")) / "root"
    make_bare_root(folder)
    place = folder / PLACE.removeprefix("/")
    place.mkdir(parents=True)
    make_wheel(ROOT, place)
    release.take(ROOT, place)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.long
@pytest.mark.skipif(why_not() is not None, reason=why_not() or "")
def test_three_commands_make_an_exchange_of_a_bare_debian(machine: Path) -> None:
    def run(*words: str) -> str:
        command = in_bare_root(machine, "/", list(words), 0, PATH)
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=900)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    (machine / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")  # no daemon of a package starts in here
    (machine / "usr/sbin/policy-rc.d").chmod(0o755)
    began = time.monotonic()
    said = run("sh", f"{PLACE}/setup-debian.sh", HOST)
    assert f"https://{HOST} is the portal" in said
    code = run("stillmine", "exchange", "operator", "add", "Anna", "--role", "manager")
    assert "Anna" in code
    run("sh", f"{PLACE}/setup-debian.sh", HOST)  # again: nothing is lost
    assert "Anna" in run("stillmine", "exchange", "operator", "list")
    run("stillmine", "exchange", "backup")
    run("stillmine", "exchange", "backup", "verify")
    caddyfile = machine / "etc/caddy/Caddyfile"
    options = "{\n\tadmin off\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects\n}\n"
    caddyfile.write_text(
        options + caddyfile.read_text().replace(f"\n{HOST} {{", f"\nhttps://{HOST}:18443 {{").replace("127.0.0.1:8080", "127.0.0.1:18080")
    )
    served = (machine / "etc/systemd/system/stillmine-exchange.service").read_text()
    start = re.search(r"^ExecStart=(.*)$", served, re.MULTILINE)
    assert start
    script = f"""
set -e
cd /
runuser -u stillmine -- env STILLMINE_EXCHANGE_HOME=/var/lib/stillmine/exchange {start[1]} --port 18080 >/tmp/serve.log 2>&1 &
HOME=/root caddy run --config /etc/caddy/Caddyfile --adapter caddyfile >/tmp/caddy.log 2>&1 &
here="--resolve {HOST}:18443:127.0.0.1"
ask() {{ curl --silent --insecure --max-time 10 $here "https://{HOST}:18443$1" "$2" /dev/null --write-out '%{{http_code}} '; }}
for try in $(seq 120); do [ "$(ask /api/v1/statistics -o)" = "200 " ] && break; sleep 0.5; done
for path in / /help/ /console/sign-in /api/v1/statistics; do ask $path -o; done
stillmine exchange doctor --json || true
kill %1 && wait %1 || true
ask / -o; ask /api/v1/statistics -o
kill %2
"""
    (machine / "srv/served.sh").write_text(script)
    lines = run("bash", "/srv/served.sh")
    before, _, after = lines.partition("{")
    assert before.split() == ["200", "200", "200", "200"], (machine / "tmp/serve.log").read_text() + (
        machine / "tmp/caddy.log"
    ).read_text()[-2000:]
    report, _, down = after.rpartition("}")
    levels = {one["part"]: one["level"] for one in json.loads("{" + report + "}")["findings"]}
    assert {part: level for part, level in levels.items() if level != "ok" and part not in {"certificate", "disk"}} == {}
    assert down.split() == ["200", "503"], "the pages stay up while the exchange is down"
    print(f"bare Debian to portal, console and TLS: {(time.monotonic() - began) / 60:.1f} minutes, twice set up, a backup tried")
    assert (machine / "var/lib/stillmine").stat().st_mode & 0o777 == 0o700
