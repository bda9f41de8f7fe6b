# SPDX-License-Identifier: Apache-2.0
"""Runs `lint-imports` over a copy of the sources: the argument is the copy's folder, with `src` and `pyproject.toml`.

The installed program is taken off the import path first, or its own sources would be judged in the copy's stead.
"""

import os
import sys
from pathlib import Path

from importlinter.cli import lint_imports


def main() -> None:
    copy = Path(sys.argv[1])
    sys.meta_path[:] = [finder for finder in sys.meta_path if "stillmine" not in getattr(finder, "known_source_files", {})]
    sys.path.insert(0, str(copy / "src"))
    os.chdir(copy)
    sys.exit(lint_imports(config_filename="pyproject.toml", no_cache=True))


if __name__ == "__main__":
    main()
