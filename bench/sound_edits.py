# SPDX-License-Identifier: Apache-2.0
"""What happens to sounds on their way, as functions: for the robustness bench, the same every time.

Each edit takes samples, and another sound where one is laid over, and gives the bytes of a file; None where the sound is too short for
the edit. None is tuned to what any fingerprint can or can't hear through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from moving_files import SOUND_RATE, Samples, write_sound


class SoundEdit(NamedTuple):
    """One way to alter a copy; `group` is what it is listed under."""

    group: str
    name: str
    make: Callable[[Samples, Samples], bytes | None]
    holds_other: bool = False


def sent(samples: Samples) -> bytes:
    """Return the sound as it is passed on: MP3 at 64 kbit/s."""
    return write_sound(samples, "mp3", "libmp3lame", 64_000)


def part(samples: Samples, start: float, end: float) -> Samples:
    """Return what lies between two shares of the whole."""
    return samples[round(start * len(samples)) : round(end * len(samples))]


def clip_of(samples: Samples, seconds: float) -> bytes | None:
    """Return that many seconds from the middle, if there are a second more."""
    count = round(seconds * SOUND_RATE)
    if len(samples) < count + SOUND_RATE:
        return None
    start = (len(samples) - count) // 2
    return sent(samples[start : start + count])


def faster(samples: Samples, percent: float) -> Samples:
    """Return the sound played faster by that much, pitch included."""
    at = np.arange(0, len(samples) - 1, 1 + percent / 100)
    made: Samples = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    return made


def level(samples: Samples) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(samples**2)))


def noisy(samples: Samples, decibels: float) -> Samples:
    """Return the sound with white noise that many decibels below it."""
    noise = np.random.Generator(np.random.PCG64(3)).standard_normal(len(samples))
    return np.clip(samples + noise * level(samples) * 10 ** (-decibels / 20), -1, 1).astype(np.float32)


def laid_over(samples: Samples, other: Samples, decibels: float) -> Samples:
    """Return the sound with another one, again and again, that many decibels below it."""
    over = np.resize(other, len(samples))
    gain = level(samples) / max(level(over), 1e-6) * 10 ** (-decibels / 20)
    return np.clip(samples + over * gain, -1, 1).astype(np.float32)


def _codec(name: str, form: str, codec: str, bit_rate: int, rate: int = SOUND_RATE) -> SoundEdit:
    return SoundEdit("saved again", name, lambda samples, _other: write_sound(samples, form, codec, bit_rate, rate))


def _change(group: str, name: str, change: Callable[[Samples], Samples]) -> SoundEdit:
    return SoundEdit(group, name, lambda samples, _other: sent(change(samples)))


def _over(decibels: float) -> SoundEdit:
    name = f"{decibels} dB below"
    return SoundEdit("another sound over it", name, lambda samples, other: sent(laid_over(samples, other, decibels)), holds_other=True)


EDITS: tuple[SoundEdit, ...] = (
    *(_codec(f"MP3, {rate} kbit/s", "mp3", "libmp3lame", rate * 1000) for rate in (128, 64, 32)),
    _codec("AAC, 48 kbit/s", "mp4", "aac", 48_000),
    *(_codec(f"Opus, {rate} kbit/s", "ogg", "libopus", rate * 1000, 48_000) for rate in (32, 16)),
    _codec("AMR, 12 kbit/s, as calls sound", "amr", "libopencore_amrnb", 12_200, 8_000),
    _codec("8,000 samples a second", "wav", "pcm_s16le", 0, 8_000),
    _change("cut", "first 1.3 s off", lambda samples: samples[round(1.3 * SOUND_RATE) :]),
    _change("cut", "first quarter off", lambda samples: part(samples, 0.25, 1)),
    _change("cut", "last quarter off", lambda samples: part(samples, 0, 0.75)),
    _change("cut", "middle half", lambda samples: part(samples, 0.25, 0.75)),
    *(SoundEdit("a clip of", f"{s} s", lambda samples, _other, s=s: clip_of(samples, s)) for s in (5, 8, 10, 15, 20)),  # type: ignore[misc]
    _change("added", "5 s of silence before", lambda samples: np.concatenate([np.zeros(5 * SOUND_RATE, np.float32), samples])),
    *(_change("white noise", f"{db} dB below", lambda samples, db=db: noisy(samples, db)) for db in (20, 10, 0)),  # type: ignore[misc]
    _over(10),
    _over(0),
    *(_change("speed, with pitch", f"{p:+} %", lambda samples, p=p: faster(samples, p)) for p in (-10, -3, -1, 1, 3, 10)),  # type: ignore[misc]
    _change("loudness", "20 dB quieter", lambda samples: (samples * 0.1).astype(np.float32)),
    _change("loudness", "12 dB louder, clipped", lambda samples: np.clip(samples * 4, -1, 1).astype(np.float32)),
)
