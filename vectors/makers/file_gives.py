# SPDX-License-Identifier: Apache-2.0
"""Makes vectors/file_gives.json from the table "What one file gives" in spec/fingerprint.md.

The table is the decision, so neither reader is: both are held to what is written there. Must never import either of them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

SPEC = Path(__file__).resolve().parents[2] / "spec" / "fingerprint.md"
HEADING = "| file | still | regions | moving | sound | a case | an upload | the device |"
SUBJECTS = ("still", "regions", "moving", "sound")
READERS = ("case", "upload", "device")

COMMENT = (
    "What one file gives: the table of spec/fingerprint.md. `found` says what was found of each part that is looked for; `gives` has the "
    "kinds of each reader in its order, null where it refuses the file. Made by vectors/generate.py."
)

Row = dict[str, str | dict[str, str] | dict[str, list[str] | None]]


def rows(spec: str) -> Iterator[Row]:
    """Give each row of the table."""
    lines = iter(spec.partition(HEADING)[2].strip("\n").split("\n")[1:])
    for line in lines:
        if not line.startswith("|"):
            return
        file, *cells = (cell.strip().replace("`", "") for cell in line.strip("|").split("|"))
        found, gives = cells[: len(SUBJECTS)], cells[len(SUBJECTS) :]
        yield {
            "file": file,
            "found": {subject: finding for subject, finding in zip(SUBJECTS, found, strict=True) if finding != "–"},
            "gives": {reader: _kinds(cell) for reader, cell in zip(READERS, gives, strict=True)},
        }


def texts() -> dict[str, str]:
    """Return file_gives.json."""
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows(SPEC.read_text(encoding="utf-8")))
    return {"file_gives.json": f'{{\n "_comment": {json.dumps(COMMENT)},\n "files": [\n{lines}\n ]\n}}\n'}


def _kinds(cell: str) -> list[str] | None:
    return None if cell == "refused" else cell.split()
