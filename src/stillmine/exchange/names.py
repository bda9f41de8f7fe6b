# SPDX-License-Identifier: Apache-2.0
"""Names that operators give, to partners and to each other: how one is kept, and what two must differ in. Pure."""

import unicodedata

MAXIMUM_NAME_SIGNS = 60


def kept_name(name: str) -> str | None:
    """Return a name as it is kept, None where it has not 1 to 60 printable signs."""
    kept = unicodedata.normalize("NFC", name).strip()
    return kept if 1 <= len(kept) <= MAXIMUM_NAME_SIGNS and kept.isprintable() else None


def name_key(name: str) -> str:
    """Return what two names must differ in: not in case, width or accents written another way alone."""
    return unicodedata.normalize("NFKC", name).strip().casefold()
