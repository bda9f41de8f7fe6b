# SPDX-License-Identifier: Apache-2.0
"""The field's own command line `tx`, as published, against a running exchange: set up, fetch, match, and what it keeps."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stillmine.exchange.drills.picture import drill_picture
from stillmine.fingerprint import fingerprint_image
from tests import plain_http
from tests.exchange.exchange_parts import ADULT, PartnerClient, Phone, fingerprint
from tests.exchange.served_exchange import Operator, wait_until

pytestmark = pytest.mark.any_database  # the field's client reads answers

pytest.importorskip("threatexchange")


class Tx:
    """Runs `tx` in a home of its own."""

    def __init__(self, home: Path, url: str, key: str) -> None:
        home.mkdir()
        self.environment = {**os.environ, "HOME": str(home), "TX_STOPNCII_KEYS": f"{key},{key},{url}/stopncii/v1"}

    def run(self, *arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("tx")), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout


def test_tx_fetches_and_matches_and_keeps_what_was_withdrawn(
    operator: Operator, served: tuple[str, object, object], tmp_path: Path
) -> None:
    key = json.loads(operator.run("partner", "add", "Example Forum", "--way", "list", "--json"))["key"]
    picture = tmp_path / "protected.png"
    picture.write_bytes(drill_picture(b"a picture of fog"))
    other = tmp_path / "other.png"
    other.write_bytes(drill_picture(b"another one, too"))
    made = fingerprint_image(picture.read_bytes())
    tx = Tx(tmp_path / "tx-home", served[0], key)
    tx.run("config", "collab", "edit", "stop_ncii", "--create", "stillmine")
    with plain_http.Client(base_url=served[0]) as web:
        phone = Phone(web, b"0123456789")
        fingerprints = [
            {"kind": "pdq", "value": made.pdq.hex(), "quality": made.quality},
            *[fingerprint(number) for number in range(20)],  # its index of a single hash finds nothing once it was on disk
            {"kind": "md5", "value": hashlib.md5(b"a video", usedforsecurity=False).hexdigest(), "quality": 100},
        ]
        assert phone.post("case", {"version": 1, "statement": ADULT, "fingerprints": fingerprints}).status_code == 201
        wait_until(lambda: bool(PartnerClient(web, key).fetch().entries))
        tx.run("fetch", "--only-collab", "stillmine")
        assert "stillmine" in tx.run("match", "photo", str(picture))
        assert "stillmine" not in tx.run("match", "photo", str(other))
        video = tmp_path / "video.mp4"
        video.write_bytes(b"a video")
        assert "stillmine" in tx.run("match", "video", str(video))
        phone.withdraw()
        tx.run("fetch", "--only-collab", "stillmine")
        assert "stillmine" in tx.run("match", "photo", str(picture)), "the open client was mended: docs/partners.md has to say so"


def test_the_open_client_submits_hashes_and_feedback(operator: Operator, served: tuple[str, object, object]) -> None:
    from threatexchange.exchanges.clients.stopncii.api import (
        StopNCIIAPI,
        StopNCIICSPFeedback,
        StopNCIICSPFeedbackValue,
        StopNCIIEndpoint,
        StopNCIISignalType,
    )

    def client(name: str) -> StopNCIIAPI:
        key = json.loads(operator.run("partner", "add", name, "--way", "list", "--json"))["key"]
        keys = {StopNCIIEndpoint.SubmitHashes: key, StopNCIIEndpoint.SubmitFeedback: key}
        return StopNCIIAPI(key, key, keys, base_url_override=served[0] + "/stopncii/v1")

    def active(api: StopNCIIAPI) -> set[str]:
        return {row.hashValue for page in api.fetch_hashes_iter() for row in page.hashRecords if row.hashStatus.value == "Active"}

    ours, theirs = client("Example Forum"), client("Example Social")
    picture, video = fingerprint_image(drill_picture(b"a picture of fog")).pdq.hex(), "0123456789abcdef" * 2
    ours.submit_hashes(
        {
            (StopNCIISignalType.ImagePDQ, picture): StopNCIICSPFeedback(StopNCIICSPFeedbackValue.Blocked, {"tag"}),
            (StopNCIISignalType.VideoMD5, video): StopNCIICSPFeedback(StopNCIICSPFeedbackValue.Blocked),
        }
    )
    wait_until(lambda: active(ours) == {picture, video})
    assert active(theirs) == {picture, video}
    for spoken in (StopNCIICSPFeedbackValue.PendingReview, StopNCIICSPFeedbackValue.Blocked, StopNCIICSPFeedbackValue.NotBlocked):
        theirs.submit_feedback(StopNCIISignalType.ImagePDQ, picture, spoken, {"tag"})
    theirs.submit_feedback(StopNCIISignalType.ImagePDQ, picture, StopNCIICSPFeedbackValue.Withdrawn)
    assert active(theirs) == {picture, video}
    ours.submit_hash(StopNCIISignalType.ImagePDQ, picture, reported_state=StopNCIICSPFeedbackValue.Withdrawn)
    ours.submit_feedback(StopNCIISignalType.VideoMD5, video, StopNCIICSPFeedbackValue.Deleted)
    assert active(theirs) == set()
    assert operator.run("fsck") == "Everything is consistent.\n"
