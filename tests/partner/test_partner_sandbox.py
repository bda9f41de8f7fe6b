# SPDX-License-Identifier: Apache-2.0
"""A stranger's code inside a worker finds every door shut, and decoders don't notice the walls."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from stillmine.partner.fingerprinting.file_fingerprints import fingerprints_of
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.fingerprinting.sandbox import NEEDED
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.fingerprinting.worker_messages import Job, JobResult, Media
from stillmine.wire.errors import NotConfiguredError
from tests.partner.every_format import every_format

HOSTILE = (sys.executable, "-I", str(Path(__file__).parent / "hostile_worker.py"))
LONG_ENOUGH = dict.fromkeys(Media, 120.0)
WALL_LESS = (sys.executable, "-I", str(Path(__file__).parent / "worker_without_walls.py"))
SHUT = {"EPERM", "EACCES", "ENOSYS"}


def made(fingerprinter: Fingerprinter, data: bytes) -> JobResult:
    with Upload(Path("/")) as upload:
        upload.write(data)
        return fingerprinter.fingerprints(upload)


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """Stands for the service: a process of the same user."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_code_of_a_stranger_finds_every_door_shut(tmp_path: Path, victim: subprocess.Popen[bytes]) -> None:
    (tmp_path / "service.key").write_text("secret")
    (tmp_path / "store").write_text("list")
    fingerprinter = Fingerprinter(1, HOSTILE, LONG_ENOUGH)
    fingerprinter.start()
    try:
        targets = (tmp_path / "service.key", tmp_path / "store", tmp_path, victim.pid)
        found = dict(line.split(": ") for line in made(fingerprinter, "\n".join(map(str, targets)).encode()).left_out)
    finally:
        fingerprinter.close()
    assert found.pop("thread") == found.pop("upload") == "open"
    assert len(found) >= 40
    assert {name: result for name, result in found.items() if result not in SHUT} == {}
    assert victim.poll() is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["service.key", "store"]
    assert (tmp_path / "store").read_text() == "list"


def test_every_format_is_read_behind_the_walls_as_before_them(root: Path) -> None:
    photographs = [Image.open(io.BytesIO(path.read_bytes())) for path in sorted((root / "media/clothing").glob("*.jpg"))[:4]]
    fingerprinter = Fingerprinter(1, deadline_seconds=LONG_ENOUGH)
    fingerprinter.start()
    try:
        assert NEEDED.isdisjoint(fingerprinter.check_sandbox())
        for name, data in every_format(photographs):
            *_, expected = fingerprints_of(io.BytesIO(data), Job(takes_long=True, seconds=600, cpu_seconds=600))
            assert made(fingerprinter, data) == expected, name
            assert expected.left_out == [], name
    finally:
        fingerprinter.close()


PRELOADED = """
import sys
from pathlib import Path
import io
sys.path[:0] = [sys.argv[1], f"{sys.argv[1]}/bench"]
from PIL import Image
from tests.partner.every_format import every_format
from stillmine.fingerprint.preload import load_decoders
from stillmine.partner.fingerprinting.file_fingerprints import fingerprints_of
from stillmine.partner.fingerprinting.worker_messages import Job
files = list(every_format([Image.open(path) for path in sorted(Path(sys.argv[2]).glob("*.jpg"))[:4]]))
load_decoders()
late = []
sys.addaudithook(lambda event, arguments: late.append((event, str(arguments[0]))) if event in ("open", "import", "ctypes.dlopen") else None)
for name, data in files:
    for answer in fingerprints_of(io.BytesIO(data), Job(True, 600, 600)):
        pass
print([entry for entry in late if not entry[1].startswith("<_io")])
"""


def test_nothing_is_loaded_once_the_walls_stand(root: Path) -> None:
    """An import that comes late would find no file. Encoders made the files first, so their own parts don't count."""
    run = subprocess.run(
        [sys.executable, "-c", PRELOADED, str(root), str(root / "media/clothing")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines()[-1] == "[]"


ALONE = """
import ctypes, errno, os, socket
from stillmine.partner.fingerprinting import sandbox
peer, libc = socket.socket(), ctypes.CDLL(None, use_errno=True)
def is_shut(work):
    try:
        work()
    except OSError as error:
        return error.errno in (errno.EPERM, errno.EACCES)
    return False
libc.prctl(38, 1, 0, 0, 0)
built = sandbox.{wall}(libc)
lacking = built if isinstance(built, list) else []
doors = [lambda: open("/etc/hostname")]
if "landlock_network" not in lacking:
    doors.append(lambda: peer.connect(("127.0.0.1", 9)))
if "landlock_scopes" not in lacking:
    doors.append(lambda: os.kill(os.getppid(), 0))
os._exit(42 if built is not False and "landlock" not in lacking and all(map(is_shut, doors)) else 1)
"""


@pytest.mark.parametrize("wall", ["_without_files", "_without_calls"])
def test_each_wall_stands_without_the_other(wall: str) -> None:
    assert subprocess.run([sys.executable, "-c", ALONE.format(wall=wall)], check=False).returncode == 42


def test_a_worker_without_walls_gets_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """As on a kernel that has none; unless they are wanted, that is only said."""
    wanting, plain = (Fingerprinter(1, WALL_LESS, LONG_ENOUGH, needs_sandbox=needs) for needs in (True, False))
    photograph = (root / "media/clothing/coat.jpg").read_bytes()
    for fingerprinter in (wanting, plain):
        fingerprinter.start()
    try:
        with pytest.raises(NotConfiguredError, match="have no landlock, seccomp"):
            wanting.check_sandbox()
        assert made(wanting, photograph).left_out == ["decoder_stopped"]
        assert plain.check_sandbox() == ["landlock", "seccomp"]
        assert made(plain, photograph).left_out == []
    finally:
        wanting.close()
        plain.close()


HIDDEN = """
import ctypes, os, sys
from stillmine.partner.fingerprinting.sandbox import keep_out_of_memory
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
ready, told = os.pipe(), os.pipe()
libc = ctypes.CDLL(None)
child = os.fork()
if child == 0:
    libc.prctl(4, 1, 0, 0, 0)
    os.write(ready[1], b"x")
    os.read(told[0], 1)
    keep_out_of_memory()
    os.write(ready[1], b"x")
    os.read(told[0], 1)
    os._exit(0)
def can_look():
    os.read(ready[0], 1)
    try:
        with open(f"/proc/{child}/environ", "rb"), open(f"/proc/{child}/mem", "rb"):
            return True
    except PermissionError:
        return False
    finally:
        os.write(told[1], b"x")
print(can_look(), can_look())
"""


def test_no_process_of_the_same_user_looks_into_the_services_memory(home: Path) -> None:
    run = subprocess.run([sys.executable, "-c", HIDDEN], capture_output=True, text=True, check=True)
    assert run.stdout == "True False\n"


@pytest.mark.parametrize("command", ["serve", "sync", "screen"])
def test_every_command_keeps_others_out_of_its_memory(command: str) -> None:
    """They hold keys and the list. Each is stopped by what it misses, after it has begun."""
    program = (
        "import atexit, ctypes, sys\nfrom stillmine.cli import main\n"
        "atexit.register(lambda: print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)))\nsys.exit(main())"
    )
    arguments = ["partner", command, "--home", "/proc", *(["x"] if command == "screen" else [])]
    run = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, env={})
    assert (run.returncode, run.stdout) == (2, "0\n"), run.stderr
