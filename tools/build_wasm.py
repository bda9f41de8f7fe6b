# SPDX-License-Identifier: Apache-2.0
"""Builds kernel/bindings/wasm/stillmine_pdq.wasm from kernel/src with the pinned compiler.

The built file is committed, so that the portal needs no compiler, and a test builds it again and compares the bytes,
so that nobody has to trust it. Must therefore never depend on this machine: fixed target, fixed order, no paths, no names.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "kernel" / "bindings" / "wasm" / "stillmine_pdq.wasm"
SOURCES = (
    *("src/bars.c", "src/pdq.c", "src/pdq_axis.c", "src/pdq_block.c", "src/pdq_rows.c", "src/trims.c", "bindings/wasm/memory.c"),
    *("src/regions.c", "src/regions_angles.c", "src/regions_base.c", "src/regions_blur.c", "src/regions_enrol.c", "src/regions_extrema.c"),
    *("src/regions_frame.c", "src/regions_hash.c", "src/regions_numbers.c", "src/regions_view.c"),
)
EXPORTS = (
    *("stillmine_measure_shrunk_pdq", "stillmine_begin_shrunk_pdq", "stillmine_add_pdq_rows", "stillmine_finish_pdq"),
    *("stillmine_measure_base", "stillmine_begin_base", "stillmine_add_base_rows", "stillmine_finish_base"),
    *(
        "stillmine_measure_find",
        "stillmine_find_regions",
        "stillmine_enrol_regions",
        "stillmine_make_regions_value",
        "stillmine_frame_region",
        "stillmine_hash_frames",
    ),
    *("stillmine_find_parts", "stillmine_learn_bars", "stillmine_find_bars", "stillmine_are_close_bounds", "__heap_base"),
)
# The first version of WebAssembly, without SIMD: it runs in every browser that has any, and 12 megapixels take some 20 ms.
OPTIONS = ("--target=wasm32-freestanding", "-mcpu=mvp", "-std=c11", "-O3", "-ffreestanding", "-nostdlib", "-fno-sanitize=all")
STACK_BYTES = 65536


def build(target: Path) -> None:
    """Compile and link to `target`; raises CalledProcessError with the compiler's words on standard error."""
    link = ["-Wl,--no-entry", "-Wl,--strip-all", f"-Wl,-z,stack-size={STACK_BYTES}", *(f"-Wl,--export={name}" for name in EXPORTS)]
    command = [sys.executable, "-m", "ziglang", "cc", *OPTIONS, "-Iinclude", *SOURCES, *link, "-o", str(target)]
    with tempfile.TemporaryDirectory() as cache:
        caches = {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
        subprocess.run(command, check=True, cwd=ROOT / "kernel", env=os.environ | caches)


def main() -> int:
    """Build in place, or to the path given."""
    target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else TARGET
    build(target)
    target.chmod(0o644)
    sys.stdout.write(f"{target.name}: {target.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
