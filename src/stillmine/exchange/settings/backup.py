# SPDX-License-Identifier: Apache-2.0
"""What an operator decides about backups: where to, for how long, and where an encrypted copy goes."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

FOLDER_WORDS = "the whole path of a folder, from / on"
KEEP_DAYS_BOUNDS = (1, 3650)


@dataclass(frozen=True)
class BackupSettings:
    """Where backups go.

    `keep`: for how long a file of data stays, None for always. `copy_to`: where encrypted copies of the data go, to `recipients` of age.
    `keys_to`: another folder in which the data keys are replaced.
    """

    folder: Path | None = None
    keep: timedelta | None = None
    copy_to: Path | None = None
    recipients: tuple[str, ...] = ()
    keys_to: Path | None = None


USUAL_BACKUP = BackupSettings()


def is_whole_path(text: str) -> bool:
    """Return whether this names a folder wherever a command is started."""
    return Path(text).is_absolute()
