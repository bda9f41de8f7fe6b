# SPDX-License-Identifier: Apache-2.0
"""Whatever a decoder raises costs one line, never the files beside it, and none of its words come out."""

import logging
import re
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from stillmine.cli import program
from stillmine.exchange.quarantine.bank_files import read_bank
from stillmine.exchange.quarantine.errors import BankUnreadableError
from stillmine.fingerprint import batch, explain, file
from stillmine.fingerprint.ground.errors import DecoderFailedError, EmptyFileError
from stillmine.fingerprint.ground.guard import guarded

MEDIA = Path(__file__).resolve().parents[2] / "media"
CHAIR, COAT, READER = MEDIA / "video/chair.mp4", MEDIA / "clothing/coat.jpg", MEDIA / "audio/reader.mp3"
WORDS = "words of a stranger's file"


class OddError(Exception):
    """What no decoder of ours is known to raise."""


@pytest.fixture(params=[OddError, ValueError, KeyError, RecursionError, MemoryError, AssertionError])
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder of videos and sounds that raises anything."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise request.param(WORDS)

    monkeypatch.setattr(file, "fingerprint_video", fail)
    monkeypatch.setattr(file, "fingerprint_sound", fail)


@pytest.mark.usefixtures("broken")
def test_in_a_folder_the_other_files_go_on(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        outcomes = list(batch.fingerprint_files([COAT, CHAIR, READER, COAT], 1))
    assert [outcome.code for outcome in outcomes] == ["", "decoder_failed", "decoder_failed", ""]
    assert WORDS not in caplog.text
    assert "a decoder failed: " in caplog.text


@pytest.mark.usefixtures("broken")
def test_a_comparison_says_which_file_it_was() -> None:
    run = CliRunner().invoke(program("compare"), ["compare", str(COAT), str(CHAIR)])
    assert run.exit_code == 1
    assert f"{CHAIR}: {DecoderFailedError.sentence} [decoder_failed]" in run.stderr
    assert WORDS not in run.output


@pytest.mark.usefixtures("broken")
def test_an_animation_keeps_its_picture(tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "moving.gif"
    frames = [Image.open(MEDIA / f"clothing/{name}.jpg").resize((120, 160)) for name in ("coat", "boots")]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=1000)
    made = file.fingerprint_file(path)
    assert made.image is not None
    assert made.left_out == ("decoder_failed",)


def test_what_is_asked_about_is_guarded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> NoReturn:
        raise OddError(WORDS)

    monkeypatch.setattr(explain, "query_pictures", fail)
    with pytest.raises(DecoderFailedError):
        explain.read_asked(COAT)


@pytest.mark.usefixtures("broken")
def test_the_negative_bank_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "chair.mp4").write_bytes(CHAIR.read_bytes())
    with pytest.raises(BankUnreadableError, match=re.escape(f"chair.mp4: {DecoderFailedError.sentence}")):
        read_bank(tmp_path)


def test_our_own_errors_and_what_is_named_pass() -> None:
    with pytest.raises(EmptyFileError), guarded():
        raise EmptyFileError
    with pytest.raises(MemoryError), guarded(MemoryError):
        raise MemoryError
    with pytest.raises(KeyboardInterrupt), guarded():
        raise KeyboardInterrupt
