# SPDX-License-Identifier: Apache-2.0
"""Media that only tests read: a small set beside them, which is always there, and a larger one of the same layout.

The larger one is named by `STILLMINE_MEDIA`. Suites that read it carry `larger_media`: without it they are left out, and the run says how
many. No test may look for media anywhere else, or it would be skipped by everybody but one.
"""

import os
from pathlib import Path

SMALL = Path(__file__).resolve().parent / "media"
LARGER = Path(os.environ["STILLMINE_MEDIA"]).resolve() if os.environ.get("STILLMINE_MEDIA") else None


def larger_media() -> Path:
    """The larger set; only for suites that are marked, which don't run without it."""
    assert LARGER is not None, "set STILLMINE_MEDIA (docs/develop.md)"
    return LARGER
