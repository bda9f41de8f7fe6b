# SPDX-License-Identifier: Apache-2.0
"""What a partner sees instead of our ids and numbers: a keyed permutation for fingerprints, sealed numbers for cursors.

The keys come from the exchange's secret and the partner's random id, so that neither a partner nor a copy of the
database can tell which ids belong together, nor how much lies between two cursors. An id is one block under one key per
partner: AES itself is the permutation.
"""

import hmac
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from stillmine.exchange.ground.secret import derive
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import FeedCursorInvalidError

_SEQUENCE_BYTES = 8
_SEALED = re.compile("[0-9a-f]{48}", re.ASCII)
"""16 bytes of AES-SIV's own and the number."""
_STAMPED = re.compile(r"(0|[1-9][0-9]{0,17})\.[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True)
class PartnerIds:
    """One partner's view of ids and cursors."""

    id_key: Secret
    cursor_key: Secret
    stamp_key: Secret
    """Of cursors as they were before, which are read and no longer made."""

    def entry_ids(self, fingerprint_ids: list[str]) -> list[str]:
        """Return what the partner knows each fingerprint by."""
        return self._blocks(fingerprint_ids, is_reading=False)

    def fingerprint_ids(self, entry_ids: list[str]) -> list[str]:
        """Read entry ids back; an id that is not ours gives an id that names nothing."""
        return self._blocks(entry_ids, is_reading=True)

    def cursor(self, sequence: int) -> str:
        """Return the partner's place in its feed, as text; the same place is the same text."""
        return AESSIV(bytes(self.cursor_key)).encrypt(sequence.to_bytes(_SEQUENCE_BYTES), None).hex()

    def sequence(self, cursor: str) -> int | None:
        """Return the number in a cursor, None where it was not made for this partner. Raises FeedCursorInvalidError for anything else."""
        if _STAMPED.fullmatch(cursor):
            number, _, stamp = cursor.partition(".")
            right = hmac.digest(bytes(self.stamp_key), number.encode(), "sha256").hex()[: len(stamp)]
            return int(number) if hmac.compare_digest(right, stamp) else None
        if not _SEALED.fullmatch(cursor):
            raise FeedCursorInvalidError
        try:
            return int.from_bytes(AESSIV(bytes(self.cursor_key)).decrypt(bytes.fromhex(cursor), None))
        except InvalidTag:
            return None

    def _blocks(self, ids: list[str], is_reading: bool) -> list[str]:
        cipher = Cipher(AES(bytes(self.id_key)), ECB())  # noqa: S305 (each id is one block and stands alone)
        context = cipher.decryptor() if is_reading else cipher.encryptor()
        blocks = context.update(bytes.fromhex("".join(ids))) + context.finalize()
        return [blocks[start : start + 16].hex() for start in range(0, len(blocks), 16)]


@lru_cache(maxsize=1024)
def partner_ids(secret: Secret, partner_random_id: str) -> PartnerIds:
    """Return a partner's keys; `partner_random_id` is 32 hex digits."""
    partner = bytes.fromhex(partner_random_id)
    return PartnerIds(
        id_key=derive(secret, "stillmine/partner-id-key/v1", partner, length=16),
        cursor_key=derive(secret, "stillmine/partner-cursor-key/v2", partner, length=64),
        stamp_key=derive(secret, "stillmine/partner-cursor-key/v1", partner),
    )
