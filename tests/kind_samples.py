# SPDX-License-Identifier: Apache-2.0
"""One fingerprint of each kind, from `vectors/kinds.json`: every test that walks the kinds begins with these."""

import json
from pathlib import Path

from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind

_FILE = Path(__file__).parents[1] / "vectors" / "kinds.json"

SAMPLES = {
    Kind(kind): Fingerprint(Kind(kind), sample["value"], sample["quality"])
    for kind, sample in json.loads(_FILE.read_text(encoding="utf-8"))["kinds"].items()
}
