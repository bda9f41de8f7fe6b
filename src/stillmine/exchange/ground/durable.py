# SPDX-License-Identifier: Apache-2.0
"""What has to be on the disk before anything goes on that relies on it."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder, as they are now, outlive a loss of power; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
