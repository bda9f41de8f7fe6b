# SPDX-License-Identifier: Apache-2.0
"""Ordinary pictures stored as pictures of high dynamic range are; made here, each the same every time."""

import struct

import numpy as np
from PIL import Image

from tests.fingerprint.damaged_files import chunk
from tests.fingerprint.picture_files import save, scene

WHITE_NITS = 203
PQ, HLG = 16, 18


SRGB, BT2020 = 1, 9
LUMINANCE_OF_SRGB, LUMINANCE_OF_BT2020 = np.array([0.2126, 0.7152, 0.0722]), np.array([0.2627, 0.6780, 0.0593])
TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


def stored_as(primaries: int, transfer: int, image: Image.Image) -> Image.Image:
    """What shows as `image` where white is 203 nits."""
    shown = np.asarray(image) / 255
    light = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    nits = WHITE_NITS * (light @ TO_BT2020.T if primaries == BT2020 else light)
    if transfer == PQ:
        powered = (nits / 10_000) ** (2610 / 16384)
        stored = ((3424 / 4096 + 2413 / 128 * powered) / (1 + 2392 / 128 * powered)) ** (2523 / 32)
    else:
        luminance = nits @ (LUMINANCE_OF_BT2020 if primaries == BT2020 else LUMINANCE_OF_SRGB)
        scene_luminance = np.maximum(luminance / 1000, 1e-9) ** (1 / 1.2)
        light = np.clip(nits / 1000 / scene_luminance[..., np.newaxis] ** 0.2, 0, 1)
        stored = np.where(light <= 1 / 12, np.sqrt(3 * light), 0.17883277 * np.log(np.maximum(12 * light - 0.28466892, 1e-9)) + 0.55991073)
    return Image.fromarray(np.round(255 * stored).astype(np.uint8))


def hdr_png(primaries: int, transfer: int) -> bytes:
    plain = save(stored_as(primaries, transfer, scene()), "PNG")
    return plain[:33] + chunk(b"cICP", bytes((primaries, transfer, 0, 1))) + plain[33:]


def hdr_avif(primaries: int, transfer: int) -> bytes:
    plain = save(stored_as(primaries, transfer, scene()), "AVIF", quality=95)
    place = plain.index(b"nclx") + 4
    return plain[:place] + struct.pack(">HH", primaries, transfer) + plain[place + 4 :]


HDR_FILES = {
    f"{form}, transfer {transfer}, primaries {primaries}": make(primaries, transfer)
    for form, make in (("png", hdr_png), ("avif", hdr_avif))
    for transfer in (PQ, HLG)
    for primaries in (SRGB, BT2020)
}
