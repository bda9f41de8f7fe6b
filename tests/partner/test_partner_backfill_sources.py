# SPDX-License-Identifier: Apache-2.0
"""Sources of a backfill: folders with whatever lies in them, manifests with whatever stands in them, an S3 store."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from stillmine.fingerprint.ground.errors import FileUnreadableError
from stillmine.partner.backfill.folder import FolderSource
from stillmine.partner.backfill.item import Item, content_id_of
from stillmine.partner.backfill.manifest import ManifestSource
from stillmine.partner.backfill.source import Source, SourceWords, source_of
from stillmine.partner.ground.errors import UrlNotAllowedError
from stillmine.wire.errors import NotConfiguredError
from stillmine.wire.screen import require_content_id


def read(source: Source, item: Item, folder: Path) -> bytes:
    with source.open(item, folder) as file:
        return os.pread(file.fileno(), 1 << 20, 0)


@pytest.mark.parametrize("place", ["a/b.jpg", "x" * 200, "x" * 201, " a", "a\nb", "\udce9.jpg", "é" * 300])
def test_every_place_has_a_content_id_that_an_upload_may_have(place: str) -> None:
    assert require_content_id(content_id_of(place)) == content_id_of(place)
    assert (content_id_of(place) == place) is (place in ("a/b.jpg", "x" * 200))


def test_content_ids_of_long_places_differ() -> None:
    assert content_id_of("x" * 300) != content_id_of("x" * 301)


def test_a_folder_gives_every_regular_file_once(tmp_path: Path) -> None:
    held = tmp_path / "held"
    (held / "sub").mkdir(parents=True)
    (held / "sub" / "a").write_bytes(b"1")
    (held / "b").write_bytes(b"22")
    (held / "link").symlink_to(held / "b")
    (held / "gone").symlink_to(held / "nothing")
    (held / "around").symlink_to(held, target_is_directory=True)
    os.mkfifo(held / "pipe")
    Path(os.fsdecode(os.fsencode(held) + b"/caf\xe9")).write_bytes(b"333")
    source = FolderSource(held)
    items = {item.place: item for item in source.items()}
    assert {place: content_id_of(place) for place in ("b", "gone", "link", "sub/a")}.items() <= {
        place: item.content_id for place, item in items.items()
    }.items()
    assert len(items) == 5
    (odd,) = (item for place, item in items.items() if place.startswith("\0"))
    assert read(source, odd, tmp_path) == b"333"
    assert read(source, items["sub/a"], tmp_path) == b"1"
    for place in ("gone", "pipe"):
        with pytest.raises(FileUnreadableError):
            read(source, Item(place, "x"), tmp_path)


def manifest(text: str) -> list[Item]:
    return list(ManifestSource(None, standard_input=io.BytesIO(text.encode())).items())


def test_a_manifest_says_what_each_item_is_called(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    text = f"""
        {{"content_id": "post 1", "path": "{tmp_path}/a", "uploader": "u"}}

        {{"content_id": "post 2", "url": "https://media.example/b", "version": "7"}}
    """
    first, second = manifest(text)
    assert (first.place, first.content_id, first.uploader) == (f"{tmp_path}/a", "post 1", "u")
    assert first.version.startswith("1-")
    assert second == Item("https://media.example/b", "post 2", "7")
    source = ManifestSource(None)
    assert read(source, first, tmp_path) == b"1"
    with pytest.raises(UrlNotAllowedError):
        read(source, second, tmp_path)


@pytest.mark.parametrize(
    "line",
    ["x", "{}", '{"content_id": "a"}', '{"content_id": "a", "path": "b", "url": "c"}', '{"content_id": "", "path": "b"}',
     '{"content_id": "a", "url": "b"}', '{"content_id": "a", "path": "b", "more": 1}', '{"content_id": "\\u0000", "path": "b"}'],
)  # fmt: skip
def test_the_first_wrong_line_of_a_manifest_is_named(line: str) -> None:
    with pytest.raises(NotConfiguredError, match="line 2 "):
        manifest('{"content_id": "a", "path": "b"}\n' + line)


class SmallS3:
    """What is used of S3, for one bucket: listings of two keys a page, and objects."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.asked: list[str] = []

    @contextmanager
    def serving(self) -> Iterator[str]:
        store = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                store.asked.append(parts.path)
                _, bucket, key = unquote(parts.path).split("/", 2) if parts.path.count("/") > 1 else ("", parts.path[1:], "")
                status, body = store.answer(bucket, key, {name: values[0] for name, values in parse_qs(parts.query).items()})
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, bucket: str, key: str, query: dict[str, str]) -> tuple[int, bytes]:
        if bucket != "media":
            return 404, b"<Error><Code>NoSuchBucket</Code></Error>"
        if key:
            return (200, self.objects[key]) if key in self.objects else (404, b"<Error><Code>NoSuchKey</Code></Error>")
        after = query.get("continuation-token", "")
        keys = [one for one in sorted(self.objects) if one.startswith(query.get("prefix", "")) and one > after]
        rows = "".join(
            f"<Contents><Key>{escape(quote(one))}</Key><ETag>&quot;{md5(self.objects[one]).hexdigest()}&quot;</ETag>"
            f"<Size>{len(self.objects[one])}</Size></Contents>"
            for one in keys[:2]
        )
        more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{keys[1]}</NextContinuationToken>" if len(keys) > 2 else ""
        return 200, f"<ListBucketResult><EncodingType>url</EncodingType>{rows}{more}</ListBucketResult>".encode()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("credentials")
def test_a_store_gives_every_object_below_a_prefix(tmp_path: Path) -> None:
    objects = {"2024/a": b"1", "2024/b c+é": b"22", "2024/": b"", "2024/d": b"4444", "2025/e": b"5"}
    with SmallS3(objects).serving() as url:
        source = source_of(SourceWords("s3://media/2024/", url))
        items = list(source.items())
        assert [(item.place, item.content_id) for item in items] == [(key, key) for key in ("2024/a", "2024/b c+é", "2024/d")]
        assert items[0].version == f"{md5(b'1').hexdigest()}-1"
        assert [read(source, item, tmp_path) for item in items] == [b"1", b"22", b"4444"]
        with pytest.raises(FileUnreadableError):
            read(source, Item("2024/gone", "x"), tmp_path)
        with pytest.raises(NotConfiguredError, match="NoSuchBucket"):
            list(source_of(SourceWords("s3://other", url)).items())
