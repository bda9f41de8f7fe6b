# SPDX-License-Identifier: Apache-2.0
"""Operators' passwords: argon2id, and the same work for a name that nobody has.

A password is checked against no list and no service: it never leaves this process. Hashing is expensive on purpose, so few run at once,
and whoever finds no room is told so at once: tries from many networks must not take the processor from people with cases.
"""

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from stillmine.exchange.console.errors import PasswordUnfitError, SignInBusyError

MINIMUM_SIGNS = 12
MAXIMUM_SIGNS = 256

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""OWASP's smaller setting."""

HASHES_AT_ONCE = 2
WAIT_SECONDS = 2.0
_room = threading.BoundedSemaphore(HASHES_AT_ONCE)
"""Of one process: at most 38 MiB and two processors for passwords, whatever is sent."""

NO_PASSWORD = "$argon2id$v=19$m=19456,t=2,p=1$6ORerTabbDGi1o5cPr9wHQ$WTEwM2qjz5Ns9IeY2zxQ5Bh+cFW3M5v2JXWkuQcoPAs"  # noqa: S105 (of no password: it opens nothing)
"""The hash of 32 random bytes that nobody kept, of the same cost: compared with if there is no operator."""


def password_hash(password: str, repeated: str, salt: bytes) -> str:
    """Return what is stored of a new password; `salt` is 16 random bytes. Raises PasswordUnfitError or SignInBusyError."""
    plain = _normal(password)
    if plain != _normal(repeated) or not MINIMUM_SIGNS <= len(plain) <= MAXIMUM_SIGNS:
        raise PasswordUnfitError
    with _hashing():
        return _hasher.hash(plain, salt=salt)


def is_password(stored: str, password: str) -> bool:
    """True where this is the password; a text that is too long costs the same as a wrong one. Raises SignInBusyError."""
    with _hashing():
        try:
            return _hasher.verify(stored, _normal(password)[: MAXIMUM_SIGNS + 1])
        except VerifyMismatchError:
            return False


@contextmanager
def _hashing() -> Iterator[None]:
    """Wait for room to hash; raises SignInBusyError if there is none for long."""
    if not _room.acquire(timeout=WAIT_SECONDS):
        raise SignInBusyError
    try:
        yield
    finally:
        _room.release()


def _normal(password: str) -> str:
    """The same characters typed on another keyboard are the same password (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)
