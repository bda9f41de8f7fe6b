# SPDX-License-Identifier: Apache-2.0
"""The text form, the comparison, known clips, and the field's own matcher on our text."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stillmine.fingerprint.moving.compare import MatchedSpan, compare_videos
from stillmine.fingerprint.moving.video import Frame, fingerprint_video
from stillmine.fingerprint.moving.vpdq_text import write_vpdq
from stillmine.fingerprint.picture.image import distance_bits
from stillmine.wire.errors import FingerprintMalformedError
from stillmine.wire.vpdq import parse_vpdq
from tests.fingerprint_video.video_clips import MEDIA, encode, frames_of, resized, scene

KNOWN = json.loads((Path(__file__).parent / "known_clips.json").read_text())
A, B = bytes(range(32)), bytes(range(32, 64))


@pytest.mark.parametrize("name", KNOWN)
def test_known_clips_keep_their_fingerprints(name: str) -> None:
    """Decoders may round differently from version to version, so a few bits are allowed."""
    expected = frames_of(json.dumps(KNOWN[name]))
    made = fingerprint_video(MEDIA / name).frames
    assert [(f.start_seconds, f.end_seconds) for f in made] == [(f.start_seconds, f.end_seconds) for f in expected]
    assert max(distance_bits(a.pdq, b.pdq) for a, b in zip(made, expected, strict=True)) <= 6


def test_frames_and_runs_round_trip() -> None:
    frames = (Frame(A, 100, 0.0, 7.0), Frame(B, 51, 8.0, 8.0), Frame(A, 60, 9.5, 10.0))
    text = write_vpdq(frames)
    assert [entry.split(",")[1:] for entry in json.loads(text)] == [
        ["100", "0.0"],
        ["100", "7.0"],
        ["51", "8.0"],
        ["60", "9.5"],
        ["60", "10.0"],
    ]
    assert frames_of(text) == frames


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", '["x"]', f'["{A.hex()},101,0.0"]', f'["{A.hex()},100,-1"]', f'["{A.hex()},100"]'])
def test_malformed_texts_are_refused(text: str) -> None:
    with pytest.raises(FingerprintMalformedError):
        parse_vpdq(text)


def test_a_video_without_frames_has_no_text() -> None:
    with pytest.raises(FingerprintMalformedError):
        write_vpdq(())


def test_a_cut_copy_is_found_where_it_is() -> None:
    whole = fingerprint_video(encode(scene()))
    cut = fingerprint_video(encode(scene()[20:50]))
    found = compare_videos(cut.frames, whole.frames)
    assert (found.percent_of_a, found.offset_seconds) == (100, 2)
    assert 50 <= found.percent_of_b < 100
    assert found.spans == (MatchedSpan(0, 2, 2),)
    assert compare_videos((), whole.frames).is_match is False


def test_the_fields_matcher_matches_our_text() -> None:
    """In a process of its own: PyPI's `vpdq` brings its own FFmpeg, and two of them need not get along."""
    pytest.importorskip("vpdq", reason="PyPI `vpdq` is not installed")
    ours = write_vpdq(fingerprint_video(encode(scene())).frames)
    copy = write_vpdq(fingerprint_video(encode(resized(scene(), 480, 720), "webm", "libvpx-vp9", options={"cpu-used": "8"})).frames)
    stranger = write_vpdq(fingerprint_video(MEDIA / "pattern.mp4").frames)
    program = (
        "import json, sys\n"
        "from threatexchange.extensions.vpdq.vpdq import VPDQSignal\n"
        "a, b, c = json.load(sys.stdin)\n"
        "assert VPDQSignal.validate_signal_str(a) == a\n"
        "print(VPDQSignal.compare_hash(a, b).match, VPDQSignal.compare_hash(a, c).match)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps([ours, copy, stranger]), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "False"]


def test_the_fields_own_fingerprint_of_a_copy_matches_ours(tmp_path: Path) -> None:
    pytest.importorskip("vpdq", reason="PyPI `vpdq` is not installed")
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from threatexchange.extensions.vpdq.vpdq import VPDQSignal\n"
        "print(VPDQSignal.hash_from_file(Path(sys.argv[1])))\n"
    )
    clip = MEDIA / "pattern.mp4"
    theirs = subprocess.run([sys.executable, "-c", program, str(clip)], capture_output=True, text=True, check=True).stdout.strip()
    found = compare_videos(frames_of(theirs), fingerprint_video(clip).frames)
    assert found.percent_of_a == 100
    assert found.offset_seconds == 0
