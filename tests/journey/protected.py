# SPDX-License-Identifier: Apache-2.0
"""What a person protects in the journeys, one file of each kind, and the copy of it that somebody uploads later."""

from pathlib import Path
from typing import NamedTuple

from moving_files import read_clip, read_sound
from sound_edits import clip_of
from video_edits import h264, scaled

from stillmine.demo.edits import altered_copies
from stillmine.fingerprint.file import fingerprint_file
from stillmine.wire.fingerprint import Fingerprint
from stillmine.wire.kinds import Kind

WHOLE_SECONDS, LONGEST_SIDE = 60, 1000


class Protected(NamedTuple):
    """A fingerprint of the person's own file, and a copy that goes around."""

    fingerprint: Fingerprint
    copy: bytes


def photograph(root: Path, edit: str = "half size") -> Protected:
    """A photograph, and one of the demo's altered copies of it."""
    path = root / "media/skimage/rocket.jpg"
    copies = {copy.name: copy.data for copy in altered_copies(path.read_bytes())}
    return Protected(_made(path, Kind.PDQ), copies[edit])


def video(root: Path) -> Protected:
    """A video, and the same at half its size in another quality."""
    path = root / "media/video/pattern.mp4"
    return Protected(_made(path, Kind.VPDQ), h264(scaled(read_clip(path, WHOLE_SECONDS, LONGEST_SIDE), 0.5)))


def sound(root: Path) -> Protected:
    """A sound, and twelve seconds from its middle."""
    path = root / "media/audio/strings.mp3"
    samples = read_sound(path)
    clip = None if samples is None else clip_of(samples, 12)
    assert clip is not None
    return Protected(_made(path, Kind.CHROMAPRINT), clip)


def very_file(root: Path) -> Protected:
    """A file that is protected by its digest alone."""
    path = root / "media/clothing/boots.jpg"
    return Protected(_made(path, Kind.SHA256), path.read_bytes())


def unrelated(root: Path) -> bytes:
    """A photograph that nobody protects."""
    return (root / "media/clothing/coat.jpg").read_bytes()


def _made(path: Path, kind: Kind) -> Fingerprint:
    return next(each for each in fingerprint_file(path).fingerprints() if each.kind is kind)
