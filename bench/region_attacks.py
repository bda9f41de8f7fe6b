# SPDX-License-Identifier: Apache-2.0
"""Attacks on PDQ and on regions, by somebody who has the picture and this source code: each takes RGB pixels and gives RGB pixels.

By linear algebra and few gradient steps, no network. Each aims at one of two things: a copy that is not found, or a picture that is taken
for another one. None needs the exchange: whoever has the picture can make its fingerprints.
"""

from __future__ import annotations

import numpy as np
from inversion import Floats, Sampled, cosines, parts, size_of, whole
from PIL import Image, ImageFilter
from region_asking import Pixels
from region_upload import Enrolled, pdq_of

from stillmine.fingerprint import distance_bits
from stillmine.fingerprint.picture.reference import downsample, to_luma, transform
from stillmine.matching.region_values import StoredRegions

KEPT = 16
FLIPPED = 96
"""Bits of PDQ that an evasion turns."""
EVADED_BITS = 40
FORGED_BITS = 28
FORGING_ROUNDS = 30
EVADING_ROUNDS = 60
STRENGTHS = (1.3, 1.8, 2.5)
REGION_AREA = 256 * 256


def psnr(some: Pixels, other: Pixels) -> float:
    """Return how alike two pictures of one size are, in dB."""
    error = float(np.mean((some.astype(np.float64) - other) ** 2))
    return float(10 * np.log10(255**2 / max(1e-9, error)))


def as_pixels(picture: Floats) -> Pixels:
    """Return whole numbers from 0 to 255."""
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def coefficients(pixels: Pixels) -> Floats:
    """Return the 16 x 16 cosines of a picture that PDQ looks at."""
    return transform(downsample(to_luma(pixels)))


def added(pixels: Pixels, change: Floats) -> Pixels:
    """Return a picture with a change of its luma, of any size, added to each colour."""
    smooth = Image.fromarray(change.astype(np.float32)).resize((pixels.shape[1], pixels.shape[0]), Image.Resampling.BICUBIC)
    return as_pixels(pixels + np.asarray(smooth, np.float64)[:, :, None])


def _of_block(change: Floats) -> Floats:
    rows = cosines(64, KEPT, 1)
    return np.asarray(rows.T @ change.reshape(KEPT, KEPT) @ rows)


def evade_pdq(pixels: Pixels, bits: int = EVADED_BITS) -> Pixels:
    """Return the picture with the coefficients nearest to the median moved to its other side, as few and as little as is enough for
    so many bits of its PDQ to turn.
    """
    found = coefficients(pixels).ravel()
    median = np.median(found)
    nearest = np.argsort(np.abs(found - median))
    below = [place for place in nearest if found[place] < median][: FLIPPED // 2]
    above = [place for place in nearest if found[place] > median][: FLIPPED // 2]
    made, before = pixels, pdq_of(pixels)
    for wanted in range(8, FLIPPED // 2 + 1, 4):
        turned = below[:wanted] + above[:wanted]
        beyond = 0.15 * np.abs(found[turned] - median).max() + 0.5
        for strength in STRENGTHS:
            change = np.zeros(KEPT * KEPT)
            change[turned] = (median - found[turned]) * strength + np.sign(median - found[turned]) * beyond
            made = added(pixels, _of_block(change))
            if distance_bits(pdq_of(made), before) >= bits:
                return made
    return made


def forge_pdq(pixels: Pixels, pdq: bytes) -> Pixels:
    """Return the picture with the PDQ of another one."""
    wanted = whole(pdq, 64, 64).bits[0] > 0
    picture: Floats = pixels.astype(np.float64)
    for attempt in range(FORGING_ROUNDS):
        found = coefficients(as_pixels(picture))
        median, margin = np.median(found), 4 + 1.5 * attempt
        change = np.where(wanted, np.maximum(0, median + margin - found), np.minimum(0, median - margin - found))
        picture = added(as_pixels(picture), 0.7 * _of_block(change)).astype(np.float64)
        if distance_bits(pdq_of(as_pixels(picture)), pdq) <= FORGED_BITS:
            break
    return as_pixels(picture)


def blur_keypoints(pixels: Pixels, known: Enrolled, count: int, strength: float) -> Pixels:
    """Return the picture with the centres of its strongest regions blurred, by a part of each radius."""
    stored = known.stored
    scale = pixels.shape[1] / stored.width
    y, x = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]] + 0.5
    made = pixels.copy()
    picture = Image.fromarray(pixels)
    for frame in stored.frames[:count]:
        radius = float(np.hypot(frame[2], frame[3])) * scale
        soft = np.asarray(picture.filter(ImageFilter.GaussianBlur(radius * strength)))
        near = np.hypot(x - frame[0] * scale, y - frame[1] * scale) <= radius * 0.5
        made[near] = soft[near]
    return made


def evade_regions(pixels: Pixels, known: Enrolled, share: float, margin: float = 0.05) -> Pixels:
    """Return the picture with a share of the bits of each enrolled region turned, those that are nearest to it: white box."""
    size = size_of(pixels.shape[1], pixels.shape[0], REGION_AREA)
    sampled = Sampled(*size, [parts(known.stored, *size)])
    start = np.asarray(Image.fromarray(pixels).convert("F").resize(size, Image.Resampling.BOX), np.float64)
    off = _from_median(sampled.of(start))
    turned = np.abs(off) <= np.quantile(np.abs(off), share, axis=(1, 2), keepdims=True)
    wanted = np.where(turned, -sampled.bits, sampled.bits)
    least = margin * np.abs(off).mean(axis=(1, 2), keepdims=True)
    hits = np.maximum(sampled.hits(), 1)
    change = np.zeros_like(start)
    for _ in range(EVADING_ROUNDS):
        off = _from_median(sampled.of(start + change))
        short = np.where(turned, np.maximum(0, least - wanted * off), 0)
        change += sampled.back(wanted * short) / hits
    return added(pixels, change)


def _from_median(found: Floats) -> Floats:
    return np.asarray(found - np.median(found, axis=(1, 2), keepdims=True))


def carry_regions(pixels: Pixels, other: Pixels, stored: StoredRegions, share: float) -> Pixels:
    """Return a picture with the patches of another one laid over it, so much of them, each where it is in the other."""
    height, width = pixels.shape[:2]
    laid = np.asarray(Image.fromarray(other).resize((width, height)), np.float64)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    near = np.zeros((height, width))
    for frame in stored.frames:
        off = np.hypot(x / width * stored.width - frame[0], y / height * stored.height - frame[1]) / np.hypot(frame[2], frame[3])
        near = np.maximum(near, np.clip((1.4 - off) / 0.2, 0, 1))
    part = share * near[:, :, None]
    return as_pixels(pixels * (1 - part) + laid * part)


def pasted(ground: Pixels, picture: Pixels, share: float) -> Pixels:
    """Return a picture pasted on another ground, of a share of its sides."""
    made = Image.fromarray(ground)
    small = Image.fromarray(picture)
    small.thumbnail((round(made.width * share), round(made.height * share)))
    made.paste(small, ((made.width - small.width) // 2, (made.height - small.height) // 3))
    return np.asarray(made)


def pasted_patch(ground: Pixels, picture: Pixels, stored: StoredRegions, number: int) -> Pixels:
    """Return another picture with one region of a picture pasted in its middle, with what lies close around it."""
    scale = picture.shape[1] / stored.width
    x, y, across, down = stored.frames[number, :4] * scale
    reach = round(1.6 * float(np.hypot(across, down)))
    part = picture[max(0, round(y) - reach) : round(y) + reach, max(0, round(x) - reach) : round(x) + reach]
    made = ground.copy()
    part = part[: made.shape[0], : made.shape[1]]
    top, left = (made.shape[0] - part.shape[0]) // 2, (made.shape[1] - part.shape[1]) // 2
    made[top : top + part.shape[0], left : left + part.shape[1]] = part
    return made
