# SPDX-License-Identifier: Apache-2.0
"""Places that keep what is replaced in them: there the data keys of a backup would stay, and bring back what people withdrew.

What is looked for are marks that such places have. That none is found proves nothing, and docs/operators.md says so.
"""

from pathlib import Path

from stillmine.exchange.backup.errors import BackupRefusedError

MARKS = {
    ".git": "git",
    ".hg": "Mercurial",
    ".svn": "Subversion",
    ".stversions": "Syncthing’s versions",
    ".dropbox": "Dropbox",
    ".dropbox.cache": "Dropbox",
    ".nextcloudsync.log": "Nextcloud",
    ".owncloudsync.log": "ownCloud",
    ".snapshots": "snapshots",
    ".snapshot": "snapshots",
    ".zfs": "snapshots",
}
"""What lies in a folder, or in one above it, and who keeps versions there."""

KEEPING_FILE_SYSTEMS = ("fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.goofys", "fuse.google-drive-ocamlfuse", "fuse.onedriver")
"""Stores of objects and services that commonly keep versions, by the type of their mount."""


def require_nothing_is_kept(folder: Path) -> None:
    """Raise BackupRefusedError where something that keeps versions is at work in a folder."""
    found = _kept_by(folder.resolve())
    if found is not None:
        raise BackupRefusedError(
            f"{folder} seems to keep versions of what is replaced ({found}), and an older file of data keys brings back what people "
            "withdrew. Choose another folder; if nothing is kept there, say --no-versions"
        )


def _kept_by(folder: Path) -> str | None:
    for place in (folder, *folder.parents):
        for mark, by in MARKS.items():
            if (place / mark).exists():
                return f"{by}: {place / mark}"
        if place.is_mount():
            kind = _file_system(place)
            return kind if kind in KEEPING_FILE_SYSTEMS else None
    return None


def _file_system(mount: Path) -> str:
    """Return the type of what is mounted there, empty where that is not known."""
    try:
        lines = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return ""
    kinds = [after.split()[0] for before, _, after in (line.partition(" - ") for line in lines) if before.split()[4] == str(mount)]
    return kinds[-1] if kinds else ""
