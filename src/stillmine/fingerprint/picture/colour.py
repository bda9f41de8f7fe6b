# SPDX-License-Identifier: Apache-2.0
"""Colours as a browser shows them: an embedded profile is applied, everything else is taken for sRGB.

Phones save in wide-gamut profiles; without this the same picture would give other bits here than in the
browser. A profile that can't be used is ignored, as browsers do: the picture counts, not its profile.
"""

import io

import numpy as np
from PIL import Image, ImageCms

_SPACES = {"L": "GRAY", "RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK"}
_MAX_INVISIBLE_STEP = 2
_PROBE_STEPS = 6


def to_srgb(image: Image.Image) -> Image.Image:
    """Return an L, RGB or RGBA picture in sRGB from an L, RGB, RGBA or CMYK one."""
    profile = _usable_profile(image)
    if profile is None or (image.mode in ("RGB", "RGBA") and _is_srgb(profile)):
        return image.convert("RGB") if image.mode == "CMYK" else image
    target_mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode=target_mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted = None
    return image.convert(target_mode) if converted is None else converted


def has_usable_profile(image: Image.Image) -> bool:
    """Return whether an embedded profile says how the colours of an L, RGB, RGBA or CMYK picture are stored."""
    return _usable_profile(image) is not None


def has_own_colours(image: Image.Image) -> bool:
    """Return whether an embedded profile moves the colours, so that stored luma is not the luma that is shown."""
    profile = _usable_profile(image)
    return profile is not None and not _is_srgb(profile)


def _usable_profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    stored = image.info.get("icc_profile")
    if not isinstance(stored, bytes) or not stored:
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(stored))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return profile if profile.profile.xcolor_space.strip() == _SPACES[image.mode] else None


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether the profile moves no colour visibly: asked of the numbers, as names of profiles lie."""
    steps = np.linspace(0, 255, _PROBE_STEPS).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(_PROBE_STEPS, -1, 3)
    try:
        moved = ImageCms.profileToProfile(Image.fromarray(lattice), profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return True
    if moved is None:
        return True
    return int(np.abs(np.asarray(moved).astype(int) - lattice).max()) <= _MAX_INVISIBLE_STEP
