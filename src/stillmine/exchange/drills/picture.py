# SPDX-License-Identifier: Apache-2.0
"""The picture of a drill: soft grey noise out of random bytes, which shows nothing and nobody, and its fingerprint.

Its bits are as good as random, so that it is about 128 bits away from every picture there is. The same seed gives the same picture.
"""

import hashlib
import io

import numpy as np
from PIL import Image

from stillmine.exchange.drills.kind import DrillKind
from stillmine.fingerprint import fingerprint_image
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import FULL_QUALITY, Kind

SIDE = 512
GRAINS = 16


def drill_picture(seed: bytes) -> bytes:
    """Return the PNG file of this seed."""
    grains = np.random.default_rng(int.from_bytes(seed)).integers(0, 256, size=(GRAINS, GRAINS), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(grains).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def drill_fingerprint(kind: DrillKind, picture: bytes) -> Fingerprint:
    """Return the fingerprint that a drill with this picture plants."""
    if kind is DrillKind.PDQ:
        made = fingerprint_image(picture)
        return Fingerprint(kind=Kind.PDQ, value=made.pdq.hex(), quality=made.quality)
    digest = hashlib.md5(picture, usedforsecurity=False) if kind is DrillKind.MD5 else hashlib.sha256(picture)
    return Fingerprint(kind=Kind(kind.value), value=digest.hexdigest(), quality=FULL_QUALITY)
