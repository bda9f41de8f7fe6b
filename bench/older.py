# SPDX-License-Identifier: Apache-2.0
"""What it costs to remember uploads and to look for new fingerprints among them: docs/performance.md#older-content.

Processor time, because other programs may run beside. Uploads are made up: random hashes, which no fingerprint is near. Use:
`python bench/older.py [UPLOADS]`.
"""

import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fingerprinting.worker_messages import Digest, Picture
from stillmine.partner.older.days import Days
from stillmine.partner.older.deletions import Deletions
from stillmine.partner.older.newcomers import Newcomers
from stillmine.partner.older.remembering import Remembering
from stillmine.partner.screening.made import Made
from stillmine.partner.screening.upload_tokens import UploadTokens
from stillmine.partner.store.older import OlderNotes
from stillmine.wire.case_key import Secret
from stillmine.wire.kinds import Kind

NEW_FINGERPRINTS = (3, 100, 10_000)
PHOTOGRAPH = Path(__file__).parents[1] / "media/clothing/coat.jpg"


def upload(number: int) -> Made:
    """Return a picture with its eight hashes and two digests; of each third one a border was undone as well."""
    source = random.Random(number)
    digest = source.randbytes(32)
    pictures = [Picture([source.randbytes(32) for _ in range(8)], 90, []) for _ in range(2 if number % 3 == 0 else 1)]
    return Made(digest, [], [*pictures, Digest(Kind.SHA256, digest), Digest(Kind.MD5, source.randbytes(16))])


def main(uploads: int) -> None:
    """Remember so many uploads, pack them, and look for fingerprints that came later."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        now = [datetime(2030, 5, 17, 12, tzinfo=UTC)]
        tokens = UploadTokens(Secret(b"bench"), lambda: now[0])
        notes = OlderNotes(home)
        days = Days(home, 1, Secret(os.urandom(32)), lambda: now[0], os.urandom)
        deletions = Deletions(notes, tokens, lambda: now[0])
        remembering = Remembering(days.append, deletions.second_after, lambda: now[0])
        made = [(upload(number), tokens.identify(number.to_bytes(32), None, f"post {number}")) for number in range(uploads)]
        began = time.process_time()
        for one, identity in made:
            remembering.remember(one, identity)
        say("remembered", time.process_time() - began, uploads)
        (hour,) = days.hours()
        say_size("as written", home, uploads)
        began = time.process_time()
        days.pack(hour, lambda _one: True)
        say("packed", time.process_time() - began, uploads)
        say_size("packed", home, uploads)
        for count in NEW_FINGERPRINTS:
            newcomers = Newcomers([(Kind.PDQ, os.urandom(32)) for _ in range(count)])
            began = time.process_time()
            possible = sum(len(newcomers.possible(block)) for block in days.blocks(hour))
            say(f"{count:,} new pictures looked for ({possible} possible)", time.process_time() - began, uploads)
        fingerprinted()


def fingerprinted() -> None:
    """Say what making the fingerprint of one photograph takes, to compare with."""
    photograph, times = PHOTOGRAPH.read_bytes(), 20
    began = time.process_time()
    for _ in range(times):
        fingerprint_image(photograph)
    print(f"one hash of one photograph of {len(photograph):,} bytes, for comparison: {(time.process_time() - began) / times * 1e6:,.0f} µs")


def say(what: str, seconds: float, uploads: int) -> None:
    print(f"{what}: {seconds / uploads * 1e6:.1f} µs an upload, {seconds / uploads * 1e6:.1f} s for a million")


def say_size(what: str, home: Path, uploads: int) -> None:
    size = sum(path.stat().st_size for path in (home / "older").rglob("*") if path.is_file())
    print(f"{what}: {size / uploads:.0f} bytes an upload")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000)
