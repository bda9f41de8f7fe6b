# SPDX-License-Identifier: Apache-2.0
"""The regions of an upload's pictures, and the hashes at places of one of them where the exchange thinks that a stored picture lies.

Runs in a worker process only. What is asked about comes from an exchange that may be hostile: a place that does not lie in the picture, or
that is smaller than any that is stored, is not hashed. Must never keep a picture, nor its base, after the call.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillmine.fingerprint import DEFAULT_LIMITS, FileTooLargeError, ImageTooSmallError
from stillmine.fingerprint.picture.decode import Decoded, decode_image
from stillmine.fingerprint.picture.query import upright_pixels
from stillmine.fingerprint.picture.region_views import AS_IT_IS, STRETCHED, ViewOf, asked_regions, sides_of
from stillmine.fingerprint.picture.regions import Base, base_of, hash_places
from stillmine.fingerprint.picture.stored_pictures import stored_pictures
from stillmine.matching.region_look import STEPS
from stillmine.partner.fingerprinting.worker_messages import PictureRegions, PlaceHashes, PlacesWanted, View
from stillmine.wire.kinds import PDQ_BYTES
from stillmine.wire.regions import is_of_small_view
from stillmine.wire.screen import RegionsChoice

SMALLEST_RADIUS = 5.0
"""Of a place that is hashed, in pixels of the small view. The exchange counts none below 6; rounding must not lose one."""

OUTSIDE = 0.3
"""Part of its own half side by which a place may reach beyond the picture. The exchange counts none beyond 0.15."""


class NumberedBase(NamedTuple):
    """A small grey copy of one picture of a file, in which regions are found: a picture itself, gone with the call."""

    number: int
    base: Base


def numbered_base(number: int, decoded: Decoded) -> NumberedBase:
    """Return what regions are found in of a picture that was decoded."""
    return NumberedBase(number, base_of(upright_pixels(decoded)))


def regions_of(bases: Iterable[NumberedBase], choice: RegionsChoice, is_time_left: Callable[[], bool]) -> Iterator[PictureRegions]:
    """Return the views of each picture that is not too narrow to have any; where time is over the rest is left out, and that is said."""
    first, *others = (*AS_IT_IS, *STRETCHED) if choice is RegionsChoice.ALL else AS_IT_IS
    for number, base in bases:
        sides = sides_of(base)
        if not is_of_small_view(*sides):
            continue
        views, is_cut = [_view(base, first)], False
        for view in others:
            is_cut = is_cut or not is_time_left()
            if not is_cut and is_of_small_view(*sides_of(base, view.stretch)):
                views.append(_view(base, view))
        yield PictureRegions(number, *sides, views, is_cut)


def place_hashes(data: bytes, wanted: PlacesWanted) -> PlaceHashes:
    """Return the hashes at places of the picture of a file that `number` counts; raises a MediaError."""
    if len(data) > DEFAULT_LIMITS.max_file_bytes:
        raise FileTooLargeError
    pictures, _ = stored_pictures(data, DEFAULT_LIMITS)
    if wanted.number >= len(pictures):
        raise ImageTooSmallError
    picture = pictures[wanted.number]
    base = base_of(upright_pixels(decode_image(picture.data, DEFAULT_LIMITS, picture.place, is_asking=True)))
    frames = np.frombuffer(wanted.frames, "<i2").reshape(-1, 6)
    hashes = np.zeros((len(frames), PDQ_BYTES), np.uint8)
    is_hashed = _may_be_hashed(frames, base)
    if is_hashed.any():
        hashes[is_hashed] = hash_places(base, frames[is_hashed].astype(np.int16))
    return PlaceHashes(hashes.tobytes())


def _view(base: Base, view: ViewOf) -> View:
    return View(*sides_of(base, view.stretch), asked_regions(base, view))


def _may_be_hashed(frames: NDArray[np.int16], base: Base) -> NDArray[np.bool_]:
    """Return which places lie in the picture and are large enough; zeros are none."""
    width, height = sides_of(base)
    x, y, ux, uy, vx, vy = frames.astype(np.float64).T
    across, down = np.hypot(ux, vx), np.hypot(uy, vy)
    radius = np.sqrt(np.abs(ux * vy - uy * vx) * width * height) / STEPS
    is_inside = (x >= (1 - OUTSIDE) * across) & (x <= STEPS - (1 - OUTSIDE) * across)
    is_inside &= (y >= (1 - OUTSIDE) * down) & (y <= STEPS - (1 - OUTSIDE) * down)
    may_be: NDArray[np.bool_] = is_inside & (radius >= SMALLEST_RADIUS)
    return may_be
