# SPDX-License-Identifier: Apache-2.0
"""Names that operators give, to partners and to each other: how one is kept, and what two must differ in. Pure.

A person sees of a partner its name and nothing else, so a name must not pass for another one. Contract: spec/console.md, "Names".
"""

import unicodedata
from collections.abc import Iterable

from stillmine.exchange.ground.lookalikes import ACCENTS, LOOK_ALIKES, SAME_WRITING, SEEN_AS_ONE, UNSEEN
from stillmine.wire.errors import NotConfiguredError

MAXIMUM_NAME_SIGNS = 60


def kept_name(name: str) -> str | None:
    """Return a name as it is kept, None unless it has 1 to 60 printable characters, none of them invisible, and a letter or digit."""
    stripped = unicodedata.normalize("NFC", name).strip()
    kept = " ".join(stripped.split())
    is_seen = stripped.isprintable() and not UNSEEN & set(kept) and any(sign.isalnum() for sign in kept)
    return kept if len(kept) <= MAXIMUM_NAME_SIGNS and is_seen else None


def name_key(name: str) -> str:
    """Return what two names must differ in: not in case, width or accents written another way alone."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def checked_name(what: str, name: str) -> str:
    """Return a name as it is kept; raises NotConfiguredError where it could mislead whatever the others are."""
    kept = kept_name(name)
    if kept is None:
        raise NotConfiguredError(f"{what} name: 1 to {MAXIMUM_NAME_SIGNS} visible characters, at least one of them a letter or digit")
    if (word := mixed_word(kept)) is not None:
        raise NotConfiguredError(f"{what} name: “{word}” has letters of several alphabets; write each word in one")
    return kept


def require_no_look_alike(what: str, name: str, others: Iterable[str]) -> None:
    """Raise NotConfiguredError where a person could take this name for one of the others."""
    if (other := look_alike(name, others)) is not None:
        raise NotConfiguredError(f"{what} name: it looks like “{other}”, which is already here, so people could not tell them apart")


def mixed_word(name: str) -> str | None:
    """Return the first word of a name whose letters are of several scripts, None if there is none."""
    return next((word for word in unicodedata.normalize("NFKC", name).split() if len(_scripts(word)) > 1), None)


def look_alike(name: str, others: Iterable[str]) -> str | None:
    """Return the first of other names that a person could take for this one, None if there is none."""
    skeleton = _skeleton(name)
    return next((other for other in others if _skeleton(other) == skeleton or name_key(other) == name_key(name)), None)


def _scripts(word: str) -> set[str]:
    """Return the scripts of a word's letters, from the first word of each letter's name; Japanese and Korean writing is one."""
    names = (unicodedata.name(sign, "UNNAMED").partition(" ")[0] for sign in word if sign.isalpha())
    return {SAME_WRITING.get(name, name) for name in names} - {"MODIFIER"}


def _as_written_often(sign: str) -> str:
    """Return a small capital of phonetics as its letter, and the zero of any script, a ring, as 0."""
    base = unicodedata.name(sign, "").removeprefix("LATIN LETTER SMALL CAPITAL ")
    if len(base) == 1:
        return base.lower()
    return "0" if unicodedata.decimal(sign, None) == 0 else sign


def _skeleton(name: str) -> str:
    """Return what a name looks like: without accents, spaces and points, each sign as the Latin one that it resembles."""
    plain = [_as_written_often(sign) for sign in unicodedata.normalize("NFKD", name) if sign not in ACCENTS]
    seen = "".join(LOOK_ALIKES.get(sign, sign) for sign in plain).casefold()
    seen = "".join(LOOK_ALIKES.get(sign, sign) for sign in seen if unicodedata.category(sign)[0] in "LMN")
    for pair, sign in SEEN_AS_ONE.items():
        seen = seen.replace(pair, sign)
    return seen
