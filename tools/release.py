#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make a release of the commit that is checked out: wheel, sdist, lists of hashes and a signature. The same commit gives the same bytes.

    python tools/release.py new-key FILE
    python tools/release.py build --key FILE --out DIR
    python tools/release.py verify DIR --public FILE

Contract: docs/releasing.md. The commit is exported into a folder of its own and built there, so nothing that lies about gets in.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

ROOT = Path(__file__).resolve().parents[1]
SUMS, SIGNATURE, PUBLIC_KEY, CHANGES = "SHA256SUMS", "SHA256SUMS.sig", "release-key.pub", "CHANGES.md"
COMMIT_FILE = "src/stillmine/COMMIT"
"""What `stillmine --version` says beside the version."""

TAKEN = ("requirements.lock", "deploy/install.sh", "deploy/setup-debian.sh", "deploy/Caddyfile", "deploy/systemd/*")
"""What somebody without a checkout needs beside the wheel."""


class ReleaseError(Exception):
    """A sentence for whoever makes or checks a release."""


def new_key(file: Path) -> Path:
    """Write a new private key for this user alone, and its public key beside it; returns the latter. Raises ReleaseError."""
    key = Ed25519PrivateKey.generate()
    public = file.with_name(f"{file.name}.pub")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ReleaseError(f"{file} is there already. With a new key, every earlier release looks like somebody else’s") from None
    with os.fdopen(descriptor, "wb") as written:
        written.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(_public_bytes(key.public_key()))
    return public


def build(key_file: Path, out: Path, root: Path = ROOT) -> list[Path]:
    """Build and sign into an empty or new folder; returns the files. Raises ReleaseError."""
    key = private_key(key_file)
    if _git(root, "status", "--porcelain"):
        raise ReleaseError("The tree is not clean. Commit or remove what `git status` shows: a release is what a commit says, and no more")
    if out.exists() and any(out.iterdir()):
        raise ReleaseError(f"{out} is not empty. Name a new folder")
    commit, at = _git(root, "rev-parse", "HEAD"), _git(root, "show", "--no-patch", "--format=%ct", "HEAD")
    with tempfile.TemporaryDirectory(prefix="stillmine-release-") as folder:
        export = Path(folder) / "stillmine"
        _export(root, export, commit)
        version = version_of(export)
        (export / COMMIT_FILE).write_text(f"{commit}\n")
        environment = _environment(root, export, at)
        _build_portal(root, export, environment)
        out.mkdir(parents=True, exist_ok=True)
        backend = "import sys; from scikit_build_core import build; getattr(build, sys.argv[1])(sys.argv[2])"
        for kind in ("build_sdist", "build_wheel"):
            _run([sys.executable, "-c", backend, kind, str(out.resolve())], export, environment)
        take(export, out)
        shutil.copyfile(export / "portal/dist/portal-files.txt", out / "portal-files.txt")
        (out / CHANGES).write_text(changes_of((export / "CHANGELOG.md").read_text(), version))
    files = sorted(path for path in out.iterdir())
    sums = sums_of(files)
    (out / SUMS).write_text(sums)
    (out / SIGNATURE).write_bytes(key.sign(sums.encode()))
    (out / PUBLIC_KEY).write_bytes(_public_bytes(key.public_key()))
    return sorted(out.iterdir())


def verify(folder: Path, public_key: Path) -> int:
    """Check the signature with a key that came another way than the release, and every file; returns how many. Raises ReleaseError."""
    try:
        key = load_pem_public_key(public_key.read_bytes())
        sums, signature = (folder / SUMS).read_bytes(), (folder / SIGNATURE).read_bytes()
    except (OSError, ValueError) as error:
        raise ReleaseError(f"{error}: a release has {SUMS} and {SIGNATURE}, and the key is a file as `new-key` writes it") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ReleaseError(f"{public_key} is no key of Ed25519")
    try:
        key.verify(signature, sums)
    except InvalidSignature:
        raise ReleaseError(f"{SUMS} was not signed with the key in {public_key}. Use nothing of this release") from None
    lines = sums.decode().splitlines()
    listed = [line.partition("  ")[2] for line in lines]
    there = {path.name for path in folder.iterdir()} - {SUMS, SIGNATURE, PUBLIC_KEY}
    if missing := sorted(set(listed) - there):
        raise ReleaseError(f"missing: {', '.join(missing)}")
    if wrong := [line.partition("  ")[2] for line in lines if sums_of([folder / line.partition("  ")[2]]).strip() != line]:
        raise ReleaseError(f"changed since it was signed: {', '.join(wrong)}. Use nothing of this release")
    if more := sorted(there - set(listed)):
        raise ReleaseError(f"not part of this release: {', '.join(more)}")
    return len(listed)


def take(root: Path, to: Path) -> None:
    """Put what is needed beside the wheel into a folder."""
    for pattern in TAKEN:
        for path in root.glob(pattern):
            shutil.copyfile(path, to / path.name)


def version_of(root: Path) -> str:
    """Return the version of a checkout."""
    return str(tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"])


def sums_of(files: Sequence[Path]) -> str:
    """Return a line for each file as `sha256sum` writes and checks it."""
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def changes_of(changelog: str, version: str) -> str:
    """Return the part of the changelog about a version; raises ReleaseError where it has none."""
    parts = changelog.split("\n## ")
    found = next((part for part in parts[1:] if part.split()[0] == version), None)
    if found is None:
        raise ReleaseError(f"CHANGELOG.md has no heading `## {version}`")
    return f"# Stillmine {found.rstrip()}\n"


def private_key(file: Path) -> Ed25519PrivateKey:
    """Read a key as `new_key` writes it; raises ReleaseError."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ReleaseError(f"{file}: {error}. Make a key with `python tools/release.py new-key {file}`") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ReleaseError(f"{file} is no key of Ed25519")
    return key


def _public_bytes(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _export(root: Path, export: Path, commit: str) -> None:
    archive = subprocess.run(["git", "archive", "--format=tar", commit], cwd=root, check=True, capture_output=True).stdout
    export.mkdir()
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        tar.extractall(export, filter="data")


def _environment(root: Path, export: Path, at: str) -> dict[str, str]:
    """Return an environment in which the folder and the time of the build leave no trace."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PORTAL_EXIT_ADDRESS") if name in os.environ}
    path = f"{root / '.venv/bin'}:{os.environ.get('PATH', '')}"
    mapped = f"-ffile-prefix-map={export}=."
    return {
        **kept,
        "PATH": path,
        "SOURCE_DATE_EPOCH": at,
        "CFLAGS": mapped,
        "ASTRO_TELEMETRY_DISABLED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _build_portal(root: Path, export: Path, environment: dict[str, str]) -> None:
    modules = root / "portal/node_modules"
    if not modules.is_dir():
        raise ReleaseError("The portal's packages are not installed. Run `make .build/node-modules` first")
    shutil.copytree(modules, export / "portal/node_modules", symlinks=True, copy_function=_link)
    _run(["npm", "run", "--silent", "build"], export / "portal", environment)
    shutil.rmtree(export / "portal/node_modules")


def _link(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # on another disk
        shutil.copy2(source, target)
    return target


def _run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"`{' '.join(command[:3])}` failed:\n{(done.stdout + done.stderr)[-3000:]}")


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the three commands."""
    parser = argparse.ArgumentParser(description="Make or check a release of Stillmine (docs/releasing.md).")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    key = commands.add_parser("new-key", help="make a key of Ed25519; keep it off line, and publish FILE.pub")
    key.add_argument("file", type=Path, metavar="FILE")
    key.set_defaults(run=lambda said: f"The public key is in {new_key(said.file)}. Keep {said.file} where nobody else reads it.")
    made = commands.add_parser("build", help="build and sign a release of the commit that is checked out")
    made.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key")
    made.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    made.set_defaults(run=lambda said: "\n".join(map(str, build(said.key, said.out))))
    checked = commands.add_parser("verify", help="check signature and files of a release")
    checked.add_argument("folder", type=Path, metavar="DIR")
    checked.add_argument("--public", type=Path, required=True, metavar="FILE", help="the public key, from a source that you trust")
    checked.set_defaults(run=lambda said: f"Signature and {verify(said.folder, said.public)} files are right.")
    said = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], str] = said.run
    try:
        print(run(said))
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
