# SPDX-License-Identifier: Apache-2.0
"""The field's names of signals beside our kinds, and the signals of a file.

Must never make a signal of something that tells too little apart: it would match anything flat.
"""

from collections.abc import Collection, Iterable

from stillmine.matching.flat import require_not_flat
from stillmine.partner.fingerprinting.worker_messages import JobResult, Media
from stillmine.partner.ground.errors import DecoderStoppedError
from stillmine.partner.screening.screening import error_of
from stillmine.partner.sources.bank_entries import Entry
from stillmine.wire.errors import MalformedMessageError, QualityTooLowError, StillmineError
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, MINIMUM_QUALITY, Kind, require_form, value_bytes, value_text

PDQ, VIDEO_MD5, VIDEO_SHA256 = "pdq", "video_md5", "video_sha256"

KINDS = {PDQ: Kind.PDQ, VIDEO_MD5: Kind.MD5, "md5": Kind.MD5, VIDEO_SHA256: Kind.SHA256, "sha256": Kind.SHA256}
"""What may be looked up as a signal."""

_NAMES = {Kind.MD5: VIDEO_MD5, Kind.SHA256: VIDEO_SHA256}
_PICTURES = frozenset({Media.IMAGE, Media.ANIMATION, Media.MOTION_PHOTO})


def signal_name(kind: Kind) -> str:
    """Return the field's name of a kind, or ours where it has none."""
    return _NAMES.get(kind, kind.value)


def answered_type(named: str) -> str:
    """Return under which name matches of a type are answered; raises MalformedMessageError for what is none: it would never match."""
    if named in KINDS:
        return signal_name(KINDS[named])
    if named not in {kind.value for kind in Kind}:
        raise MalformedMessageError(f"signal_type: one of {', '.join(dict.fromkeys([*KINDS, *Kind]))}")
    return named


def fingerprint_of(signal_type: str, signal: str) -> Fingerprint:
    """Return a signal as a fingerprint; raises MalformedMessageError, FingerprintMalformedError. Its quality is not known: full."""
    kind = KINDS.get(signal_type)
    if kind is None:
        raise MalformedMessageError(f"signal_type: {', '.join(KINDS)}")
    return Fingerprint(kind, signal.strip().lower(), FULL_QUALITY)


def entry_of(signal_type: str, signal: str) -> Entry:
    """Return a signal as what a bank keeps; raises MalformedMessageError, FingerprintMalformedError, FlatFingerprintError."""
    one = fingerprint_of(signal_type, signal)
    kind, value = one.kind, one.value
    require_form(kind, value)
    require_not_flat([Fingerprint(kind, value, MINIMUM_QUALITY if kind is Kind.PDQ else FULL_QUALITY)])
    return kind, value_bytes(kind, value)


def signals_in(entries: Iterable[Entry]) -> dict[str, str]:
    """Return what of a bank's entries has a signal type of the field: of each type the first."""
    told: dict[str, str] = {}
    for kind, value in entries:
        if kind in KINDS.values():
            told.setdefault(signal_name(kind), value_text(kind, value))
    return told


def wanted_types(types: str | None) -> frozenset[str] | None:
    """Return the signal types named, None for all; raises MalformedMessageError."""
    if types is None:
        return None
    named = frozenset(word.strip() for word in types.split(",") if word.strip())
    if not named or not named <= set(KINDS):
        raise MalformedMessageError(f"types: some of {', '.join(KINDS)}")
    return frozenset(signal_name(KINDS[name]) for name in named)


def signals_of(made: JobResult, wanted: Collection[str] | None) -> dict[str, str]:
    """Return the signals of a file by their names; raises the StillmineError of why one can't be made."""
    types = [name for name in _types_of(made) if wanted is None or name in wanted]
    if made.media is Media.UNKNOWN or not types:
        raise _why_not(made.left_out)
    return {name: _pdq(made) if name == PDQ else _md5(made) for name in types}


def _types_of(made: JobResult) -> list[str]:
    """Return the signals that a file of this sort has."""
    types = [PDQ] if made.media in _PICTURES else []
    return types if made.media is Media.IMAGE else [*types, VIDEO_MD5]


def _pdq(made: JobResult) -> str:
    whole = next((picture for picture in made.pictures if not picture.undone and picture.hashes), None)
    if whole is None or made.left_out:  # a picture that was read in part has another hash
        raise _why_not(made.left_out)
    if whole.quality < MINIMUM_QUALITY:
        raise QualityTooLowError
    return whole.hashes[0].hex()


def _md5(made: JobResult) -> str:
    digest = made.digest(Kind.MD5)
    if not digest:
        raise _why_not(made.left_out)
    return digest.hex()


def _why_not(left_out: Iterable[str]) -> StillmineError:
    return error_of(next(iter(left_out), DecoderStoppedError.code))()
