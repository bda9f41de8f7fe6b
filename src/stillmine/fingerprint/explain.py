# SPDX-License-Identifier: Apache-2.0
"""Why two files would match or not, kind by kind, in words and in values: what `stillmine compare` prints.

A is what a case would hold, B what is asked about. Must never say more than matching itself would find.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from stillmine.fingerprint.explain_regions import Picture, RegionsCompared, compare_regions
from stillmine.fingerprint.file import FileFingerprints, fingerprint_file
from stillmine.fingerprint.ground.errors import FurtherPicturesError
from stillmine.fingerprint.ground.guard import guarded
from stillmine.fingerprint.ground.turns import VARIANTS
from stillmine.fingerprint.moving.compare import compare_videos
from stillmine.fingerprint.moving.video import Frame
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.fingerprint.picture.decode import Decoded
from stillmine.fingerprint.picture.image import ImageFingerprint, distance_bits
from stillmine.fingerprint.picture.query import QueryVariant, query_pictures, upright_pixels
from stillmine.fingerprint.picture.regions import Base, base_of
from stillmine.fingerprint.sound.compare import compare_sounds
from stillmine.matching.region_look import Judgement, Verdict
from stillmine.matching.region_values import stored_regions
from stillmine.matching.video import VideoIndex
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS, MINIMUM_ASKED_QUALITY, MINIMUM_QUALITY, Kind
from stillmine.wire.screen import MatchClass
from stillmine.wire.vpdq import parse_vpdq

_TURN_WORDS = {
    "original": "as it is",
    "rotate90": "turned a quarter to the left",
    "rotate180": "turned upside down",
    "rotate270": "turned a quarter to the right",
    "flip_horizontal": "mirrored left to right",
    "flip_vertical": "mirrored top to bottom",
    "transpose": "mirrored and turned a quarter to the left",
    "transverse": "mirrored and turned a quarter to the right",
}
_UNDONE_WORDS = {
    "dark_ground": "laid on black, as on a dark page",
    "trim_border": "its border taken off",
    "trim_letterbox": "its bars taken off",
    "trim_caption": "its caption strip taken off",
    "trim_screen": "the phone's screen around it taken off",
}


class Comparison(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How two files compare in one kind; which fields are there depends on the kind."""

    kind: Kind
    would_match: bool
    distance_bits: int | None = None
    distance_bits_original: int | None = None
    variant: str | None = None
    undone: tuple[str, ...] = ()
    quality_a: int | None = None
    quality_b: int | None = None
    percent_of_a: float | None = None
    percent_of_b: float | None = None
    offset_seconds: float | None = None
    bit_error_rate: float | None = None
    matched_spans: tuple[tuple[float, float, float], ...] = ()
    """From and to in A, from in B, in seconds."""
    match_class: MatchClass | None = None
    """Of `regions`, where B would not be let through: `near`, or `part`, which a reviewer decides."""
    judges: Judgement | None = None
    """Of `regions`, where `pdq` matches: whether the two agree."""
    places_seen: int | None = None
    """How many of A's places B should show; null where A lies nowhere in B."""
    places_agreeing: int | None = None
    transform: str | None = None
    """How A lies in B, in words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """B: its fingerprints, all hashes to ask about if it holds pictures, and codes of what is not among them."""

    made: FileFingerprints
    variants: tuple[QueryVariant, ...]
    left_out: tuple[str, ...] = ()
    pictures: tuple[tuple[int, Base, tuple[QueryVariant, ...]], ...] = ()
    """Of each still picture: its number in the file, what its regions are found in, its variants."""


@guarded()
def read_asked(path: Path) -> Asked:
    """Return all there is to ask about a file; raises a MediaError."""
    made = fingerprint_file(path, is_asking=True)
    if made.image is None:
        return Asked(made, (), made.left_out)
    bases: dict[int, Base] = {}

    def look(number: int, decoded: Decoded) -> None:
        bases[number] = base_of(upright_pixels(decoded))

    asked = query_pictures(path.read_bytes(), look=look)
    left_out = dict.fromkeys([*asked.left_out, *(code for code in made.left_out if code != FurtherPicturesError.code)])
    pictures = tuple((query.number, bases[query.number], query.variants) for query in asked.queries)
    return Asked(made, tuple(variant for *_, variants in pictures for variant in variants), tuple(left_out), pictures)


def find_regions_of(stored: FileFingerprints, asked: Asked) -> RegionsCompared | None:
    """Return where regions of A lie in B; None where A has none, or B is no picture."""
    if stored.image is None or stored.regions is None or not asked.pictures:
        return None
    pictures = [Picture(number, base, _matched(stored.image, variants)) for number, base, variants in asked.pictures]
    return compare_regions(stored_regions(stored.regions), pictures)


def _matched(stored: ImageFingerprint, variants: Sequence[QueryVariant]) -> QueryVariant | None:
    nearest = min(variants, key=lambda variant: _distance_to(stored, variant))
    is_match = distance_bits(stored.pdq, nearest.pdq) <= MAXIMUM_DISTANCE_BITS
    return nearest if is_match and _have_detail(stored.quality, nearest.quality) else None


def _have_detail(stored: int, asked: int) -> bool:
    """Whether the qualities of A and B are such that a case would hold the one, and a partner ask about the other."""
    return stored >= MINIMUM_QUALITY and asked >= MINIMUM_ASKED_QUALITY


def compare(stored: FileFingerprints, asked: Asked, regions: RegionsCompared | None = None) -> Iterator[Comparison]:
    """Give a comparison for each kind that both files have; always one of `sha256`. `regions`: what `find_regions_of` gave."""
    yield Comparison(kind=Kind.SHA256, would_match=stored.digests.sha256 == asked.made.digests.sha256)
    if stored.image is not None and asked.made.image is not None:
        yield _compare_pictures(stored.image, asked)
    if regions is not None:
        yield _compared_regions(regions)
    frames_a, frames_b = _frames_of(stored), _frames_of(asked.made)
    if frames_a and frames_b and (stored.video or asked.made.video):
        yield _compare_videos(frames_a, frames_b)
    if stored.sound is not None and asked.made.sound is not None:
        yield _compare_sounds(stored.sound.values, asked.made.sound.values)


def _frames_of(made: FileFingerprints) -> tuple[Frame, ...]:
    """A picture counts as one frame: it may be cut out of the video."""
    if made.video is not None:
        return made.video.frames
    if made.image is None or made.image.quality < MINIMUM_QUALITY:
        return ()
    return (Frame(made.image.pdq, made.image.quality, 0.0, 0.0, made.image.variants),)


def _compare_pictures(stored: ImageFingerprint, asked: Asked) -> Comparison:
    """By the nearest variant; the earlier one where two are as near, so the whole before a part."""
    nearest = min(asked.variants, key=lambda variant: _distance_to(stored, variant))
    distance = distance_bits(stored.pdq, nearest.pdq)
    return Comparison(
        kind=Kind.PDQ,
        would_match=distance <= MAXIMUM_DISTANCE_BITS and _have_detail(stored.quality, nearest.quality),
        distance_bits=distance,
        distance_bits_original=distance_bits(stored.pdq, asked.variants[0].pdq),
        variant=nearest.name,
        undone=nearest.undone,
        quality_a=stored.quality,
        quality_b=nearest.quality,
    )


def _compared_regions(found: RegionsCompared) -> Comparison:
    best = found.best
    classes = {Verdict.MATCH: MatchClass.NEAR, Verdict.PART: MatchClass.PART}
    if best is None:
        return Comparison(kind=Kind.REGIONS, would_match=False, judges=found.judges)
    return Comparison(
        kind=Kind.REGIONS,
        would_match=best.verdict is Verdict.MATCH,
        match_class=classes.get(best.verdict),
        judges=found.judges,
        places_seen=best.look.visible,
        places_agreeing=best.look.agreeing,
        transform=best.words if best.verdict is not Verdict.CLEAR else None,
    )


def _distance_to(stored: ImageFingerprint, variant: QueryVariant) -> tuple[bool, int]:
    """A part with too little detail is never asked about, so it comes last."""
    return bool(variant.undone) and variant.quality < MINIMUM_ASKED_QUALITY, distance_bits(stored.pdq, variant.pdq)


def _compare_videos(a: tuple[Frame, ...], b: tuple[Frame, ...]) -> Comparison:
    """In the turn in which most of both is alike; of equals the first, so as it is."""
    turned = [tuple(replace(frame, pdq=frame.turned[place]) for frame in b) for place in range(len(VARIANTS))]
    compared = [compare_videos(a, frames) for frames in turned]
    place = max(range(len(VARIANTS)), key=lambda place: compared[place].percent_of_a + compared[place].percent_of_b)
    found = compared[place]
    return Comparison(
        kind=Kind.VPDQ,
        would_match=_would_find(a, turned[place]),
        variant=VARIANTS[place],
        distance_bits=found.nearest_bits,
        percent_of_a=round(found.percent_of_a, 1),
        percent_of_b=round(found.percent_of_b, 1),
        offset_seconds=found.offset_seconds,
        matched_spans=tuple((span.a_start, span.a_end, span.b_start) for span in found.spans),
    )


def _compare_sounds(a: tuple[int, ...], b: tuple[int, ...]) -> Comparison:
    found = compare_sounds(a, b)
    return Comparison(
        kind=Kind.CHROMAPRINT,
        would_match=found.is_match,
        offset_seconds=_rounded(found.offset_seconds),
        bit_error_rate=_rounded(found.bit_error_rate),
        matched_spans=tuple((round(span.query_start, 2), round(span.query_end, 2), round(span.stored_start, 2)) for span in found.spans),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _would_find(a: tuple[Frame, ...], b: tuple[Frame, ...]) -> bool:
    """Asked of the index that partners use: how much of a video makes a copy is its rule."""
    index = VideoIndex()
    index.add(b"A", parse_vpdq(write_vpdq(a)))
    return bool(index.search(parse_vpdq(write_vpdq(b))))


def describe(comparison: Comparison) -> list[str]:
    """Return the lines that say it in words."""
    if comparison.kind is Kind.SHA256:
        return ["file:     identical" if comparison.would_match else "file:     not identical"]
    if comparison.kind is Kind.PDQ:
        return _describe_pictures(comparison)
    if comparison.kind is Kind.REGIONS:
        return _describe_regions(comparison)
    return _describe_videos(comparison) if comparison.kind is Kind.VPDQ else _describe_sounds(comparison)


def _describe_pictures(made: Comparison) -> list[str]:
    undone = "".join(f", {_UNDONE_WORDS[word]}" for word in made.undone)
    lines = [f"picture:  {made.distance_bits} of 256 bits apart, with B {_TURN_WORDS[made.variant or 'original']} ({made.variant}){undone}"]
    if made.variant != "original" or made.undone:
        lines.append(f"          {made.distance_bits_original} of 256 bits apart, with B whole and as it is")
    lines.append(f"          quality: A {made.quality_a}, B {made.quality_b}")
    if not _have_detail(made.quality_a or 0, made.quality_b or 0):
        lines.append("          They would not be compared: there is too little detail to tell copies from others.")
        lines.append(f"          Quality {MINIMUM_QUALITY} is needed of A, which a case holds, and {MINIMUM_ASKED_QUALITY} of B.")
    elif made.would_match:
        lines.append(f"          They would match: {MAXIMUM_DISTANCE_BITS} bits or fewer count as a copy.")
    else:
        lines.append(f"          They would not match: only {MAXIMUM_DISTANCE_BITS} bits or fewer count as a copy.")
    return lines


_JUDGES_WORDS = {
    Judgement.AGREED: "PDQ and regions agree.",
    Judgement.ONE_JUDGE: "PDQ alone finds it: the regions neither agree nor contradict.",
    Judgement.DISPUTED: "The regions contradict PDQ: such a match is left to a reviewer, never to a rule.",
}


def _describe_regions(made: Comparison) -> list[str]:
    if not made.places_seen:
        lines = ["regions:  no places of A lie in B as they lie in A"]
    else:
        lines = [f"regions:  {made.places_agreeing} of the {made.places_seen} places of A that B should show are there"]
    if made.transform is not None:
        lines.append(f"          B shows of A: {made.transform}")
    if made.match_class is MatchClass.NEAR:
        lines.append("          They would match, if the case holds regions.")
    elif made.match_class is MatchClass.PART:
        lines.append("          They would match in part, if the case holds regions: a reviewer decides, never a rule.")
    else:
        lines.append("          They would not match: that is too little.")
    if made.judges is not None:
        lines.append(f"          {_JUDGES_WORDS[made.judges]}")
    elif made.match_class is not None:
        lines.append("          Regions alone find it; PDQ, which looks at a picture as a whole, does not.")
    return lines


def _describe_videos(made: Comparison) -> list[str]:
    if not made.percent_of_a:
        nearest = (
            "no frame with enough detail" if made.distance_bits is None else f"the nearest two frames are {made.distance_bits} bits apart"
        )
        return [f"video:    no picture of one is in the other: {nearest}"]
    turn = "" if made.variant in (None, VARIANTS[0]) else f", with B {_TURN_WORDS[made.variant or VARIANTS[0]]} ({made.variant})"
    lines = [f"video:    {made.percent_of_a} % of A's frames are in B, {made.percent_of_b} % of B's are in A{turn}"]
    lines += _describe_places(made, "looks")
    if made.would_match:
        return [*lines, "          They would match."]
    return [*lines, "          They would not match: that is too little of either to count as a copy."]


def _describe_sounds(made: Comparison) -> list[str]:
    if made.bit_error_rate is None:
        return ["sound:    too little of it to compare"]
    apart = f"{made.bit_error_rate:.0%} of the bits differ where they are most alike; of unrelated sounds half do"
    if not made.would_match:
        return [f"sound:    {apart}", "          They would not match."]
    return [f"sound:    {apart}", *_describe_places(made, "sounds"), "          They would match."]


def _describe_places(made: Comparison, verb: str) -> list[str]:
    lines = [f"          what is at 0:00 in A is at {_clock(made.offset_seconds or 0.0)} in B"]
    for a_start, a_end, b_start in made.matched_spans:
        lines.append(f"          A {_clock(a_start)} to {_clock(a_end)} {verb} like B from {_clock(b_start)}")
    return lines


def _clock(seconds: float) -> str:
    sign = "-" if seconds < 0 else ""
    minutes, rest = divmod(abs(seconds), 60)
    return f"{sign}{int(minutes)}:{rest:04.1f}"
