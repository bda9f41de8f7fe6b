# SPDX-License-Identifier: Apache-2.0
"""What was made of an upload, as queries: which values are asked about, and what a match of each one says.

Pure. A value is asked about as it is: whoever has the picture made all eight hashes of it. What one query can't hold is cut so that
nothing is lost: each frame is in some query, and each sound of the list is whole in one.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, assert_never

from stillmine.fingerprint.picture.query import WHOLE
from stillmine.partner.fingerprinting.worker_messages import Digest, Picture, Sound
from stillmine.partner.screening.made import Film, Made
from stillmine.partner.screening.way import IN_ORDER, Candidate, span_of
from stillmine.wire.ask import Answer, AskQuery
from stillmine.wire.ask_regions import Box
from stillmine.wire.chromaprint import MAXIMUM_CHROMAPRINT_VALUES, format_chromaprint
from stillmine.wire.errors import FingerprintMalformedError
from stillmine.wire.kinds import KIND_RULES, MINIMUM_QUALITY, Kind, require_form
from stillmine.wire.screen import MatchClass, MatchedSpan, Undone, Variant
from stillmine.wire.vpdq import MAXIMUM_VPDQ_FRAMES, VideoFrame, format_vpdq

PHOTOGRAPH_QUERIES = 10
"""Of one with nothing around it: eight orientations and two digests. Where fewer are left of a day's quota, it is as good as used up."""

STILLS_ONE_BY_ONE = 12
"""Of a moving upload; more of them are asked about as the frames of videos, or one film with captions would cost thousands of queries."""

_PIECE_VALUES = (12_288, 3_072)
"""Of a sound that one query can't hold: the second where not even a piece of the first length fits. Pieces begin a quarter of their length
apart, so that of any stored sound, or of the piece, four fifths are inside of one."""

SYNTHETIC_PLACE, FLAGGED_PLACE = 0, 1
"""In the policy tags of an answer."""

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Asked:
    """One query without its token, and what a match of it says of the upload."""

    kind: Kind
    value: str
    variant: Variant | None = None
    undone: tuple[Undone, ...] = ()
    spans: tuple[MatchedSpan, ...] = ()
    number: int | None = None
    box: Box = WHOLE
    as_it_is: bool = True
    """Of what is seen: the exchange turns nothing."""

    def query(self, token: str) -> AskQuery:
        """Return it as it is sent."""
        return AskQuery(self.kind, self.value, token, as_it_is=self.as_it_is and KIND_RULES[self.kind].is_seen)

    def candidate(self, answer: Answer) -> Candidate:
        """Return what the exchange's answer says; it tells no distance, so nothing but the same file is exact."""
        is_same_file = KIND_RULES[self.kind].is_whole_file
        return Candidate(
            id=bytes.fromhex(answer.id),
            kind=self.kind,
            match_class=MatchClass.EXACT if is_same_file else MatchClass.NEAR,
            variant=self.variant if self.as_it_is else None,
            undone=self.undone,
            spans=self.spans,
            is_listed=False,
            is_flagged=answer.tags[FLAGGED_PLACE] == "f",
            is_synthetic=answer.tags[SYNTHETIC_PLACE] == "s",
            number=self.number,
            box=self.box,
        )


def queries_of(made: Made) -> list[Asked]:
    """Return all that is asked about one upload, each value once; raises FingerprintMalformedError for what no worker of ours makes."""
    asked: dict[tuple[Kind, str], Asked] = {}
    for one in _all_of(made):
        asked.setdefault((one.kind, one.value), replace(one, as_it_is=False) if made.is_turned_by_exchange else one)
    return list(asked.values())


def _all_of(made: Made) -> Iterator[Asked]:
    stills = [picture for picture in made.of(Picture) if picture.seconds is not None]
    are_many = len(stills) > STILLS_ONE_BY_ONE
    for one in made.fingerprints:
        match one:
            case Picture():
                yield from _of_picture(one) if not are_many or one.seconds is None else ()
            case Film():
                for frames in _phases(one):
                    yield from _of_frames(one, frames)
            case Sound():
                yield from (Asked(Kind.CHROMAPRINT, text) for text in _sound_texts(one.values))
            case Digest():
                require_form(one.kind, one.value.hex())
                yield Asked(one.kind, one.value.hex())
            case _:
                assert_never(one)
    if are_many:
        yield from _of_many_stills(stills)


def _of_picture(picture: Picture) -> Iterator[Asked]:
    for value, variant in zip(picture.hashes, IN_ORDER, strict=False):
        require_form(Kind.PDQ, value.hex())
        yield Asked(Kind.PDQ, value.hex(), variant, tuple(picture.undone), span_of(picture.seconds), picture.number, picture.box)


def _phases(film: Film) -> list[list[list[VideoFrame]]]:
    """Return the frames of a film, all turns of each, once for each place in a second at which frames were taken.

    A stored video has one frame a second: one phase meets these, and the others fall between. A still scene stays its first and last.
    """
    per_second = film.frames_per_second
    rows = [list(row) for row in zip(*film.turned, strict=True) if row[0].quality >= MINIMUM_QUALITY]
    if per_second == 1:
        return [rows] if rows else []
    phases: list[list[list[VideoFrame]]] = [[] for _ in range(per_second)]
    for first, last in _scenes(rows):
        start, end = round(first[0].seconds * per_second), round(last[0].seconds * per_second)
        for place in range(start, min(end + 1, start + per_second)):
            phase, last_place = phases[place % per_second], end - (end - place) % per_second
            phase += [[frame._replace(seconds=at / per_second) for frame in first] for at in dict.fromkeys((place, last_place))]
    return [phase for phase in phases if phase]


def _scenes(rows: list[list[VideoFrame]]) -> Iterator[tuple[list[VideoFrame], list[VideoFrame]]]:
    """The first and the last frame of each run of frames with equal hashes."""
    start = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or any(one.pdq != other.pdq for one, other in zip(rows[place], rows[start], strict=True)):
            yield rows[start], rows[place - 1]
            start = place


def _of_frames(film: Film, rows: list[list[VideoFrame]]) -> Iterator[Asked]:
    for piece in _pieces(rows):
        for turn, variant in enumerate(IN_ORDER[: len(film.turned)]):
            yield Asked(Kind.VPDQ, format_vpdq([row[turn] for row in piece]), variant=variant)


def _of_many_stills(stills: Sequence[Picture]) -> Iterator[Asked]:
    """As videos, one for each thing undone: the exchange compares each frame of a video with stills."""
    by_undone: dict[tuple[Undone, ...], list[Picture]] = defaultdict(list)
    for still in sorted(stills, key=lambda one: one.seconds or (0, 0)):
        by_undone[tuple(still.undone)].append(still)
    for undone, group in by_undone.items():
        for piece in _pieces(group):
            for turn, variant in enumerate(IN_ORDER):
                frames = [
                    VideoFrame(one.hashes[turn], one.quality, one.seconds[0]) for one in piece if one.seconds and turn < len(one.hashes)
                ]
                if frames:
                    yield Asked(Kind.VPDQ, format_vpdq(frames), variant=variant, undone=undone)


def _pieces(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    for start in range(0, len(parts), MAXIMUM_VPDQ_FRAMES):
        yield parts[start : start + MAXIMUM_VPDQ_FRAMES]


def _sound_texts(values: Sequence[int]) -> list[str]:
    """Return one text, or those of pieces that overlap."""
    for length in (MAXIMUM_CHROMAPRINT_VALUES, *_PIECE_VALUES):
        starts = range(0, max(1, len(values) - length + length // 4), length // 4)
        try:
            return [format_chromaprint(values[start : start + length]) for start in starts]
        except FingerprintMalformedError:
            if length == _PIECE_VALUES[-1]:
                raise
    return []
