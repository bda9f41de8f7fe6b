# SPDX-License-Identifier: Apache-2.0
"""Builds and runs every fuzzer for some time, one after the other, and stops at the first finding.

The kernel's need clang with its run-time libraries (Debian: `clang libclang-rt-14-dev`), the decoders' needs `pip install atheris`.
What grows is kept under build/fuzz; a finding lies there as `finding-…` and becomes a test.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "fuzz"
KERNEL_SOURCES = sorted((ROOT / "kernel" / "src").glob("*.c"))
OPTIONS = ("-std=c11", "-g", "-O2", "-pthread", "-fno-sanitize-recover=all", f"-I{ROOT / 'kernel' / 'include'}")
SANITIZERS = "-fsanitize=fuzzer,address,undefined"
ROUND_SECONDS = 250
"""After which the decoders' fuzzer starts again: what atheris itself keeps of each run adds up to gigabytes."""


def run_fuzzer(command: list[str], corpus: Path, seconds: int, longest_bytes: int) -> None:
    """Run one libFuzzer program; raises CalledProcessError on a finding."""
    limits = [f"-max_total_time={seconds}", f"-max_len={longest_bytes}", "-len_control=0", "-timeout=30", "-rss_limit_mb=6000"]
    subprocess.run([*command, *limits, "-print_final_stats=1", f"-artifact_prefix={WORK}/finding-", str(corpus)], check=True, cwd=WORK)


def fuzz_kernel(name: str, seconds: int, longest_bytes: int) -> None:
    """Build and run one of kernel/fuzz."""
    program, corpus = WORK / f"fuzz_{name}", WORK / f"corpus_{name}"
    compiler = shutil.which("clang") or sys.exit("clang is missing: apt-get install clang libclang-rt-14-dev")
    harness = ROOT / "kernel" / "fuzz" / f"fuzz_{name}.c"
    subprocess.run([compiler, *OPTIONS, SANITIZERS, *map(str, KERNEL_SOURCES), str(harness), "-o", str(program)], check=True)
    shutil.copytree(ROOT / "kernel" / "fuzz" / f"seeds_{name}", corpus, dirs_exist_ok=True)
    run_fuzzer([str(program)], corpus, seconds, longest_bytes)


def fuzz_decoders(seconds: int) -> None:
    """Run tools/fuzz/decode.py, in rounds."""
    harness = [sys.executable, str(ROOT / "tools" / "fuzz" / "decode.py")]
    corpus = WORK / "corpus_decode"
    subprocess.run([*harness, "--seeds", str(corpus)], check=True)
    for begun in range(0, seconds, ROUND_SECONDS):
        run_fuzzer(harness, corpus, min(ROUND_SECONDS, seconds - begun), 4000)


def main() -> int:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=900, help="for each of them")
    seconds = parser.parse_args().seconds
    os.nice(10)
    WORK.mkdir(parents=True, exist_ok=True)
    fuzz_kernel("pdq", seconds, 400)
    fuzz_kernel("regions", seconds, 400)
    fuzz_kernel("hamming", seconds, 700)
    fuzz_kernel("index", seconds, 120)
    fuzz_kernel("groups", seconds, 120)
    fuzz_kernel("snapshot", seconds, 300)
    fuzz_decoders(seconds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
