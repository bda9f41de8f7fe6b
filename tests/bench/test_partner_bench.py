# SPDX-License-Identifier: Apache-2.0
"""The bench of a partner's service measures every way that it is told to, and counts what goes wrong."""

import itertools
import json
import os
import re
import socketserver
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
from partner_beside import Best
from partner_beside import Cell as Beside
from partner_cells import Side, Taken, took
from partner_hma import PEER_VARIABLE
from partner_services import Target, running_service, screen_fault
from photographs import make_photographs, sources
from processes import Running
from upload_load import Cell, measured

from stillmine.fingerprint import distance_bits, fingerprint_image

ROOT = Path(__file__).resolve().parents[2]

SMALL = ["--fingerprints", "20", "--seconds", "20", "--clients", "1", "2", "--megapixels", "0.1", "--photographs", "4", "--asks", "3"]
NO_MATCH = b'{"outcome":"no_match","matches":[],"synced_at":"2026-12-01T00:00:00Z","reason":null,"is_by_sound_alone":false,"left_out":[]}'


def rows(said: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in said.splitlines() if line.startswith("| ")]


def test_a_small_run_measures_everything(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    command = [sys.executable, str(ROOT / "bench" / "partner.py"), *SMALL, "--media", str(tmp_path), "--out", str(kept)]
    variables = {name: text for name, text in os.environ.items() if name != PEER_VARIABLE}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    assert done.returncode == 0, done.stderr
    measured_rows = [row for row in rows(done.stdout) if row[2:3] in (["list"], ["ask"])]
    cells = [("0.1 MP", "1"), ("0.1 MP", "2"), ("1.6 MP, one uploaded again and again", "4")]
    assert [row[:4] for row in measured_rows] == [[*cell, way, "4"] for cell in cells for way in ("list", "ask")]
    assert {row[-1] for row in measured_rows} == {"none"}
    queries = [float(row[-2]) for row in measured_rows if row[2] == "ask"]
    assert queries[0] >= 10, "not one may be answered from memory"
    assert queries[1] >= 10
    assert queries[2] < 10
    assert re.search(r"^\| 8 `pdq`, `sha256`, `md5` \| [\d.]+ \|", done.stdout, re.MULTILINE)
    assert re.search(r"^\| ask of 10 queries \| 2 \| [\d.]+ \|", done.stdout, re.MULTILINE)
    assert "media/exif_orientation" in done.stdout
    assert f"Hasher-Matcher-Actioner: not run ({PEER_VARIABLE} is not set)" in done.stdout
    figures = json.loads(kept.read_text())
    assert [(one["what"], one["clients"], one["hma"]) for one in figures["beside"]] == [
        (what, clients, None) for what in ("0.1 MP", "lookup") for clients in (1, 2)
    ]
    assert all(one["ours"]["errors"] == {} and one["ours"]["rate"] > 0 for one in figures["beside"])
    assert list(figures["searchable_seconds"]) == ["20"]


def test_photographs_are_different_and_show_something(tmp_path: Path) -> None:
    made = [fingerprint_image(path.read_bytes()) for path in make_photographs(tmp_path / "made", sources(tmp_path), 0.1, 12)]
    assert min(each.quality for each in made) >= 50
    assert all(distance_bits(one.pdq, other.pdq) > 0 for place, one in enumerate(made) for other in made[:place])


def test_an_answer_that_is_no_answer_is_counted() -> None:
    assert screen_fault(200, NO_MATCH) is None
    assert screen_fault(503, b"") == "HTTP 503"
    late = NO_MATCH.replace(b'"no_match"', b'"not_screened"').replace(b'"reason":null', b'"reason":"deadline"')
    assert screen_fault(200, late) == "deadline"
    cell = Cell([1.0, 2.0, 3.0, 4.0], 2.0, Counter({"deadline": 1, "HTTP 503": 1}))
    assert cell.rate == 1.0
    assert cell.faults_in_words() == "1 deadline, 1 HTTP 503"


class Answering(socketserver.BaseRequestHandler):
    """Answers each request on a connection, in pieces, and every third with 503; the fourth it leaves unanswered."""

    def handle(self) -> None:
        for number in itertools.count():
            if not self.request.recv(65536) or number == 3:
                return
            status = b"503 Busy" if number == 2 else b"200 OK"
            self.request.sendall(b"HTTP/1.1 " + status + b"\r\nCONTENT-LENGTH: 11\r\n\r\nfirst")
            self.request.sendall(b" second"[:6])


def test_of_kept_connections_every_answer_counts_and_a_broken_one_is_opened_again() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = Running(f"http://127.0.0.1:{server.server_address[1]}", os.getpid())
        said: list[bytes] = []

        def fault(status: int, data: bytes) -> str | None:
            said.append(data)
            return None if status == 200 else f"HTTP {status}"

        side = Side("ours", here, "POST", {}, lambda subject: ("/screen", subject), fault)
        taken = took(side, [b"one", b"two"], 2, 0.2)
        server.shutdown()
    assert set(said) == {b"first secon"}
    assert taken.faults.keys() >= {"HTTP 503"}
    assert 0 < taken.faults.total() < len(taken.milliseconds)


def test_the_better_setting_of_each_side_is_compared() -> None:
    slow, fast, theirs = Taken([1.0] * 10, 2.0, 0.1), Taken([1.0] * 30, 2.0, 0.1, Counter({"HTTP 500": 6})), Taken([1.0] * 4, 2.0, 0.4)
    cell = Beside("1.6 MP", 4, max(Best("1", slow), Best("2", fast), key=lambda best: best.taken.rate), Best("2", theirs))
    assert cell.ratio == 6.0
    assert cell.figures()["ours"] == {**Best("2", fast).figures(), "workers": "2"}
    assert cell.row().endswith("| **6.0** | 8 | 3.33 | 100.00 | 2 | 2 | 6 HTTP 500 |")
    assert Beside("1.6 MP", 4, Best("1", slow), None).ratio is None


@pytest.mark.parametrize("clients", [1, 3])
def test_nobody_there_is_counted_and_every_photograph_is_tried_once(tmp_path: Path, clients: int) -> None:
    files = [tmp_path / str(number) for number in range(7)]
    for file in files:
        file.write_bytes(b"photograph")
    nobody = Target("ask", "http://127.0.0.1:1", "/screen", {}, lambda photograph: photograph, screen_fault)
    cell = measured([nobody], Running("", os.getpid()), files, clients, 60)["ask"]
    assert len(cell.milliseconds) == 7
    assert cell.faults == Counter({"ConnectionRefusedError": 7})
    assert cell.rate == 0


def test_the_processor_time_of_a_process_holds_that_of_those_it_started() -> None:
    own = Running("", os.getpid())
    before = own.processor_seconds()
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert own.processor_seconds() - before >= 0.25


def test_nobody_waits_for_a_service_that_has_ended(tmp_path: Path) -> None:
    (tmp_path / "ask.key").touch()
    with pytest.raises(ChildProcessError), running_service(tmp_path, "ask", "no address", "no key"):
        pass
