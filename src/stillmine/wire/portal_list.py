# SPDX-License-Identifier: Apache-2.0
"""The list of a portal's files and their hashes, as `portal-files.txt`: made by the build, served, recorded in the log by its own hash.

Contract: spec/portal-list.md. It names what the portal consists of; who made or served that it can't say.
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from stillmine.wire.errors import StillmineError

PORTAL_LIST_NAME = "portal-files.txt"
MAXIMUM_LIST_BYTES = 1024 * 1024
"""Some 10,000 files; a longer list is refused."""

INDEX = "index.html"
_COPIES = (".br", ".gz")
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_@+,=~\[\]-][A-Za-z0-9._@+,=~\[\]-]*(?:/[A-Za-z0-9_@+,=~\[\]-][A-Za-z0-9._@+,=~\[\]-]*)*)")
"""No name begins with a dot, so that none leads out of the folder."""


class PortalListMalformedError(StillmineError):
    code = "portal_list_malformed"
    status = 422
    sentence = "This is not a list of a portal's files. Name the `portal-files.txt` of a release or of your own build."


BUILT_PORTALS = (
    Path(__file__).resolve().parents[3] / "portal" / "dist",
    Path(__file__).resolve().parents[1] / "portal",
)
"""Where the built portal lies: in a checkout, else in an installed wheel, which brings it."""


def built_portal() -> Path | None:
    """Return the folder of the portal that came with this program, or None where none was built."""
    return next((folder for folder in BUILT_PORTALS if (folder / INDEX).is_file()), None)


def portal_files(folder: Path) -> dict[str, Path]:
    """Return what a portal's list names: every file by its path from the folder, without the list and without compressed copies."""
    every = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path for name, path in every.items() if name != PORTAL_LIST_NAME and not is_copy(name, every)}


def is_copy(name: str, every: Mapping[str, object]) -> bool:
    """True for the compressed form of another file."""
    return name.endswith(_COPIES) and name[:-3] in every


def portal_list(hashes: Mapping[str, str]) -> bytes:
    """Return the list of files, each given by its path and the hex of its SHA-256."""
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode("ascii", "backslashreplace")


def list_of_folder(folder: Path) -> bytes:
    """Return the list of what is in a folder now, whatever list lies in it."""
    return portal_list({name: sha256(path.read_bytes()).hexdigest() for name, path in portal_files(folder).items()})


def read_portal_list(data: bytes) -> dict[str, str]:
    """Return each file's hash; raises PortalListMalformedError for any bytes that `portal_list` would not have made."""
    if len(data) > MAXIMUM_LIST_BYTES:
        raise PortalListMalformedError(f"limit: {MAXIMUM_LIST_BYTES} bytes")
    try:
        lines = data.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise PortalListMalformedError("other characters than ASCII") from None
    matches = [_LINE.fullmatch(line) for line in lines]
    hashes = {match[2]: match[1] for match in matches if match is not None}
    if not hashes or portal_list(hashes) != data:
        raise PortalListMalformedError("not one line for each file, in the order of their names")
    return hashes


def list_hash(data: bytes) -> str:
    """Return what stands for a list in the log: the hex of its SHA-256."""
    return sha256(data).hexdigest()


def address_of(name: str) -> str:
    """Return where a file of the list is served: `help/index.html` at `/help/`."""
    return f"/{name.removesuffix(INDEX)}" if name == INDEX or name.endswith(f"/{INDEX}") else f"/{name}"
