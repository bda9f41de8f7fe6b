# SPDX-License-Identifier: Apache-2.0
"""`examples/`: each framework's upload is published, or held, as its README says."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.partner import Screener
from stillmine.partner.service.app import Surroundings
from stillmine.wire.door_errors import BusyError
from tests import plain_http
from tests.partner.fake_exchange import KEY, FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock
from tests.partner.service_client import running
from tests.partner.test_partner_doors import service
from tests.partner.test_partner_service import PHOTOGRAPH, wait_until

HAT = "media/clothing/hat.jpg"

DJANGO = """
import json, sys
from pathlib import Path
import django
from django.conf import settings
settings.configure(SECRET_KEY="of tests", ALLOWED_HOSTS=["testserver"], DEFAULT_CHARSET="utf-8")
django.setup()
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
sys.path.insert(0, "examples")
from django_upload import upload_view
from stillmine.partner import Screener
from types import SimpleNamespace

exchange, home, *files = sys.argv[1:]
kept, published = [], []

def keep(file):
    kept.append(file.read())
    return f"post {len(kept)}"

with Screener(home, exchange, sync_every_seconds=1) as screener:
    assert screener.wait_until_fresh(60)
    view = upload_view(screener, keep, published.append)
    for name in files:
        request = RequestFactory().post("/upload", {"file": SimpleUploadedFile("a.jpg", Path(name).read_bytes())})
        request.session = SimpleNamespace(session_key="session 1")
        answer = view(request)
        print(answer.status_code, json.loads(answer.content)["state"])
    empty = RequestFactory().post("/upload")
    empty.session = request.session
    print(view(empty).status_code)
print(published, len(kept))
"""

NODE = """
import http from 'node:http';
import { screened } from './examples/express_upload.mjs';

const [service, key] = process.argv.slice(1);
let number = 0;
const middleware = screened({ service, key, contentId: () => `post ${++number}`, uploader: () => 'account 7', largestBytes: 10_000_000 });
const server = http.createServer((request, response) =>
  middleware(request, response, (error) => {
    response.end(JSON.stringify({ error: error?.message, todo: request.screened, bytes: request.upload.length }));
  }),
);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.on('end', () => process.exit()).resume();
"""


def example(root: Path, name: str) -> ModuleType:
    spec = spec_from_file_location(name, root / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def files(exchange: FakeExchange, root: Path, tmp_path: Path) -> list[Path]:
    """A copy of what is protected, something else, and no picture at all."""
    exchange.add("f", fingerprint_image((root / PHOTOGRAPH).read_bytes()).pdq)
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    return [root / PHOTOGRAPH, root / HAT, tmp_path / "broken.jpg"]


@pytest.fixture
def screener(home: Path, exchange: FakeExchange, clock: Clock, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Screener]:
    monkeypatch.setenv("STILLMINE_PARTNER_KEY", KEY)
    made = Screener(home, SETTINGS.url, threads=1, surroundings=Surroundings(clock=clock, transport=exchange.transport()))
    yield made
    made.close()


def test_the_example_of_a_screener(
    root: Path, home: Path, url: str, files: list[Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STILLMINE_PARTNER_KEY", KEY)
    example(root, "screener").main(url, str(home), files)
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["coat.jpg: hold it, and ask a reviewer", "hat.jpg: publish"]
    assert said[2].startswith("broken.jpg: hold it, and send it again [")
    assert said[3:] == ["post 0: removed"]


def test_the_example_for_asgi(root: Path, screener: Screener, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[bytes] = []
    published: list[str] = []

    def keep(upload: bytes) -> str:
        kept.append(upload)
        return f"post {len(kept)}"

    application = example(root, "asgi_upload").upload_application(screener, keep, published.append)
    with running(application) as client:
        wait_until(lambda: screener.health().fingerprints == 1)
        assert [client.post("/upload", file.read_bytes()).status_code for file in files] == [202, 201, 202]
        monkeypatch.setattr(screener, "screen", busy)
        assert client.post("/upload", b"x").status_code == 202
    assert published == ["post 2"]
    assert kept[:3] == [file.read_bytes() for file in files]


def busy(*_: object, **__: object) -> None:
    raise BusyError


def test_the_example_for_django(root: Path, home: Path, url: str, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own: a process has one configuration of Django."""
    monkeypatch.setenv("STILLMINE_PARTNER_KEY", KEY)
    done = subprocess.run(
        [sys.executable, "-c", DJANGO, url, str(home), *map(str, files)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == ["202 held", "201 published", "202 held", "400", "['post 2'] 3"], done.stderr


@contextmanager
def middleware(root: Path, service_port: int, key: str) -> Iterator[str]:
    """The example of Express under Node's own server, which ends when its input does; gives its address."""
    node = Path(sys.executable).parent / "node"
    command = [str(node), "--input-type=module", "-e", NODE, f"http://127.0.0.1:{service_port}", key]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/upload"


def test_the_example_for_express(root: Path, home: Path, url: str, files: list[Path]) -> None:
    with service(home, url) as port, plain_http.Client(trust_env=False, timeout=60) as client:
        wait_until(lambda: client.get(f"http://127.0.0.1:{port}/health").json()["fingerprints"] == 1)
        with middleware(root, port, (home / "service.key").read_text().strip()) as where:
            answers = [client.post(where, content=file.read_bytes()).json() for file in files]
            assert [answer["todo"] for answer in answers] == ["review", "publish", "hold"]
            assert [answer["bytes"] for answer in answers] == [file.stat().st_size for file in files]
            assert client.post(where, content=b"x" * 10_000_001).status_code == 413
        with middleware(root, port, "sms_wrong") as where:
            assert client.post(where, content=files[1].read_bytes()).json()["todo"] == "hold"
