# SPDX-License-Identifier: Apache-2.0
"""Key files. One that others could read is refused with what to do, because a leaked partner key can hand out the whole list.

The mode is asked of the opened file, never of its name.
"""

import os
import stat
from pathlib import Path

from stillmine.wire.errors import NotConfiguredError

MAXIMUM_KEY_FILE_BYTES = 4096


def read_private(path: Path, name: str) -> bytes:
    """Return a key file's content without white space around it; raises NotConfiguredError, which calls the file `name`."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(MAXIMUM_KEY_FILE_BYTES)
    except OSError as error:
        raise NotConfiguredError(f"{name}: can't be read ({error.strerror})") from None
    if stat.S_IMODE(mode) & 0o077:
        raise NotConfiguredError(f"{name}: others can read this file; run chmod 600 on it")
    return data.strip()
