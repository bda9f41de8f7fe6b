# SPDX-License-Identifier: Apache-2.0
"""The image's steps in a bare root, for machines without a container daemon: COPY, RUN and the process with which a container begins.

What a daemon adds stays untried: layers, its network, its filter of system calls, its volumes. Mounts are as compose.yaml says: the root
read-only, `/tmp` in memory, `/data` of each service its own.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.guide.bare_root import in_bare_root

_ROOTS_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED = frozenset({"FROM", "ENTRYPOINT", "USER", "ENV"})
_MOUNTS = """set -e
mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"; mount --bind "$2" "$1/data"; mount -t proc proc "$1/proc"
root=$1; shift 2
exec chroot --userspec=1000:1000 "$root" "$@"
"""


@dataclass(frozen=True)
class Image:
    """A root in which all steps were done, and how a container of it begins."""

    root: Path
    user: str
    entrypoint: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, data: Path, words: Sequence[str], entrypoint: Sequence[str] | None = None) -> list[str]:
        """Return the command line of a container with `data` as its volume."""
        kept = [f"{name}={text}" for name, text in self.environment.items()]
        begin = ["env", "-i", "HOME=/home/stillmine", *kept, *(self.entrypoint if entrypoint is None else entrypoint), *words]
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return [*namespaces, "sh", "-c", _MOUNTS, "mounts", str(self.root), str(data), *begin]


def instructions_of(containerfile: str) -> list[tuple[str, str]]:
    """Each instruction and what follows it; continued lines are not used."""
    lines = [line for line in containerfile.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def build(containerfile: str, root: Path, context: Sequence[Path]) -> Image:
    """Do the steps in `root`; COPY finds its files by their last names in the folders of `context`.

    Raises AssertionError for an instruction that is not known here and subprocess.CalledProcessError for a step that fails.
    """
    last = dict(instructions_of(containerfile))
    for word, rest in instructions_of(containerfile):
        if word == "COPY":
            *sources, target = rest.split()
            folder = root / target.removeprefix("/")
            folder.mkdir(parents=True, exist_ok=True)
            for source in sources:
                found = [path for place in context for path in place.glob(source)] or [
                    path for place in context for path in place.glob(Path(source).name)
                ]
                assert len(found) == 1, f"{source}: {found}"
                shutil.copy(found[0], folder)
        elif word == "RUN":
            command = in_bare_root(root, "/", ["sh", "-c", rest], 0, _ROOTS_PATH)
            subprocess.run(command, check=True, timeout=900, stdin=subprocess.DEVNULL)
        else:
            assert word in _PASSED, f"{word} is not known to image_steps.py"
    environment = dict(pair.split("=", 1) for pair in shlex.split(last["ENV"]))
    entrypoint = [word.strip(' "') for word in last["ENTRYPOINT"].strip("[]").split(",")]
    return Image(root, last["USER"], entrypoint, environment)


def volume(folder: Path) -> Path:
    """A new volume as a daemon makes it of the image's /data: the user's own."""
    folder.mkdir(mode=0o700)
    os.chown(folder, 1000, 1000)
    return folder
