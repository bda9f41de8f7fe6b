# SPDX-License-Identifier: Apache-2.0
"""Runs a Python module over a copy of the repository: `program_in_a_copy.py COPY MODULE [ARGUMENT]...`.

The installed program is taken off the import path first, or its own sources would be judged in the copy's stead.
"""

import os
import runpy
import sys
from pathlib import Path


def main() -> None:
    copy, module = Path(sys.argv[1]), sys.argv[2]
    sys.meta_path[:] = [finder for finder in sys.meta_path if "stillmine" not in getattr(finder, "known_source_files", {})]
    sys.path[0:1] = [str(copy), str(copy / "src")]
    os.chdir(copy)
    sys.argv[:] = [module, *sys.argv[3:]]
    if module.endswith(".py"):
        sys.path.insert(0, str((copy / module).parent))
        runpy.run_path(module, run_name="__main__")
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
