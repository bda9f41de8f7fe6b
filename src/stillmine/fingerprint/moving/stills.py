# SPDX-License-Identifier: Apache-2.0
"""The pictures that a moving file shows, each different one once, as stills to ask about: a protected photograph may be one of them.

For the asking side only: spec/screen.md. Each is asked about as a picture is, in eight turns, whole and without what is around it, on white
and on black. Must never keep a picture after the call, nor pass one over: what is too many is said.
"""

from dataclasses import dataclass

from PIL import Image

from stillmine.fingerprint.ground.turns import variants_after
from stillmine.fingerprint.moving.frames import ShownFrame
from stillmine.fingerprint.picture.image import fingerprint_pixels
from stillmine.fingerprint.picture.query import TurnedHashes, ask_inside, ask_on_black, upright_luma
from stillmine.wire.kinds import MINIMUM_QUALITY

MAXIMUM_STILLS = 40_000
"""Of one file: more than two hours have at two a second, with a cut and a key frame between two. All of it fits into a worker's answer."""


@dataclass(slots=True)
class Still:
    """The eight hashes of a picture, what was undone before, and from when to when it is seen first, in seconds from the first picture."""

    hashes: tuple[bytes, ...]
    quality: int
    undone: tuple[str, ...]
    start_seconds: float
    end_seconds: float


class Stills:
    """Collects from one reading; `is_limited` says that there were more than are kept."""

    def __init__(self) -> None:
        self._by_pdq: dict[bytes, Still] = {}
        self.is_limited = False

    def found(self) -> tuple[Still, ...]:
        """Return those with detail, in the order in which they are shown."""
        return tuple(self._by_pdq.values())

    def take(self, shown: ShownFrame, whole: TurnedHashes | None = None) -> None:
        """Take in a picture; `whole` are the hashes of all of it, where they are known."""
        made = [whole or hash_whole(shown), *ask_inside(upright_luma(Image.fromarray(shown.rgb), shown.turn))]
        if shown.on_black is not None:
            made += ask_on_black(upright_luma(Image.fromarray(shown.on_black), shown.turn))
        for hashes in made:
            if hashes.quality >= MINIMUM_QUALITY:
                self._add(hashes, shown)

    def _add(self, made: TurnedHashes, shown: ShownFrame) -> None:
        if made.hashes[0] in self._by_pdq:
            return
        if len(self._by_pdq) >= MAXIMUM_STILLS:
            self.is_limited = True
            return
        self._by_pdq[made.hashes[0]] = Still(made.hashes, made.quality, made.undone, shown.start_seconds, shown.end_seconds)


def hash_whole(shown: ShownFrame) -> TurnedHashes:
    """Return the eight hashes of all of a picture, upright."""
    made = fingerprint_pixels(shown.rgb, shown.rgb.shape[1], shown.rgb.shape[0], 3)
    return TurnedHashes(variants_after(shown.turn, made.variants), made.quality, ())
