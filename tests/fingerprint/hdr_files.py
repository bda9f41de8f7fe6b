# SPDX-License-Identifier: Apache-2.0
"""Ordinary pictures stored as pictures of high dynamic range are; made here, each the same every time."""

import struct

import numpy as np
from damaged_files import chunk
from picture_files import save, scene
from PIL import Image

WHITE_NITS = 203
PQ, HLG = 16, 18


def stored_as(transfer: int, image: Image.Image) -> Image.Image:
    """What shows as `image` where white is 203 nits."""
    shown = np.asarray(image) / 255
    nits = WHITE_NITS * np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    if transfer == PQ:
        powered = (nits / 10_000) ** (2610 / 16384)
        stored = ((3424 / 4096 + 2413 / 128 * powered) / (1 + 2392 / 128 * powered)) ** (2523 / 32)
    else:
        light = (nits / 1000) ** (1 / 1.2)
        stored = np.where(light <= 1 / 12, np.sqrt(3 * light), 0.17883277 * np.log(np.maximum(12 * light - 0.28466892, 1e-9)) + 0.55991073)
    return Image.fromarray(np.round(255 * stored).astype(np.uint8))


def hdr_png(transfer: int) -> bytes:
    plain = save(stored_as(transfer, scene()), "PNG")
    return plain[:33] + chunk(b"cICP", bytes((1, transfer, 0, 1))) + plain[33:]


def hdr_avif(transfer: int) -> bytes:
    plain = save(stored_as(transfer, scene()), "AVIF", quality=95)
    place = plain.index(b"nclx") + 6
    return plain[:place] + struct.pack(">H", transfer) + plain[place + 2 :]


HDR_FILES = {
    f"{form} {name}": make(transfer)
    for form, make in (("png", hdr_png), ("avif", hdr_avif))
    for name, transfer in (("pq", PQ), ("hlg", HLG))
}
