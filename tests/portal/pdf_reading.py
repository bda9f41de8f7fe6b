# SPDX-License-Identifier: Apache-2.0
"""What poppler's tools find in a PDF that the portal made."""

import subprocess
from pathlib import Path


def text_of(pdf: bytes, tmp_path: Path) -> str:
    """What pdftotext reads in a PDF, on one line."""
    path = tmp_path / "made.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True)
    return " ".join(done.stdout.decode().split())


def pictures_in(pdf: bytes, tmp_path: Path) -> list[str]:
    """The pictures that pdfimages finds in a PDF."""
    path = tmp_path / "made.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdfimages", "-list", str(path)], check=True, capture_output=True)
    return done.stdout.decode().splitlines()[2:]
