# SPDX-License-Identifier: Apache-2.0
"""Banks that HMA's clients make and fill: HMA's shapes, searchable at once and after a restart, and nothing else can be changed by them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from stillmine.fingerprint import fingerprint_image
from stillmine.partner.fetching.allowed import AllowedSources
from stillmine.partner.ground.errors import MultipartUnsupportedError
from stillmine.partner.hma.doors import HmaChoice
from stillmine.partner.hma.form import FileForm
from stillmine.partner.hma.own_banks import HMA_SOURCE, with_own_banks
from stillmine.partner.hma.routes import hma_routes
from stillmine.partner.screening.sources import Policy
from stillmine.partner.screening.way_in_use import WayChoice
from stillmine.partner.service.app import Surroundings, build_service
from stillmine.partner.sources.bank_store import FILE_NAME
from stillmine.partner.sources.file import SourceChoice, SourceType
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import Action
from tests.partner.fake_exchange import FakeExchange
from tests.partner.partner_parts import SETTINGS, Clock, Numbers, Run
from tests.partner.service_client import ServiceClient, running
from tests.partner.test_partner_fetching import serving
from tests.partner.test_partner_hma import PHOTOGRAPH, found, lookup
from tests.partner.test_partner_service import refusal, wait_until

VALUE = bytes([7] * 8 + list(range(24))).hex()
NEAR = f"{VALUE[:-2]}18"
FAR = bytes(range(100, 132)).hex()


@pytest.fixture
def photograph(root: Path) -> bytes:
    return (root / PHOTOGRAPH).read_bytes()


@contextmanager
def started(
    home: Path,
    exchange: FakeExchange,
    clock: Clock,
    *,
    further: list[SourceChoice] | None = None,
    fetch_from: tuple[str, ...] = (),
) -> Iterator[ServiceClient]:
    outside = Surroundings(clock=clock, random_bytes=Numbers(), transport=exchange.transport())
    more = hma_routes(HmaChoice.OPEN, home, AllowedSources(fetch_from))
    sources = with_own_banks(HmaChoice.OPEN, further or [])
    service = build_service(home, SETTINGS, 0.2, 1, outside, choice=WayChoice.LIST, more_routes=more, further=sources)
    with running(service) as client:
        wait_until(lambda: client.get("/health").status_code == 200)
        client.headers["Host"] = "127.0.0.1:8460"
        yield client


@pytest.fixture
def client(home: Path, exchange: FakeExchange, clock: Clock) -> Iterator[ServiceClient]:
    with started(home, exchange, clock) as client:
        yield client


def send(client: ServiceClient, method: str, path: str, body: object) -> httpx.Response:
    return client.request(method, path, json.dumps(body).encode(), {"Content-Type": "application/json"})


def make(client: ServiceClient, name: str = "COOP_A_OWN") -> None:
    """As Coop makes one: the share as text."""
    made = send(client, "POST", "/c/banks", {"name": name, "enabled_ratio": "1"})
    assert (made.status_code, made.json()) == (201, {"name": name, "matching_enabled_ratio": 1.0})


def form(data: bytes, words: dict[str, str] | None = None) -> tuple[bytes, dict[str, str]]:
    """A file in a form, and words before it, as Python's HTTP clients put them."""
    request = httpx.Request("POST", "http://partner.example/", files={"photo": ("a.jpg", BytesIO(data), "image/jpeg")}, data=words or {})
    return request.read(), {"Content-Type": request.headers["content-type"]}


def test_a_signal_is_matched_at_once_and_no_longer_once_it_is_deleted(client: ServiceClient, home: Path) -> None:
    make(client)
    assert lookup(client, VALUE) == {}
    added = found(send(client, "POST", "/c/bank/COOP_A_OWN/signal", {"pdq": VALUE, "video_md5": "ab" * 16, "note": "by hand"}))
    assert added == {"id": 1, "signals": {"pdq": VALUE, "video_md5": "ab" * 16}}
    told = json.loads(json.dumps(lookup(client, NEAR)))
    assert [(name, one["bank_content_id"]) for name, matches in told.items() for one in matches] == [("COOP_A_OWN", 1)]
    assert found(client.get(f"/m/raw_lookup?signal_type=pdq&signal={NEAR}")) == {"matches": [1]}
    assert set(json.loads(client.get(f"/m/lookup?signal_type=video_md5&signal={'ab' * 16}").content)) == {"COOP_A_OWN"}
    assert found(client.get("/c/bank/COOP_A_OWN/content/1?include_signals=true")) == {
        "id": 1,
        "disable_until_ts": 1,
        "original_media_uri": None,
        "bank": {"name": "COOP_A_OWN", "matching_enabled_ratio": 1.0},
        "signals": {"pdq": VALUE, "video_md5": "ab" * 16},
        "note": "by hand",
    }
    assert json.loads(send(client, "PUT", "/c/bank/COOP_A_OWN/content/1", {"note": "seen"}).content)["note"] == "seen"
    refusal(send(client, "PUT", "/c/bank/COOP_A_OWN/content/1", {"disable_until_ts": 0}), 400, "malformed_message")
    assert found(client.request("DELETE", "/c/bank/COOP_A_OWN/content/1")) == {"deleted": 1}
    assert found(client.request("DELETE", "/c/bank/COOP_A_OWN/content/1")) == {"deleted": 0}
    assert lookup(client, VALUE) == {}
    refusal(client.get("/c/bank/COOP_A_OWN/content/1"), 404, "hma_content_not_found")
    refusal(client.get("/c/bank/COOP_A_OWN/content/first"), 404, "hma_content_not_found")
    assert bytes.fromhex(VALUE) not in (home / "sources" / HMA_SOURCE / FILE_NAME).read_bytes()


def test_a_file_is_added_as_coop_sends_it_and_is_there_after_a_restart(
    home: Path, exchange: FakeExchange, clock: Clock, photograph: bytes
) -> None:
    pdq = fingerprint_image(photograph).pdq.hex()
    with started(home, exchange, clock) as client:
        make(client)
        body, headers = form(photograph, {"content_id": "post 7", "metadata": '{"ticket": 8}'})
        added = client.post("/c/bank/COOP_A_OWN/content", body, headers)
        assert json.loads(added.content)["signals"]["pdq"] == pdq
        assert json.loads(client.get("/c/bank/COOP_A_OWN/content/1").content)["metadata"] == {
            "content_id": "post 7",
            "content_uri": None,
            "json": {"ticket": 8},
            "collab": None,
        }
        by_type = json.loads(client.post("/m/lookup", *form(photograph)).content)
        assert set(by_type["pdq"]) == set(by_type["video_md5"]) == {"COOP_A_OWN"}, "the very file, by its pixels and its bytes"
    with started(home, exchange, clock) as client:
        assert found(client.get("/c/bank/COOP_A_OWN")) == {"name": "COOP_A_OWN", "matching_enabled_ratio": 1.0}
        assert set(json.loads(json.dumps(lookup(client, pdq)))) == {"COOP_A_OWN"}


def test_a_file_is_added_by_its_address_from_where_it_may_be_fetched(
    home: Path, exchange: FakeExchange, clock: Clock, photograph: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.partner.test_partner_fetching.FILE", photograph)
    with serving() as (port, _), started(home, exchange, clock, fetch_from=(f"http://127.0.0.1:{port}",)) as client:
        make(client)
        url = quote(f"http://127.0.0.1:{port}/file", safe="")
        about = {"metadata": {"content_uri": "urn:7"}, "note": "n"}
        assert found(send(client, "POST", f"/c/bank/COOP_A_OWN/content?url={url}", about)) != {}
        shown = json.loads(client.get("/c/bank/COOP_A_OWN/content/1?include_metadata=true").content)
        assert (shown["metadata"]["content_uri"], shown["note"]) == ("urn:7", "n")
        refusal(client.post(f"/c/bank/COOP_A_OWN/content?url={quote(f'http://localhost:{port}/file')}", b""), 403, "url_not_allowed")


def test_one_value_in_two_banks_matches_until_the_last_is_gone(client: ServiceClient) -> None:
    for name in ("FIRST", "SECOND"):
        make(client, name)
        found(send(client, "POST", f"/c/bank/{name}/signal", {"pdq": VALUE}))
    assert set(json.loads(json.dumps(lookup(client, VALUE)))) == {"FIRST", "SECOND"}
    assert found(client.request("DELETE", "/c/bank/SECOND/content/1")) == {"deleted": 0}, "it is the other bank's"
    assert client.request("DELETE", "/c/bank/FIRST").status_code == 200
    assert set(json.loads(json.dumps(lookup(client, VALUE)))) == {"SECOND"}
    make(client, "FIRST")
    assert found(send(client, "PUT", "/c/bank/SECOND", {"name": "THIRD", "enabled": False})) != {}
    assert lookup(client, VALUE) == {}
    assert set(json.loads(json.dumps(lookup(client, VALUE, bypass_coinflip="true")))) == {"THIRD"}


def test_what_an_exchange_protects_is_told_under_its_own_banks_and_what_is_for_a_reviewer_too(
    home: Path, exchange: FakeExchange, clock: Clock
) -> None:
    exchange.add("f", bytes.fromhex(FAR))
    for_review = SourceChoice(Policy(HMA_SOURCE, Action.REVIEW, is_told=False), SourceType.BANK)
    with started(home, exchange, clock, further=[for_review]) as client:
        make(client)
        found(send(client, "POST", "/c/bank/COOP_A_OWN/signal", {"pdq": VALUE}))
        assert set(json.loads(json.dumps(lookup(client, VALUE)))) == {"STILLMINE_REVIEW"}
        wait_until(lambda: set(json.loads(json.dumps(lookup(client, FAR)))) == {"STILLMINE"})


def test_only_banks_that_were_made_here_are_changed(client: ServiceClient, photograph: bytes) -> None:
    make(client)
    body, headers = form(photograph)
    refusal(send(client, "POST", "/c/banks", {"name": "COOP_A_OWN"}), 403, "hma_bank_exists")
    refusal(send(client, "POST", "/c/banks", {"name": "lower"}), 400, "malformed_message")
    for ratio in ("much", "nan", 2, True):
        refusal(send(client, "POST", "/c/banks", {"name": "B", "enabled_ratio": ratio}), 400, "malformed_message")
    refusal(client.post("/c/bank/STILLMINE/content", body, headers), 403, "hma_read_only")
    refusal(send(client, "POST", "/c/bank/STILLMINE_REVIEW/signal", {"pdq": VALUE}), 403, "hma_read_only")
    refusal(client.request("DELETE", "/c/exchange/COOP_A_OWN"), 404, "hma_bank_not_found")
    refusal(client.get("/c/exchange/COOP_A_OWN"), 404, "hma_bank_not_found")
    assert found(client.get("/c/exchanges")) == ["STILLMINE", "STILLMINE_REVIEW"]


def test_what_would_match_anything_flat_or_says_too_much_is_refused(client: ServiceClient, photograph: bytes, root: Path) -> None:
    make(client)
    signals = "/c/bank/COOP_A_OWN/signal"
    refusal(send(client, "POST", signals, {"pdq": "f" * 64}), 422, "fingerprint_flat")
    refusal(send(client, "POST", signals, {"pdq": "aa"}), 422, "fingerprint_malformed")
    for body in ({}, {"note": "alone"}, {"photodna": "aa"}, {"pdq": 7}, {"pdq": VALUE, "note": "n" * 256}):
        refusal(send(client, "POST", signals, body), 400, "malformed_message")
    refusal(client.post("/c/bank/COOP_A_OWN/content", *form(b"no picture")), 415, "not_an_image")
    refusal(client.post("/c/bank/COOP_A_OWN/content", *form(photograph[: len(photograph) * 4 // 5])), 422, "truncated_image")
    refusal(client.post("/c/bank/COOP_A_OWN/content", b"", {"Content-Type": "image/jpeg"}), 415, "multipart_unsupported")
    for words in ({"metadata": "[]"}, {"metadata": "no"}, {"note": "n" * 256}, {"metadata": json.dumps({"json": 7})}):
        refusal(client.post("/c/bank/COOP_A_OWN/content", *form(photograph, words)), 400, "malformed_message")
    assert found(client.get(f"/m/raw_lookup?signal_type=pdq&signal={fingerprint_image(photograph).pdq.hex()}")) == {"matches": []}


def test_no_more_is_kept_than_the_limit(client: ServiceClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stillmine.partner.sources.bank_contents.MAXIMUM_CONTENTS", 1)
    make(client)
    found(send(client, "POST", "/c/bank/COOP_A_OWN/signal", {"pdq": VALUE}))
    refusal(send(client, "POST", "/c/bank/COOP_A_OWN/signal", {"pdq": FAR}), 403, "hma_bank_full")
    assert lookup(client, FAR) == {}


def test_the_name_is_for_a_bank_that_matches_and_only_where_the_face_is_wanted(run: Run, home: Path) -> None:
    assert with_own_banks(HmaChoice.OFF, []) == []
    assert [one.policy.name for one in with_own_banks(HmaChoice.KEY, [])] == [HMA_SOURCE]
    for wrong in (
        SourceChoice(Policy(HMA_SOURCE, Action.NEVER), SourceType.BANK),
        SourceChoice(Policy(HMA_SOURCE), SourceType.STILLMINE),
    ):
        with pytest.raises(NotConfiguredError, match="--config: hma"):
            with_own_banks(HmaChoice.KEY, [wrong])
    for command in (["add", HMA_SOURCE, "--value", f"pdq:{VALUE}"], ["remove", HMA_SOURCE, "00" * 16]):
        assert "HMA's clients" in str(run("bank", *command, "--home", str(home)).exception)


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_form_is_read_however_it_comes(step: int) -> None:
    file = b"a\r\n--bo\r\n--boundar\r\n" * 40
    parts = [b'name="content_id"\r\n\r\npost 7', b'name="photo"; filename="a"\r\n\r\n' + file, b'name="note"\r\n\r\n']
    body = b"".join(b"--boundary\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts) + b"--boundary--\r\n"
    form = FileForm(b"boundary")
    taken = b"".join(form.take(body[at : at + step]) for at in range(0, len(body), step))
    form.finish()
    assert (taken, form.words) == (file, {"content_id": "post 7", "note": ""})


HEAD = b"--b\r\nContent-Disposition: form-data; "
FILE = HEAD + b'name="f"; filename="a"\r\n\r\nx'


@pytest.mark.parametrize(
    "body",
    [
        FILE + b"\r\n" + FILE + b"\r\n--b--",  # two files
        HEAD + b'name="n"\r\n\r\nx\r\n--b--',  # none
        FILE + b"\r\n--bc",  # a boundary that may be none
        FILE + b"\r\n--b--more",
        b"before" + FILE + b"\r\n--b--",
        HEAD + b'name="n"\r\n\r\n' + b"x" * 9000 + b"\r\n" + FILE + b"\r\n--b--",
        HEAD + b'name="n"\r\n\r\n\xff\r\n' + FILE + b"\r\n--b--",
        (HEAD + b'name="n"\r\n\r\nx\r\n') * 2 + FILE + b"\r\n--b--",  # twice the same name
        FILE.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b"\r\n--b--",
        HEAD + b"x" * 9000,
        FILE,
    ],
)
def test_a_form_that_could_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(MultipartUnsupportedError):
        whole(body)


def whole(body: bytes) -> None:
    form = FileForm(b"b")
    form.take(body)
    form.finish()
