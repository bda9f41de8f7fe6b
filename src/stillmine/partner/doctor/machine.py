# SPDX-License-Identifier: Apache-2.0
"""This machine: versions, decoders, what shuts workers in, memory, open files.

A worker is started as the service starts them and reads a picture that is made up here: what its decoders, the kernel and the sandbox do
together is tried, not guessed.
"""

import os
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import av
from PIL import Image, features

from stillmine.fingerprint.ground.errors import AudioLibraryMissingError
from stillmine.fingerprint.sound.chromaprint_library import load_library
from stillmine.partner.doctor.findings import Finding, failed, warned
from stillmine.partner.fingerprinting.fingerprinter import Fingerprinter
from stillmine.partner.fingerprinting.sandbox import NEEDED
from stillmine.partner.service.running import DOORS
from stillmine.serving.listening import require_files
from stillmine.wire.errors import NotConfiguredError

CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "aac", "mp3", "opus", "vorbis", "flac")
"""What phones and platforms send most."""

PICTURES = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP"}

PICTURE_BYTES = 700 * 1024**2
"""That a worker may take for the largest picture."""

SIDE = 256


def of_versions() -> Finding:
    """Say what runs, for whoever reads a report."""
    said = ", ".join(f"{name} {version(name)}" for name in ("pillow", "pillow-heif", "av"))
    words = f"stillmine {version('stillmine')}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {said}"
    return Finding("versions", f"{words}, {platform.system()} {platform.release()}")


def of_decoders() -> Iterator[Finding]:
    """Look which decoders there are."""
    missing = [name for feature, name in PICTURES.items() if not features.check(feature)]
    missing += [name for name in CODECS if name not in av.codecs_available]
    if missing:
        yield failed("decoders", f"missing: {', '.join(missing)}. Install pillow and av from their wheels: pip install --force-reinstall")
    else:
        yield Finding("decoders", f"{', '.join(PICTURES.values())}, HEIC, {', '.join(CODECS)}")
    try:
        load_library()
    except AudioLibraryMissingError as error:
        yield warned("sound", str(error), error.code)
    else:
        yield Finding("sound", "Chromaprint is loaded")


def of_worker(needs_sandbox: bool, fingerprinter: Callable[[], Fingerprinter] = lambda: Fingerprinter(1)) -> Iterator[Finding]:
    """Start a worker, and have it read a picture."""
    workers = fingerprinter()
    try:
        workers.start()
        missing = workers.check_sandbox()
        with tempfile.TemporaryFile() as file:
            Image.effect_noise((SIDE, SIDE), 80).save(file, "JPEG")
            file.flush()
            result = workers.fingerprints(file)
    except OSError as error:
        yield failed("workers", f"none can be started ({error.strerror}). Free memory or processes, or allow this user more")
        return
    finally:
        workers.close()
    if result.left_out:
        words = "a worker could not read a picture. Look at the log, free memory, and reinstall stillmine with its decoders"
        yield failed("workers", words, result.left_out[0])
    else:
        yield Finding("workers", "one started and read a picture")
    yield _of_sandbox(missing, needs_sandbox)


def _of_sandbox(missing: list[str], needs_sandbox: bool) -> Finding:
    if not missing:
        return Finding("sandbox", "workers are shut in: no file, no network, no other process")
    words = f"workers have no {', '.join(missing)}. Use Linux 5.13 or newer, and a container that hides neither seccomp nor Landlock"
    return (failed if needs_sandbox and NEEDED.intersection(missing) else warned)("sandbox", words)


def of_memory(threads: int, free_bytes: int | None) -> Finding:
    """Hold what is free against what so many pictures at once may take."""
    needed = threads * PICTURE_BYTES
    if free_bytes is None:
        return Finding("memory", "not looked at: this system does not say what is free")
    words = f"{_in_gigabytes(free_bytes)} free, {threads} pictures read at once may take {_in_gigabytes(needed)}"
    if free_bytes >= needed:
        return Finding("memory", words)
    return warned("memory", f"{words}: large pictures may be `decoder_stopped`. Use fewer --threads, or more memory")


def of_files() -> Finding:
    """Look whether this user may open as many files as connections need."""
    try:
        require_files(DOORS.connections)
    except NotConfiguredError as error:
        return failed("files", f"{error}. Raise the limit (ulimit -n, LimitNOFILE)", error.code)
    return Finding("files", f"enough may be open for {DOORS.connections:,} connections")


def free_memory(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return how many bytes this process and its workers may still take, the container's limit included; None where nobody says."""
    try:
        lines = dict(line.split(":", 1) for line in (proc / "meminfo").read_text("ascii").splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
    try:
        limit, used = ((groups / name).read_text("ascii").strip() for name in ("memory.max", "memory.current"))
        return free if limit == "max" else min(free, max(0, int(limit) - int(used)))
    except (OSError, ValueError):
        return free


def free_bytes(folder: Path) -> int:
    """Return what is free on the disk of a folder, or of the nearest one above that is there."""
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def _in_gigabytes(number: int) -> str:
    return f"{number / 1024**3:.1f} GB"
