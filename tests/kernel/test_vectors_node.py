# SPDX-License-Identifier: Apache-2.0
"""The committed WASM and its TypeScript wrapper give the vectors' bytes under node, types stripped."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.kernel.kernel_vectors import REGIONS, ROOT, VECTORS


def node_path() -> str:
    beside_python = Path(sys.executable).parent / "node"
    path = str(beside_python) if beside_python.exists() else shutil.which("node")
    assert path, "node is missing: it comes with the development requirements"
    return path


def test_same_bytes_under_node() -> None:
    command = [node_path(), "--disable-warning=ExperimentalWarning", str(ROOT / "tests/kernel/vectors_node.mjs")]
    done = subprocess.run(
        [*command, str(ROOT / "kernel/bindings/wasm"), str(ROOT / "vectors")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["failures"] == []
    assert result["checked"] == sum(len(vectors[part]) for vectors in (VECTORS, REGIONS) for part in ("pictures", "refused"))
