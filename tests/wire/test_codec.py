# SPDX-License-Identifier: Apache-2.0
"""Messages: what is taken, what is refused and with which code, and that a refusal repeats nothing that was sent."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillmine.wire import codec
from stillmine.wire.ask import Ask
from stillmine.wire.case import OpenCase, Withdraw
from stillmine.wire.errors import MalformedMessageError, MessageTooLargeError, StillmineError
from stillmine.wire.feedback import SubmitFeedback
from stillmine.wire.screen import DistanceBucket, Review, distance_bucket

MARK = "holiday-photo-of-example"
STATEMENT = {"role": "person", "is_adult_now": True, "was_adult_then": True}
PDQ = {"kind": "pdq", "value": "0f" * 32, "quality": 88}
OPEN = {"version": 1, "statement": STATEMENT, "fingerprints": [PDQ], "term_months": 24}


def refused(message_type: type, body: object) -> StillmineError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(StillmineError) as caught:
        codec.decode(data, message_type)
    assert MARK not in str(caught.value)
    assert MARK not in repr(caught.value.message())
    return caught.value


def test_open_case_round_trip() -> None:
    message = codec.decode(json.dumps(OPEN).encode(), OpenCase)
    assert codec.decode(codec.encode(message), OpenCase) == message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"file_name": MARK}, "malformed_message"),
        ({MARK: 1}, "malformed_message"),
        ({"version": 2}, "malformed_message"),
        ({"version": MARK}, "malformed_message"),
        ({"fingerprints": MARK}, "malformed_message"),
        ({"fingerprints": []}, "too_many_fingerprints"),
        ({"fingerprints": [PDQ] * 301}, "too_many_fingerprints"),
        ({"fingerprints": [{**PDQ, "value": "0f" * 31}]}, "fingerprint_malformed"),
        ({"fingerprints": [{**PDQ, "value": "0f" * 33}]}, "fingerprint_malformed"),
        ({"fingerprints": [{**PDQ, "value": "0F" * 32}]}, "fingerprint_malformed"),
        ({"fingerprints": [{**PDQ, "value": "zz" * 32}]}, "fingerprint_malformed"),
        ({"fingerprints": [{**PDQ, "value": MARK}]}, "fingerprint_malformed"),
        ({"fingerprints": [{**PDQ, "kind": "regions"}]}, "fingerprint_malformed"),
        ({"fingerprints": [{**PDQ, "kind": MARK}]}, "malformed_message"),
        ({"fingerprints": [{**PDQ, "quality": 49}]}, "quality_too_low"),
        ({"fingerprints": [{**PDQ, "quality": 101}]}, "malformed_message"),
        ({"fingerprints": [{**PDQ, "name": MARK}]}, "malformed_message"),
        ({"statement": {**STATEMENT, "is_adult_now": False}}, "under_18"),
        ({"statement": {**STATEMENT, "was_adult_then": False}}, "under_18"),
        ({"statement": {**STATEMENT, "role": MARK}}, "malformed_message"),
        ({"term_months": 0}, "malformed_message"),
        ({"term_months": 25}, "malformed_message"),
    ],
)
def test_open_case_refuses(change: dict[str, Any], code: str) -> None:
    assert refused(OpenCase, {**OPEN, **change}).code == code


@pytest.mark.parametrize("field", ["version", "statement", "fingerprints"])
def test_open_case_needs_every_field(field: str) -> None:
    assert refused(OpenCase, {name: value for name, value in OPEN.items() if name != field}).code == "malformed_message"


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\xff\xfe", b'"' + MARK.encode() + b'"', b"{" * 10_000, b"1e999999"])
def test_what_is_not_a_message_is_refused(body: bytes) -> None:
    assert isinstance(refused(OpenCase, body), MalformedMessageError)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"{]", "not JSON"),
        (MARK.encode(), "not JSON"),
        (b'{"version":1,"fingerprints":[{"kind":"pdq","value":"\xff"}]}', "not JSON"),
        (b"{}", "wrong or missing field"),
        (b'{"version":2}', "at $.version"),
    ],
)
def test_a_refusal_says_where_the_message_is_wrong(body: bytes, detail: str) -> None:
    assert refused(OpenCase, body).detail == detail


def test_size_is_checked_before_anything_else() -> None:
    assert codec.MAXIMUM_MESSAGE_BYTES == 256 * 1024
    assert isinstance(refused(OpenCase, b" " * (codec.MAXIMUM_MESSAGE_BYTES + 1)), MessageTooLargeError)
    assert isinstance(refused(OpenCase, b" " * codec.MAXIMUM_MESSAGE_BYTES), MalformedMessageError)


@given(st.binary(max_size=300))
def test_no_bytes_bring_another_kind_of_error(data: bytes) -> None:
    for message_type in (OpenCase, Withdraw, SubmitFeedback, Review):
        with pytest.raises(StillmineError) as caught:
            codec.decode(data, message_type)
        assert 400 <= caught.value.status < 500


@pytest.mark.parametrize(("outcome", "reason"), [("removed", "not_intimate"), ("found", "not_the_same"), ("not_removed", None)])
def test_a_reason_goes_with_not_removed_and_only_with_it(outcome: str, reason: str | None) -> None:
    report = {"feedback_id": "0" * 32, "fingerprint_id": "1" * 32, "outcome": outcome, "reason": reason}
    assert refused(SubmitFeedback, {"version": 1, "feedback": [report]}).code == "malformed_message"


@pytest.mark.parametrize(("bits", "bucket"), [(0, "0-7"), (7, "0-7"), (8, "8-15"), (16, "16-23"), (31, "24-31")])
def test_distance_bucket(bits: int, bucket: str) -> None:
    assert distance_bucket(bits) is DistanceBucket(bucket)


@pytest.mark.parametrize("bits", [-1, 32])
def test_there_is_no_bucket_beyond_a_match(bits: int) -> None:
    with pytest.raises(ValueError, match="0 to 31"):
        distance_bucket(bits)


RACE = """
import sys, threading
import msgspec
from stillmine.wire.codec import decode

sys.setswitchinterval(1e-6)
for number in range(1500):
    inner = msgspec.defstruct(f"Inner{number}", [(f"field_{place}", str) for place in range(20)])
    message = msgspec.defstruct(f"Message{number}", [("inner", list[inner]), ("other", inner | None, None)])
    at_once = threading.Barrier(4)

    def read():
        at_once.wait()
        assert decode(b'{"inner":[]}', message).inner == []

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_that_read_a_message_for_the_first_time_at_once_do_not_crash() -> None:
    """In a process of its own, for what went wrong was a segmentation fault."""
    ended = subprocess.run([sys.executable, "-c", RACE], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("message_type", "body"),
    [
        (SubmitFeedback, {"version": 1, "feedback": [{"feedback_id": "ID", "fingerprint_id": "a" * 32, "outcome": "found"}]}),
        (SubmitFeedback, {"version": 1, "feedback": [{"feedback_id": "a" * 32, "fingerprint_id": "ID", "outcome": "found"}]}),
        (Withdraw, {"version": 1, "fingerprint_id": "ID"}),
        (Ask, {"version": 1, "queries": [{"kind": "pdq", "value": "0f" * 32, "upload_token": "ID"}]}),
    ],
)
def test_an_id_with_a_line_break_behind_it_is_another_id(message_type: type, body: dict[str, object]) -> None:
    """The end of a pattern is also before a last line break: two texts of one id, of which one is too long for the database."""
    text = json.dumps(body)
    assert codec.decode(text.replace("ID", "b" * 32).encode(), message_type)
    assert refused(message_type, text.replace("ID", "b" * 32 + "\\n").encode()).code == "malformed_message"
