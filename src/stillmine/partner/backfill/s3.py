# SPDX-License-Identifier: Apache-2.0
"""Every object of an S3-compatible store whose key begins with a prefix.

The library is loaded where it is needed: it is no part of the base install. Must never log or keep a key id, a secret or an object.
"""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

from stillmine.fingerprint.ground.errors import FileUnreadableError
from stillmine.partner.backfill.item import Item, content_id_of
from stillmine.partner.fingerprinting.upload import Upload
from stillmine.partner.ground.errors import UrlUnreachableError
from stillmine.wire.errors import NotConfiguredError, StillmineError

S3_SCHEME = "s3://"
PIECE_BYTES = 1024 * 1024
CONNECT_SECONDS, SILENCE_SECONDS, TRIES = 10, 60, 5
AT_ONCE = 64
"""Connections that are kept."""

_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404", "InvalidObjectState", "AccessDenied", "403"})


class _Body(Protocol):
    def iter_chunks(self, chunk_size: int) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class _Pages(Protocol):
    def paginate(self, **asked: str) -> Iterator[Mapping[str, Any]]: ...


class _Client(Protocol):
    """What is used of the library."""

    def get_paginator(self, operation: str) -> _Pages: ...

    def get_object(self, **asked: str) -> Mapping[str, _Body]: ...


class S3Source:
    """The objects below one prefix of one bucket."""

    def __init__(self, words: str, endpoint_url: str | None = None) -> None:
        """`words`: `s3://bucket/prefix`; raises NotConfiguredError."""
        self._bucket, _, self._prefix = words.removeprefix(S3_SCHEME).partition("/")
        if not self._bucket:
            raise NotConfiguredError("SOURCE: name a bucket, s3://bucket or s3://bucket/prefix")
        self._client, self._failures = _connected(endpoint_url)

    def items(self) -> Iterator[Item]:
        """Yield every object but folder marks, in the order of the store; raises NotConfiguredError where it can't be listed."""
        try:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix):
                for entry in page.get("Contents", ()):
                    key, size = str(entry["Key"]), int(entry["Size"])
                    if size or not key.endswith("/"):
                        etag = str(entry.get("ETag", "")).strip('"')
                        yield Item(key, content_id_of(key), f"{etag}-{size}")
        except self._failures as error:
            raise NotConfiguredError(
                f"SOURCE: this bucket can't be listed ({_code(error)}); check bucket, credentials and --endpoint-url"
            ) from None

    @contextmanager
    def open(self, item: Item, folder: Path) -> Iterator[Upload]:
        """Fetch an object; raises FileUnreadableError, FileTooLargeError, UrlUnreachableError."""
        with Upload(folder) as upload:
            try:
                body = self._client.get_object(Bucket=self._bucket, Key=item.place)["Body"]
                try:
                    for piece in body.iter_chunks(PIECE_BYTES):
                        upload.write(piece)
                finally:
                    body.close()
            except self._failures as error:
                raise _reason(error) from None
            yield upload


def _reason(error: Exception) -> StillmineError:
    return FileUnreadableError() if _code(error) in _GONE else UrlUnreachableError(_code(error))


def _code(error: Exception) -> str:
    """Return a word for what failed, which holds nothing that was sent."""
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        return str(answer.get("Error", {}).get("Code", ""))[:40] or type(error).__name__
    return type(error).__name__


def _connected(endpoint_url: str | None) -> tuple[_Client, tuple[type[Exception], ...]]:
    try:
        boto3, config, errors, urllib3 = map(
            importlib.import_module, ("boto3", "botocore.config", "botocore.exceptions", "urllib3.exceptions")
        )
    except ImportError:
        raise NotConfiguredError("SOURCE: s3:// needs a library that is not installed; run pip install 'stillmine[s3]'") from None
    failures = (errors.BotoCoreError, errors.ClientError, urllib3.HTTPError)
    settings = config.Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=SILENCE_SECONDS,
        retries={"mode": "standard", "max_attempts": TRIES},
        max_pool_connections=AT_ONCE,
        s3=None if endpoint_url is None else {"addressing_style": "path"},
    )
    session = boto3.session.Session()
    region = session.region_name or (None if endpoint_url is None else "us-east-1")
    try:
        client = session.client("s3", endpoint_url=endpoint_url, region_name=region, config=settings)
    except (*failures, ValueError) as error:
        raise NotConfiguredError(f"SOURCE: no connection to this store ({_code(error)}); check --endpoint-url and AWS_PROFILE") from None
    return cast("_Client", client), failures
