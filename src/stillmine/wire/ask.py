# SPDX-License-Identifier: Apache-2.0
"""Ask and its answer, as JSON and in a binary form of the same: spec/ask.md.

An answer must never tell a distance, a number of matches, a case or a time, and its size tells nothing either: every answer to a query is
as long as every other.
"""

import struct
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from stillmine.wire.errors import FingerprintMalformedError, KindNotAcceptedError, MalformedMessageError
from stillmine.wire.feedback import OpaqueId, UploadToken
from stillmine.wire.kinds import KIND_OF_NUMBER, KIND_RULES, Kind, require_form, require_listed, value_bytes, value_text
from stillmine.wire.vpdq import MAXIMUM_VPDQ_FRAMES, parse_vpdq

MAXIMUM_QUERIES = 1000
MAXIMUM_ASK_BYTES = 4 * 1024 * 1024
MAXIMUM_ASK_FRAMES = MAXIMUM_VPDQ_FRAMES
"""Frames of all `vpdq` queries together: each is looked up in eight orientations."""

BINARY_CONTENT_TYPE = "application/vnd.stillmine.ask"
NO_ID = "0" * 32
NO_TAGS = "-" * 8

_ASK_MAGIC = b"SMA1"
_ANSWER_MAGIC = b"SMR1"
_QUERY_HEAD = struct.Struct("<BI")
_ANSWER = struct.Struct("<B16sB")
_TOKEN_BYTES = 16
EMPTY_ASK_BYTES = len(_ASK_MAGIC)
QUERY_HEAD_BYTES = _QUERY_HEAD.size + _TOKEN_BYTES
"""What stands before the value of each query in the binary form, its upload token included."""

_IS_MATCH = 1
_NO_ID_BYTES = bytes(16)
_CLEAR_ROW = (0, _NO_ID_BYTES, 0)
_CLEAR_ROW_BYTES = _ANSWER.pack(*_CLEAR_ROW)
_HAS_TOKEN = 0x80
"""Set in the byte of the kind where an upload token stands between head and value."""
_IS_AS_IT_IS = 0x40
"""Set in the byte of the kind where the value is not to be turned."""


class Outcome(StrEnum):
    """Two words of one length."""

    MATCH = "match"
    CLEAR = "clear"


class AskQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fingerprint to ask about; the form of `value` is its kind's. Queries of one upload have the same `upload_token`, if any.

    `as_it_is`: in the one orientation that it has, because whoever asks made all eight; no other kind than `pdq` and `vpdq` is ever turned.
    """

    kind: Kind
    value: str
    upload_token: UploadToken | None = None
    as_it_is: bool = False


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """1 to 1,000 fingerprints."""

    version: Literal[1]
    queries: list[AskQuery]

    def __post_init__(self) -> None:
        if not 1 <= len(self.queries) <= MAXIMUM_QUERIES:
            raise MalformedMessageError(f"queries: 1 to {MAXIMUM_QUERIES}")
        for place, query in enumerate(self.queries):
            try:
                require_listed(query.kind)
                require_form(query.kind, query.value)
            except (FingerprintMalformedError, KindNotAcceptedError) as error:
                raise type(error)(f"queries[{place}]: {error.detail}") from None
        videos = [query.value for query in self.queries if query.kind is Kind.VPDQ]
        if len(videos) > 1 and sum(len(parse_vpdq(value)) for value in videos) > MAXIMUM_ASK_FRAMES:
            raise MalformedMessageError(f"queries: at most {MAXIMUM_ASK_FRAMES} frames of vpdq in all")


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer to one query; `id` is this partner's own id of the fingerprint, zeros where nothing matched."""

    outcome: Outcome = Outcome.CLEAR
    id: OpaqueId = NO_ID
    tags: Annotated[str, msgspec.Meta(pattern="^[a-z-]{8}$", max_length=8)] = NO_TAGS


CLEAR = Answer()


class AskAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer for each query, in their order."""

    version: Literal[1]
    answers: list[Answer]


class IndexState(StrEnum):
    """Whether asks are answered."""

    LOADING = "loading"
    READY = "ready"


class ExchangeStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the index of asks stands, what is left of this partner's day, and what this key may do now, in the order of the alphabet.

    `behind_seconds` is null while the index is loading.
    """

    version: Literal[1]
    index: IndexState
    behind_seconds: int | None
    queries_today: int
    queries_a_day: int
    scopes: list[str]

    @property
    def queries_left(self) -> int:
        """How many more are answered today."""
        return max(0, self.queries_a_day - self.queries_today)


def tags_of(is_synthetic: bool, is_flagged: bool) -> str:
    """Return the policy tags of a match: `s`, the person says that a computer made it; `f`, an operator has yet to look."""
    return ("s" if is_synthetic else "-") + ("f" if is_flagged else "-") + NO_TAGS[2:]


def encode_ask(queries: Sequence[AskQuery]) -> bytes:
    """Return the binary form; raises FingerprintMalformedError."""
    parts = [_ASK_MAGIC]
    for query in queries:
        value = value_bytes(query.kind, query.value)
        number = KIND_RULES[query.kind].number | (_IS_AS_IT_IS if query.as_it_is else 0)
        if query.upload_token is None:
            parts += [_QUERY_HEAD.pack(number, len(value)), value]
        else:
            parts += [_QUERY_HEAD.pack(number | _HAS_TOKEN, len(value)), bytes.fromhex(query.upload_token), value]
    return b"".join(parts)


def decode_ask(data: bytes) -> Ask:
    """Read the binary form, as strictly as the JSON is read; raises what Ask does."""
    if not data.startswith(_ASK_MAGIC):
        raise MalformedMessageError("binary: begins with SMA1")
    queries: list[AskQuery] = []
    place = len(_ASK_MAGIC)
    while place < len(data):
        where = f"queries[{len(queries)}]"
        if len(queries) == MAXIMUM_QUERIES:
            raise MalformedMessageError(f"queries: 1 to {MAXIMUM_QUERIES}")
        if place + _QUERY_HEAD.size > len(data):
            raise MalformedMessageError(f"{where}: cut")
        number, length = _QUERY_HEAD.unpack_from(data, place)
        place += _QUERY_HEAD.size
        kind = KIND_OF_NUMBER.get(number & ~(_HAS_TOKEN | _IS_AS_IT_IS))
        token = None
        if number & _HAS_TOKEN:
            token = data[place : place + _TOKEN_BYTES].hex()
            place += _TOKEN_BYTES
        if kind is None or place + length > len(data):
            raise MalformedMessageError(f"{where}: unknown kind" if kind is None else f"{where}: cut")
        try:
            queries.append(AskQuery(kind, value_text(kind, data[place : place + length]), token, bool(number & _IS_AS_IT_IS)))
        except FingerprintMalformedError as error:
            raise FingerprintMalformedError(f"{where}: {error.detail}") from None
        place += length
    return Ask(version=1, queries=queries)


def encode_answer(answer: AskAnswer) -> bytes:
    """Return the binary form: 18 bytes for each query."""
    return _ANSWER_MAGIC + b"".join(_CLEAR_ROW_BYTES if row == CLEAR else _answer_row(row) for row in answer.answers)


def _answer_row(row: Answer) -> bytes:
    return _ANSWER.pack(row.outcome is Outcome.MATCH, bytes.fromhex(row.id), _tag_bits(row.tags))


def decode_answer(data: bytes, queries: int) -> list[tuple[bool, bytes, int]]:
    """Read the binary form as (is a match, id, tags as bits).

    Raises MalformedMessageError where it does not answer so many queries, or a row is neither a match with an id nor clear and empty: what
    is not understood must not pass for `clear`.
    """
    if not data.startswith(_ANSWER_MAGIC) or len(data) != len(_ANSWER_MAGIC) + queries * _ANSWER.size:
        raise MalformedMessageError("binary: SMR1 and 18 bytes for each query")
    rows = list(_ANSWER.iter_unpack(data[len(_ANSWER_MAGIC) :]))
    for place, (outcome, own, tags) in enumerate(rows):
        if not ((outcome == _IS_MATCH and own != _NO_ID_BYTES) or (outcome, own, tags) == _CLEAR_ROW):
            raise MalformedMessageError(f"answers[{place}]")
    return [(outcome == _IS_MATCH, own, tags) for outcome, own, tags in rows]


def _tag_bits(tags: str) -> int:
    """Place 1 is the lowest bit."""
    return sum(1 << place for place, sign in enumerate(tags) if sign != "-")
