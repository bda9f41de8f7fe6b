# SPDX-License-Identifier: Apache-2.0
"""The sample files for a proxy, run in nginx and Caddy: with the exchange stopped, emergency numbers, plans and help are still there."""

import gzip
import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stillmine.exchange.ground.headers import API_HEADERS, PORTAL_HEADERS, TRANSPORT_HEADER
from tests.exchange.proxy_samples import HOST, Sample, caddy, nginx

pytestmark = pytest.mark.any_database  # a proxy before a stopped exchange

SAMPLES = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module", params=list(SAMPLES))
def sample(request: pytest.FixtureRequest, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    portal = root / "portal/dist"
    assert (portal / "index.html").is_file(), "the portal is not built: run `make .build/portal`"
    with SAMPLES[request.param](tmp_path_factory.mktemp("proxy"), portal) as running:
        yield running


@pytest.mark.parametrize(
    "path", ["/", "/help/gb/", "/threat/nz/", "/fi/help/fi/", "/sw.js", "/nothing-here/", "/fi/nothing-here/", "/zz/nothing-here/"]
)
def test_with_the_exchange_stopped_pages_come_with_the_exchange_s_own_headers(sample: Sample, root: Path, path: str) -> None:
    answer = sample.get(path)
    assert answer.status == (404 if "nothing" in path else 200)
    missing = "fi/404.html" if path.startswith("/fi/") else "404.html"
    name = missing if answer.status == 404 else f"{path}index.html" if path.endswith("/") else path
    file = root / f"portal/dist/{name}"
    assert answer.body == file.read_bytes()
    expected = {name.lower(): value for name, value in (*PORTAL_HEADERS, TRANSPORT_HEADER)}
    assert {name: answer.headers.get(name) for name in expected} == expected
    assert answer.headers["cache-control"] == "no-cache"
    if path.endswith("/"):
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_the_numbers_are_there(sample: Sample) -> None:
    assert b'href="tel:999"' in sample.get("/help/gb/").body
    assert b'href="tel:111"' in sample.get("/").body


def test_assets_are_kept_and_compressed_and_have_their_types(sample: Sample, root: Path) -> None:
    for suffix, kinds in ((".css", {"text/css"}), (".js", {"text/javascript", "application/javascript"}), (".wasm", {"application/wasm"})):
        file = max((root / "portal/dist/assets").glob(f"*{suffix}"), key=lambda one: one.stat().st_size)
        answer = sample.get(f"/assets/{file.name}", **{"Accept-Encoding": "gzip"})
        assert answer.headers["content-type"].partition(";")[0] in kinds
        assert answer.headers["cache-control"] == "max-age=315360000, public, immutable"
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(answer.body) == file.read_bytes()
        assert answer.body == file.with_name(f"{file.name}.gz").read_bytes()  # what the build made, not what the proxy would
        assert answer.headers["content-security-policy"] == dict(PORTAL_HEADERS)["Content-Security-Policy"]


def test_pages_come_compressed_by_the_build(sample: Sample, root: Path) -> None:
    answer = sample.get("/help/gb/", **{"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.body == (root / "portal/dist/help/gb/index.html.gz").read_bytes()


def test_a_page_without_its_last_stroke_is_found(sample: Sample) -> None:
    answer = sample.get("/help/gb")
    assert answer.status in (301, 308)
    assert answer.headers["location"].endswith("/help/gb/")


@pytest.mark.parametrize("path", ["/api/v1/case", "/stopncii/v1/FetchHashes"])
def test_with_the_exchange_stopped_programs_are_told_so(sample: Sample, path: str) -> None:
    answer = sample.get(path)
    assert answer.status == 503
    assert set(json.loads(answer.body)) == {"code", "message", "detail"}
    assert answer.headers["retry-after"] == "60"
    assert answer.headers["content-type"] == "application/json"
    for name, value in (*API_HEADERS, TRANSPORT_HEADER):
        assert answer.headers[name.lower()] == value


def test_the_exchange_is_told_the_host_the_address_and_tls_and_its_own_errors_pass(sample: Sample) -> None:
    with sample.exchange():
        answer = sample.get("/api/v1/case", **{"X-Forwarded-For": "192.0.2.7"})
    assert (answer.status, answer.headers["x-from"], answer.body) == (409, "exchange", b"{}")
    told = sample.seen[-1]
    assert told["host"] == f"{HOST}:{sample.port}"
    assert told["x-forwarded-for"] == "127.0.0.1"
    assert told["x-forwarded-proto"] == "https"
    assert "content-security-policy" not in answer.headers  # what the exchange says stands alone


def test_without_tls_one_is_led_to_it(sample: Sample) -> None:
    if sample.plain_port is None:
        return  # Caddy does this by itself, on port 80
    connection = http.client.HTTPConnection("127.0.0.1", sample.plain_port, timeout=60)
    connection.request("GET", "/help/gb/", headers={"Host": HOST})
    response = connection.getresponse()
    assert (response.status, response.getheader("Location")) == (301, f"https://{HOST}/help/gb/")
    connection.close()


def test_each_language_has_its_page_for_what_is_not_there(root: Path) -> None:
    site = (root / "deploy/nginx.conf").read_text(encoding="utf-8")
    for language in {folder.name for folder in (root / "content/messages").iterdir()} - {"en"}:
        assert (root / f"portal/dist/{language}/404.html").is_file()
        assert f"~^/{language}/ /{language}/404.html;" in site


def test_no_sample_writes_who_came(root: Path) -> None:
    site = (root / "deploy/nginx.conf").read_text(encoding="utf-8")
    assert site.count("access_log off;") == site.count("server {") == 2
    assert site.count("error_log /dev/null crit;") == 2
    assert not any(line.strip().startswith("log") for line in (root / "deploy/Caddyfile").read_text(encoding="utf-8").splitlines())
