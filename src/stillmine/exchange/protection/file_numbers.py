# SPDX-License-Identifier: Apache-2.0
"""Which file of a case an added fingerprint belongs to.

The device numbers files in each message from 1; a case needs numbers that mean one file for good. Nothing here is ever told to a
partner, because it says which fingerprints belong together.
"""

from collections.abc import Iterable, Mapping

from stillmine.wire.errors import TooManyFingerprintsError
from stillmine.wire.fingerprint import MAXIMUM_FILES_PER_CASE, Fingerprint


def numbers_in_case(added: Iterable[Fingerprint], known: Mapping[tuple[str, str], int], highest: int) -> dict[int, int]:
    """Return the case's number for each file number of a message that brings something new.

    `known` holds the numbers of what is in the case by (kind, value), `highest` the highest number that was ever used there. A file
    of which something is known keeps that number; others follow after `highest`. Raises TooManyFingerprintsError.
    """
    kept: dict[int, int] = {}
    new: set[int] = set()
    for fingerprint in added:
        number = known.get((fingerprint.kind.value, fingerprint.value))
        if number is None:
            new.add(fingerprint.file_number)
        else:
            kept.setdefault(fingerprint.file_number, number)
    following = sorted(new - kept.keys())
    if highest + len(following) > MAXIMUM_FILES_PER_CASE:
        raise TooManyFingerprintsError(f"{highest} files are in the case already, withdrawn ones included")
    return kept | {number: highest + place for place, number in enumerate(following, 1)}
