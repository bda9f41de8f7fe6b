# SPDX-License-Identifier: Apache-2.0
"""What a partner sees instead of our ids: a keyed permutation for fingerprints, a keyed stamp for cursors.

The keys come from the exchange's secret and the partner's random id, so that neither a partner nor a copy of the
database can tell which ids belong together. One block, one key per partner: AES itself is the permutation.
"""

import hmac
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from stillmine.exchange.secret import derive
from stillmine.wire.case_key import Secret
from stillmine.wire.errors import FeedCursorInvalidError

_STAMP_DIGITS = 16


@dataclass(frozen=True)
class PartnerIds:
    """One partner's view of ids and cursors."""

    id_key: Secret
    cursor_key: Secret

    def entry_ids(self, fingerprint_ids: list[str]) -> list[str]:
        """Return what the partner knows each fingerprint by."""
        return self._blocks(fingerprint_ids, is_reading=False)

    def fingerprint_ids(self, entry_ids: list[str]) -> list[str]:
        """Read entry ids back; an id that is not ours gives an id that names nothing."""
        return self._blocks(entry_ids, is_reading=True)

    def cursor(self, sequence: int) -> str:
        """Return the partner's place in its feed, as text."""
        stamp = hmac.digest(bytes(self.cursor_key), str(sequence).encode(), "sha256").hex()
        return f"{sequence}.{stamp[:_STAMP_DIGITS]}"

    def made(self, cursor: str) -> bool:
        """True where this cursor was made for this partner; the comparison takes the same time for any stamp."""
        return hmac.compare_digest(self.cursor(cursor_sequence(cursor)), cursor)

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
        cursor_key=derive(secret, "stillmine/partner-cursor-key/v1", partner),
    )


def cursor_sequence(cursor: str) -> int:
    """Return the number in a cursor without believing it; raises FeedCursorInvalidError for any other text."""
    number, dot, stamp = cursor.partition(".")
    is_number = number.isascii() and number.isdigit() and len(number) <= 18 and str(int(number)) == number
    if not (is_number and dot and stamp.isascii() and len(stamp) == _STAMP_DIGITS):
        raise FeedCursorInvalidError
    return int(number)
