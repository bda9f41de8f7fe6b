# SPDX-License-Identifier: Apache-2.0
"""Operators' passwords: argon2id, and the same work for a name that nobody has.

A password is checked against no list and no service: it never leaves this process.
"""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from stillmine.exchange.console.errors import PasswordUnfitError

MINIMUM_SIGNS = 12
MAXIMUM_SIGNS = 256

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's smaller setting: sixteen threads that all hash at once still need only 304 MiB."""

NO_PASSWORD = "$argon2id$v=19$m=19456,t=2,p=1$6ORerTabbDGi1o5cPr9wHQ$WTEwM2qjz5Ns9IeY2zxQ5Bh+cFW3M5v2JXWkuQcoPAs"  # noqa: S105
"""The hash of 32 random bytes that nobody kept, of the same cost: compared with where there is no operator."""


def password_hash(password: str, repeated: str, salt: bytes) -> str:
    """Return what is stored of a new password; `salt` is 16 random bytes. Raises PasswordUnfitError."""
    plain = _normal(password)
    if plain != _normal(repeated) or not MINIMUM_SIGNS <= len(plain) <= MAXIMUM_SIGNS:
        raise PasswordUnfitError
    return _hasher.hash(plain, salt=salt)


def is_password(stored: str, password: str) -> bool:
    """True where this is the password; a text that is too long costs the same as a wrong one."""
    try:
        return _hasher.verify(stored, _normal(password)[: MAXIMUM_SIGNS + 1])
    except VerifyMismatchError:
        return False


def _normal(password: str) -> str:
    """The same signs typed on another keyboard are the same password (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)
