# SPDX-License-Identifier: Apache-2.0
"""What an edit list cuts away of a sound is not fingerprinted; of a list that can't be followed only digests are stored."""

import io
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from stillmine.fingerprint.file import fingerprint_file
from stillmine.fingerprint.ground.errors import MediaError, SoundEditsError
from stillmine.fingerprint.sound.audio import SoundFingerprint, fingerprint_sound
from tests.edited_clips import Edit, with_edits
from tests.fingerprint_audio.sound_clips import cut, encode_sound, sound

NAME = "strings"
MOST_BITS = 0.05
"""Measured: 0.032 and less, of ALAC none."""


@cache
def encoded(codec: str = "aac", form: str = "mp4") -> bytes:
    return encode_sound(sound(NAME), form, codec, bit_rate=128_000, rate=48_000)


def in_fragments(data: bytes) -> bytes:
    made = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "1000000"}
    with av.open(io.BytesIO(data), "r") as source, av.open(made, "w", format="mp4", container_options=options) as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return made.getvalue()


def differing_bits(left: SoundFingerprint, right: SoundFingerprint) -> float:
    """Of the values that both have; lengths may differ by two."""
    assert abs(len(left.values) - len(right.values)) <= 2
    count = min(len(left.values), len(right.values))
    words = np.array([left.values[:count], right.values[:count]], dtype=np.uint32)
    return float(np.bitwise_count(words[0] ^ words[1]).mean()) / 32


EDITS = {
    "one": [Edit(9, 4)],
    "without a length": [Edit(0, 4)],
    "two": [Edit(6, 8), Edit(5, 1)],
    "empty between": [Edit(6, 8), Edit(3, None), Edit(5, 1)],
    "empty behind": [Edit(10, 3), Edit(2, None)],
    "a repeat": [Edit(6, 2), Edit(6, 2)],
}


@pytest.mark.parametrize("codec", ["aac", "alac", "libopus", "libmp3lame"])
@pytest.mark.parametrize("name", EDITS)
def test_only_what_an_edit_list_plays_is_fingerprinted(name: str, codec: str) -> None:
    form = "mov" if codec == "alac" else "mp4"
    whole = sound(NAME)
    end = len(whole) / 44_100
    parts = [(edit.start, edit.seconds or end - edit.start) for edit in EDITS[name] if edit.start is not None]
    expected = fingerprint_sound(encode_sound(np.concatenate([cut(whole, start, seconds) for start, seconds in parts])))
    made = fingerprint_sound(with_edits(encoded(codec, form), EDITS[name]))
    assert differing_bits(made, expected) <= MOST_BITS
    assert not made.is_truncated


def test_what_was_cut_away_of_a_sound_in_fragments_is_not_fingerprinted() -> None:
    data = in_fragments(encoded())
    assert data.count(b"moof") > 2
    made = fingerprint_sound(with_edits(data, [Edit(0, 5)]))
    whole = sound(NAME)
    expected = fingerprint_sound(encode_sound(cut(whole, 5, len(whole) / 44_100 - 5)))
    assert differing_bits(made, expected) <= MOST_BITS


UNKNOWN = {"only empty": [Edit(5, None)], "twice as fast": [Edit(9, 4, rate=2)], "stays": [Edit(9, 0), Edit(3, 9, rate=0)]}


@pytest.mark.parametrize("name", UNKNOWN)
def test_of_a_list_that_can_not_be_followed_only_digests_are_stored(name: str, tmp_path: Path) -> None:
    file = tmp_path / "edited.m4a"
    file.write_bytes(with_edits(encoded(), UNKNOWN[name]))
    made = fingerprint_file(file)
    assert (made.sound, made.left_out) == (None, (SoundEditsError.code,))
    asked = fingerprint_file(file, is_asking=True)
    assert asked.left_out == (SoundEditsError.code,)
    assert asked.sound is not None
    assert differing_bits(asked.sound, fingerprint_sound(encoded())) <= MOST_BITS


def test_a_list_that_begins_behind_the_end_plays_nothing() -> None:
    with pytest.raises(MediaError):
        fingerprint_sound(with_edits(encoded(), [Edit(9, 300), Edit(3, 400)]))
