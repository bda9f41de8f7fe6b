# SPDX-License-Identifier: Apache-2.0
"""Before the only copy of the data keys is replaced: whether what replaces it can be right. Nothing is written by this.

A damaged file, another database or a clock that ended everything must never cost the last keys.
"""

from pathlib import Path

from stillmine.exchange.backup.errors import BackupRefusedError, BackupUnusableError
from stillmine.exchange.backup.files import KEYS, WITHDRAWN, read_part
from stillmine.exchange.backup.rows import table_name
from stillmine.exchange.database.soundness import unsound
from stillmine.exchange.rows.cases import Fingerprint
from stillmine.exchange.rows.keys import FingerprintDataKey

ELSEWHERE = "Back up into another folder"

MAY_GO = 20
"""So many keys may go between two backups, whatever the share."""

_AT_ONCE = 500


def require_sound() -> None:
    """Raise BackupRefusedError where the database can't be believed."""
    found = unsound()
    if found:
        raise BackupRefusedError("; ".join(found))


def require_plausible(keys_file: Path, *, may_be_fewer: bool) -> None:
    """Compare with the data keys of the last backup; raises BackupRefusedError.

    No fingerprint is ever deleted, so one that is in the file and not in the database means another database, or lost rows. What was erased
    never comes back, so a key of it means that the database is an older one, whose keys would bring back what people withdrew.
    """
    before, erased = _fingerprints_in(keys_file)
    for start in range(0, len(before), _AT_ONCE):
        some = before[start : start + _AT_ONCE]
        if Fingerprint.objects.filter(id__in=some).count() != len(some):
            raise BackupRefusedError(f"{keys_file} holds keys of what this database does not know. {ELSEWHERE}")
    for start in range(0, len(erased), _AT_ONCE):
        if FingerprintDataKey.objects.filter(fingerprint__in=erased[start : start + _AT_ONCE]).exists():
            raise BackupRefusedError(f"{keys_file} says that something was erased which this older database still holds. {ELSEWHERE}")
    now = FingerprintDataKey.objects.count()
    if not may_be_fewer and len(before) - now > MAY_GO and now < len(before) / 2:
        raise BackupRefusedError(f"{len(before)} data keys would be replaced by {now}. If so many cases did end, say --fewer-keys")


def _fingerprints_in(keys_file: Path) -> tuple[list[str], list[str]]:
    """Return whose keys a file holds, and what it says was erased.

    One that is cut or damaged is of no use to anybody, and may be replaced.
    """
    try:
        part = read_part(keys_file, KEYS)
    except BackupUnusableError:
        return [], []
    label, kept, erased = table_name(FingerprintDataKey), [], []
    for line in part.lines():
        if line.table == label:
            kept.append(str(line.row["fingerprint_id"]))
        elif line.table == WITHDRAWN:
            erased.append(str(line.row["id"]))
    return kept, erased
