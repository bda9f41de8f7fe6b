# SPDX-License-Identifier: Apache-2.0
"""The mend that is offered to the field's own client: with it applied to the client as published, a withdrawal reaches `tx`."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from stillmine.exchange.drills.picture import drill_picture
from stillmine.fingerprint import fingerprint_image
from tests import plain_http
from tests.exchange.exchange_parts import ADULT, PartnerClient, Phone, fingerprint
from tests.exchange.served_exchange import Operator, wait_until
from tests.exchange.test_open_client_commands import Tx

pytestmark = pytest.mark.any_database  # the field's client reads answers

threatexchange = pytest.importorskip("threatexchange")

PATCH = "integrations/threatexchange/drop-withdrawn-hashes.patch"


@pytest.fixture
def mended(root: Path, tmp_path: Path) -> Path:
    """A folder with the client as published and the mend; its tests are not published, so that part of the patch is left out."""
    folder = tmp_path / "mended"
    published = Path(threatexchange.__file__).parent
    shutil.copytree(published, folder / "threatexchange", ignore=shutil.ignore_patterns("__pycache__"))
    command = ["git", "apply", "-p2", "--include=threatexchange/exchanges/impl/stop_ncii_api.py", str(root / PATCH)]
    subprocess.run(command, cwd=folder, check=True)
    changed = "threatexchange/exchanges/impl/stop_ncii_api.py"
    assert (folder / changed).read_text() != (published.parent / changed).read_text()
    return folder


def test_with_the_mend_tx_drops_what_was_withdrawn(
    operator: Operator, served: tuple[str, object, object], mended: Path, tmp_path: Path
) -> None:
    key = json.loads(operator.run("partner", "add", "Example Forum", "--way", "list", "--json"))["key"]
    picture = tmp_path / "protected.png"
    picture.write_bytes(drill_picture(b"a picture of fog"))
    made = fingerprint_image(picture.read_bytes())
    tx = Tx(tmp_path / "tx-home", served[0], key)
    tx.environment["PYTHONPATH"] = str(mended)
    tx.run("config", "collab", "edit", "stop_ncii", "--create", "stillmine")
    with plain_http.Client(base_url=served[0]) as web:
        other, phone = Phone(web, b"9876543210"), Phone(web, b"0123456789")
        kept = [fingerprint(number) for number in range(20)]  # its index of a single hash finds nothing once it was on disk
        assert other.post("case", {"version": 1, "statement": ADULT, "fingerprints": kept}).status_code == 201
        own = {"kind": "pdq", "value": made.pdq.hex(), "quality": made.quality}
        assert phone.post("case", {"version": 1, "statement": ADULT, "fingerprints": [own]}).status_code == 201
        wait_until(lambda: len(PartnerClient(web, key).fetch().entries) == 21)
        tx.run("fetch", "--only-collab", "stillmine")
        assert "stillmine" in tx.run("match", "photo", str(picture))
        phone.withdraw()
        tx.run("fetch", "--only-collab", "stillmine")
        assert "stillmine" not in tx.run("match", "photo", str(picture))
