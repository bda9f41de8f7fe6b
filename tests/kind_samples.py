# SPDX-License-Identifier: Apache-2.0
"""One fingerprint of each kind, from `vectors/kinds.json`: every test that walks the kinds begins with these."""

import json
from pathlib import Path

from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import LISTED_KINDS, Kind

_FILE = Path(__file__).parents[1] / "vectors" / "kinds.json"

SAMPLES = {
    Kind(kind): Fingerprint(Kind(kind), sample["value"], sample["quality"])
    for kind, sample in json.loads(_FILE.read_text(encoding="utf-8"))["kinds"].items()
}

LISTED_SAMPLES = {kind: sample for kind, sample in SAMPLES.items() if kind in LISTED_KINDS}
"""Of the kinds whose values partners are given, and ask about by value."""
