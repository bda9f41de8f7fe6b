# SPDX-License-Identifier: Apache-2.0
"""Whether channels silence each other when they are mixed to one, and which of them to listen to then: spec/audio.md.

Sound with one side inverted is heard by everyone, and gone once its sides are added. Measured while the sound passes, for the whole of it:
in ordinary stereo short stretches cancel as well. Must never change what is listened to where the mix is to be heard.
"""

from itertools import zip_longest

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

SILENCED = 0.1
"""Energy of the channels' sum, as a share of the sum of their energies: 0 where they cancel, 1 where they are independent, their number
where they are alike. Ordinary stereo lies above 1, inverted sides below 0.002 after any codec: spec/audio.md."""

FRAMES_PER_SECOND = 4
"""So many are measured: all of them would take half as long again as the fingerprint itself."""


class ChannelMeter:
    """Hears frames as they are decoded; `needed_channel` is whole after all of them."""

    def __init__(self) -> None:
        self._energies: list[float] = []
        self._energy_of_sum = 0.0
        self._samples_until_next = 0

    def pass_by(self, frame: AudioFrame) -> None:
        """Hear a frame of at least two channels now and then."""
        if self._samples_until_next <= 0:
            self.hear(frame)
            self._samples_until_next += frame.sample_rate // FRAMES_PER_SECOND
        self._samples_until_next -= frame.samples

    def hear(self, frame: AudioFrame) -> None:
        """Take a frame into account."""
        channels = _channels_of(frame)
        total = channels.sum(axis=0)
        self._energy_of_sum += float(total @ total)
        energies = np.einsum("ij,ij->i", channels, channels).tolist()
        self._energies = [one + other for one, other in zip_longest(self._energies, energies, fillvalue=0.0)]

    @property
    def needed_channel(self) -> int | None:
        """The loudest channel, the first of equals, where the mix is silenced; else None."""
        if self._energy_of_sum >= SILENCED * sum(self._energies):
            return None
        return self._energies.index(max(self._energies))


def _channels_of(frame: AudioFrame) -> npt.NDArray[np.float32]:
    """One row for each channel."""
    samples = frame.to_ndarray()
    wide = samples.astype(np.float32, copy=False)
    if samples.dtype == np.uint8:
        wide = wide - 128
    return wide if frame.format.is_planar else wide.reshape(-1, frame.layout.nb_channels).T
