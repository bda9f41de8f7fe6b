# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: F811 (fixtures of the service, used here by name)
"""A file sent in a form, or compressed on its way, is screened or refused in words; never is the wrapping taken for the file."""

import gzip
import io
import zlib

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.partner.ground.errors import MultipartUnsupportedError
from stillmine.partner.service.single_part import SinglePart, boundary_of
from stillmine.wire.screen import ScreenOutcome
from tests.partner.service_client import ServiceClient
from tests.partner.test_partner_service import (  # noqa: F401 (fixtures)
    application,
    nobody,
    photograph,
    platform,
    protected,
    refusal,
    refusing,
    screened,
)

HEAD = b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
FORM = {"Content-Type": "multipart/form-data; boundary=xyz"}


def form(*parts: bytes, boundary: bytes = b"xyz") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


@pytest.mark.usefixtures("protected")
def test_the_single_file_of_a_form_is_screened(platform: ServiceClient, photograph: bytes) -> None:
    request = httpx.Request("POST", "http://partner.example/screen", files={"upload": ("holiday.jpg", io.BytesIO(photograph))})
    sent = {"Content-Type": request.headers["content-type"]}
    assert screened(platform, request.read(), **sent).outcome is ScreenOutcome.MATCH
    assert screened(platform, form(HEAD + photograph), **FORM).outcome is ScreenOutcome.MATCH
    assert screened(platform, form(HEAD), **FORM).reason == "empty_file"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (form(HEAD + b"a", HEAD + b"b"), "multipart/form-data; boundary=xyz"),
        (form(b'Content-Disposition: form-data; name="x"\r\n\r\n1', HEAD + b"b"), "multipart/form-data; boundary=xyz"),
        (form(b'Content-Disposition: form-data; name="x"\r\n\r\n1'), "multipart/form-data; boundary=xyz"),
        (form(HEAD[:-2] + b"Content-Transfer-Encoding: base64\r\n\r\nYQ=="), "multipart/form-data; boundary=xyz"),
        (form(HEAD.replace(b"image/jpeg", b"multipart/mixed; boundary=z") + b"a"), "multipart/form-data; boundary=xyz"),
        (form(HEAD + b"a")[:-6], "multipart/form-data; boundary=xyz"),
        (form(HEAD + b"a"), "multipart/form-data; boundary=other"),
        (form(HEAD + b"a"), "multipart/form-data"),
        (form(HEAD + b"a"), "multipart/form-data; boundary="),
        (form(HEAD + b"a"), "multipart/mixed; boundary=xyz"),
        (form(HEAD + b"a"), "multipart/form-data; boundary=" + "x" * 71),
        (form(HEAD + b"a") + form(HEAD + b"b"), "multipart/form-data; boundary=xyz"),
        (form(HEAD + b"a")[:-2] + b"x\r\n", "multipart/form-data; boundary=xyz"),
        (form(HEAD[:-2] + b"Content-Encoding: gzip\r\n\r\nYQ=="), "multipart/form-data; boundary=xyz"),
        (
            form(b"Content-Transfer-Encoding: binary\r\nContent-Transfer-Encoding: base64\r\n" + HEAD + b"YQ=="),
            "multipart/form-data; boundary=xyz",
        ),
        (b"--xyz\r\n" + b"x" * 20_000, "multipart/form-data; boundary=xyz"),
        (b"", "multipart/form-data; boundary=xyz"),
    ],
)
def test_any_other_form_is_refused_in_words(refusing: ServiceClient, body: bytes, content_type: str) -> None:
    refusal(refusing.post("/screen", body, {"Content-Type": content_type}), 415, "multipart_unsupported")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, identity", "GZIP"])
def test_a_compressed_body_is_refused_in_words(refusing: ServiceClient, photograph: bytes, encoding: str) -> None:
    for body in (gzip.compress(photograph), zlib.compress(photograph)):
        refusal(refusing.post("/screen", body, {"Content-Encoding": encoding}), 415, "content_encoding_unsupported")
    refusal(refusing.post("/matches/" + "0" * 32 + "/review", b"{}", {"Content-Encoding": encoding}), 415, "content_encoding_unsupported")


@pytest.mark.parametrize("headers", [{"Transfer-Encoding": "gzip, chunked"}, {"Content-Encoding": "identity, gzip"}])
def test_nor_is_one_that_is_compressed_in_another_way(refusing: ServiceClient, photograph: bytes, headers: dict[str, str]) -> None:
    refusal(refusing.post("/screen", gzip.compress(photograph), headers), 415, "content_encoding_unsupported")


@pytest.mark.usefixtures("protected")
def test_identity_is_no_encoding(platform: ServiceClient, photograph: bytes) -> None:
    assert screened(platform, photograph, **{"Content-Encoding": "identity"}).outcome is ScreenOutcome.MATCH


@given(content=st.binary(max_size=300) | st.lists(st.sampled_from([b"\r\n", b"--", b"xy", b"xyz", b"a"])).map(b"".join), data=st.data())
def test_a_file_comes_out_as_it_went_in_however_it_is_cut(content: bytes, data: st.DataObject) -> None:
    boundary = b"xyz" if b"\r\n--xyz" not in b"\r\n" + content else b"another-boundary-of-its-own"
    body = form(HEAD + content, boundary=boundary) + data.draw(st.sampled_from([b"", b"\r\n", b" \t\r\n\r\n"]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    part = SinglePart(boundary_of(f'multipart/form-data; boundary="{boundary.decode()}"'))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert b"".join(part.take(piece) for piece in pieces) == content
    part.finish()


@given(body=st.binary(max_size=200) | st.binary(max_size=100).map(lambda data: b"--xyz\r\n" + HEAD + data))
def test_whatever_is_sent_raises_nothing_else(body: bytes) -> None:
    part = SinglePart(b"xyz")
    try:
        part.take(body)
        part.finish()
    except MultipartUnsupportedError:
        return
