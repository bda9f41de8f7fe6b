# SPDX-License-Identifier: Apache-2.0
"""A bare Debian 12 in a folder, in which our documents are run as on a machine that has nothing of ours.

It has python3, python3-venv, ca-certificates and curl, and no compiler. Commands run in it with `chroot`, in a mount and a process
namespace of their own, so that nothing of them is left afterwards; the network is this machine's. It is no sandbox: only for our own text.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SUITE, PYTHON = "bookworm", (3, 11)
PACKAGES = "python3,python3-venv,ca-certificates,curl"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def why_not() -> str | None:
    """Say in a sentence why no bare root can be made here, or None."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "not run: a bare root directory needs Linux and root"
    missing = [name for name in ("mmdebstrap", "unshare", "chroot") if shutil.which(name) is None]
    if missing:
        return f"not run: install {', '.join(missing)} (Debian: apt-get install mmdebstrap)"
    if sys.version_info[:2] != PYTHON:
        return "not run: the wheel of this environment does not fit the Python 3.11 of Debian 12"
    return None


def make_bare_root(folder: Path) -> None:
    """Make one in `folder`, from this machine's own sources of packages where they are Debian 12's."""
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    here = [str(sources)] if sources.is_file() and SUITE in sources.read_text() else []
    run = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(folder), *here]
    subprocess.run(run, check=True, timeout=900)
    for path in (Path("/etc/resolv.conf"), Path("/etc/pip.conf"), _CERTIFICATES):  # how this machine reaches an index of packages
        if path.is_file():
            shutil.copy(path, folder / path.relative_to("/"))


def in_bare_root(root: Path, folder: str, command: Sequence[str], user: int, path: str = "/usr/bin:/bin") -> list[str]:
    """Return the command line that runs `command` in `folder` of that root, as `user`, with an environment that names nothing of ours."""
    kept = [f"{name}={text}" for name, text in os.environ.items() if name.startswith(("PIP_", "http_", "https_", "no_proxy"))]
    plain = ["env", "-i", f"HOME={folder}", f"PATH={path}", "LANG=C.UTF-8", *kept]
    shell = ["sh", "-c", 'cd "$0" && exec "$@"', folder, *command]
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={root}/proc"]
    return [*namespaces, "chroot", f"--userspec={user}:{user}", str(root), *plain, *shell]


def make_wheel(root: Path, folder: Path) -> Path:
    """Build the wheel of this checkout into `folder`."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(root)]
    subprocess.run(pip, check=True, timeout=600)
    return next(folder.glob("stillmine-*.whl"))
