# SPDX-License-Identifier: Apache-2.0
"""The same files in Chromium, Firefox and WebKit give what the server gives, or differ no more than is measured: docs/portal.md.

`bench/browser_prints.py` prints the table, and goes over the larger set of media too.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stillmine.fingerprint.sound.compare import compare_sounds
from stillmine.wire.chromaprint import parse_chromaprint
from stillmine.wire.kinds import MAXIMUM_DISTANCE_BITS
from tests.more_media import SMALL
from tests.other_browsers import Window
from tests.portal.browser_steps import Person
from tests.portal.device_engine import Made
from tests.portal.device_prints import ALIKE, apart, made_in, open_engine, seconds_apart, server_values
from tests.portal.portal_server import PortalServer

pytestmark = pytest.mark.long

NO_MEDIA = {"", ".md", ".txt"}
PDQ_BITS = 4
FRAME_BITS = 18
"""Of each second. Within 31 bits two pictures match."""
REGIONS_SHARE = 0.5
"""Of a picture's regions, those that the other decoder would not choose too: the server still sees them all (bench/browser_regions.py)."""
OTHERWISE = {"v_pq_libsvtav1.mp4", "v_alpha_vp9.webm", "mjpeg_exif.avi", "a_base.avif"}
"""HDR that Firefox and WebKit map otherwise; transparency that WebKit's player lays on black; a film that WebKit alone opens; an AVIF,
of which Chromium's decoder gives other regions."""


@pytest.fixture(scope="module")
def page_with_engine(window: Window, engine_page: Path) -> Iterator[Window]:
    with PortalServer(engine_page) as server:
        open_engine(window, server.address)
        yield window


def files_of(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in NO_MEDIA)
    return [path for path in files if not path.name.startswith("LICENSE")]


def wrong_in(file: Path, made: Made) -> list[str]:
    """Return what a browser makes of a file otherwise than it may."""
    server = server_values(file)
    wrong = []
    for kind in made.values.keys() & server.keys():
        far = apart(kind, made.values[kind], server[kind])
        most = {"pdq": PDQ_BITS, "regions": REGIONS_SHARE, "vpdq": FRAME_BITS}.get(kind, 0)
        if kind == "chromaprint":
            is_wrong = not compare_sounds(*(parse_chromaprint(value) for value in (made.values[kind], server[kind]))).is_match
        else:
            is_wrong = far > most and file.name not in OTHERWISE
        if is_wrong:
            wrong.append(f"{file.name}: {kind} {far:.3g}")
    missing = [kind for kind in ALIKE if kind in server and kind not in made.values]
    if missing and not said(made):
        wrong.append(f"{file.name}: no {missing}, and nothing said: {made.notes}")
    return wrong


def said(made: Made) -> bool:
    """Whether the person is told that something could not be read."""
    return any(note.endswith(("_readable", "_opened", "ends_early")) for note in made.notes)


@pytest.mark.parametrize("folder", ["media/skimage", "media/exif_orientation", "media/clothing", "media/video", "media/audio"])
def test_the_projects_media_come_out_as_on_the_server(page_with_engine: Window, root: Path, folder: str) -> None:
    files = files_of(root / folder)
    made = made_in(page_with_engine, files)
    assert [one.problem for one in made if one.problem] == []
    assert [word for file, one in zip(files, made, strict=True) for word in wrong_in(file, one)] == []
    assert [file.name for file, one in zip(files, made, strict=True) if said(one)] == []


@pytest.mark.parametrize("folder", ["reported", "video", "audio"])
def test_odd_files_come_out_as_on_the_server_or_it_is_said(page_with_engine: Window, folder: str) -> None:
    files = files_of(SMALL / folder)
    made = made_in(page_with_engine, files)
    assert [one.problem for one in made if one.problem] == []
    assert [word for file, one in zip(files, made, strict=True) for word in wrong_in(file, one)] == []


def test_what_a_page_decodes_for_the_worker_comes_with_every_file_of_a_line(page_with_engine: Window, tmp_path: Path) -> None:
    """WebKit ran the worker's first file once more when a part was loaded: two engines asked, and only the first file was read."""
    transparent = SMALL / "reported/v_alpha_vp9.webm"
    again = tmp_path / "again.webm"
    again.write_bytes(transparent.read_bytes())
    first, second = made_in(page_with_engine, [transparent, again])
    assert first.notes == second.notes == ["video_has_no_sound"]
    assert max(seconds_apart(first.values["vpdq"], second.values["vpdq"])) <= MAXIMUM_DISTANCE_BITS


def test_a_file_that_no_browser_opens_is_said_on_the_page(window: Window, portal: PortalServer) -> None:
    person = Person(window)
    person.goes_to(f"{portal.address}/protect/")
    for key in ("protect.who.person", "protect.age.adult", "protect.age.adult"):
        person.presses_button(key)
    person.chooses_files("#chooser", SMALL / "reported/v_wmv.wmv")
    person.sees("[data-outcome=ready]", person.words["protect.note.video_not_opened"])
