# SPDX-License-Identifier: Apache-2.0
"""The exchange's signing key, derived from its secret; it is never stored and never leaves this process."""

from functools import lru_cache

from stillmine.exchange.ground.secret import derive
from stillmine.ledger.checkpoint import SigningKey
from stillmine.wire.case_key import Secret


@lru_cache(maxsize=4)
def signing_key(secret: Secret) -> SigningKey:
    """Return the key that signs this exchange's checkpoints."""
    return SigningKey(derive(secret, "stillmine/ledger-signing-key/v1"))
