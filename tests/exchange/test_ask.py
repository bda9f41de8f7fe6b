# SPDX-License-Identifier: Apache-2.0
"""Ask through HTTP, answered by a real index service in a thread: what matches, what an answer tells, what is counted and refused."""

import hashlib
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from stillmine.exchange.transaction.context import Context
from stillmine.matching.turned import turned
from stillmine.wire.ask import BINARY_CONTENT_TYPE, AskQuery, decode_answer, encode_ask
from stillmine.wire.kinds import Kind
from tests.exchange.ask_parts import answers, ask
from tests.exchange.exchange_parts import Clock, PartnerClient, Phone, code, fingerprint, opening, value

SHA256, MD5 = "ab" * 32, "cd" * 16
NEAR = "1" + value(1)[1:]
"""One bit beside value 1."""


CLEAR = ("clear", "0" * 32)


def test_what_matches_is_named_by_the_partners_own_id(
    phone: Phone, partner: PartnerClient, other_partner: PartnerClient, follower: Callable[[], None]
) -> None:
    phone.open(1, 2)
    follower()
    partner.sync()
    other_partner.sync()
    for client in (partner, other_partner):
        own = next(entry.id for entry in client.entries.values() if entry.value == value(1))
        assert answers(client, value(1), "f" * 64, NEAR) == [("match", own), CLEAR, ("match", own)]
    assert answers(partner, value(1)) != answers(other_partner, value(1))


def test_a_turned_picture_is_found_and_the_nearest_is_named(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> None:
    phone.open(1)
    phone.post("case/fingerprints", {"version": 1, "fingerprints": [{"kind": "pdq", "value": NEAR, "quality": 90}]})
    follower()
    partner.sync()
    by_value = {entry.value: entry.id for entry in partner.entries.values()}
    eight = turned(bytes.fromhex(NEAR))
    for start in range(0, 256, 32):
        assert answers(partner, eight[start : start + 32].hex()) == [("match", by_value[NEAR])]
    assert answers(partner, value(1)) == [("match", by_value[value(1)])]
    many = answers(partner, *[value(1), NEAR, "f" * 64] * 3)
    assert many == [("match", by_value[value(1)]), ("match", by_value[NEAR]), CLEAR] * 3


@pytest.mark.parametrize("others", [0, 40])
def test_as_it_is_only_the_orientation_that_was_sent_is_looked_up(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None], others: int
) -> None:
    """In either form, alone and among so many that they are searched together; the same value asked in both ways has two answers."""
    phone.open(1)
    follower()
    over = turned(bytes.fromhex(value(1)))[5 * 32 : 6 * 32].hex()
    rest = [AskQuery(Kind.PDQ, hashlib.sha256(bytes([number])).hexdigest(), None, number % 2 == 0) for number in range(others)]
    asked = [AskQuery(Kind.PDQ, text, None, as_it_is) for text in (value(1), over) for as_it_is in (True, False)] + rest
    body = {"version": 1, "queries": [{"kind": "pdq", "value": row.value, "as_it_is": row.as_it_is} for row in asked]}
    found = partner.web.post("/api/v1/ask", json=body, headers=partner.headers).json()["answers"]
    assert [row["outcome"] for row in found] == ["match", "match", "clear", "match"] + ["clear"] * others
    headers = {**partner.headers, "Content-Type": BINARY_CONTENT_TYPE}
    told = decode_answer(partner.web.post("/api/v1/ask", content=encode_ask(asked), headers=headers).content, len(asked))
    assert [is_match for is_match, _, _ in told] == [True, True, False, True] + [False] * others


def test_a_video_as_it_is_is_compared_with_stills_in_its_own_orientation(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    phone.open(1)
    follower()
    over = turned(bytes.fromhex(value(1)))[5 * 32 : 6 * 32].hex()
    queries = [
        {"kind": "vpdq", "value": f'["{pdq},90,0.0"]', "as_it_is": as_it_is} for pdq in (value(1), over) for as_it_is in (True, False)
    ]
    found = partner.web.post("/api/v1/ask", json={"version": 1, "queries": queries}, headers=partner.headers).json()["answers"]
    assert [row["outcome"] for row in found] == ["match", "match", "clear", "match"]


def test_every_kind_in_json_and_binary(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> None:
    frames = "[" + ",".join(f'"{number * 7 % 256:02x}{"5a" * 31},90,{number}.0"' for number in range(8)) + "]"
    rows = [{"kind": "sha256", "value": SHA256, "quality": 100}, {"kind": "md5", "value": MD5, "quality": 100}]
    rows += [{"kind": "vpdq", "value": frames, "quality": 90}]
    phone.open(1, fingerprints=rows)
    follower()
    partner.sync()
    by_kind = {entry.kind: entry.id for entry in partner.entries.values()}
    asked = [("md5", MD5), ("sha256", SHA256), ("sha256", "0" * 64), ("vpdq", frames)]
    found = [row["id"] for row in ask(partner, *asked).json()["answers"]]
    assert found == [by_kind[Kind.MD5], by_kind[Kind.SHA256], "0" * 32, by_kind[Kind.VPDQ]]
    body = encode_ask([AskQuery(Kind(kind), text) for kind, text in asked])
    response = partner.web.post("/api/v1/ask", content=body, headers={**partner.headers, "Content-Type": BINARY_CONTENT_TYPE})
    assert response.headers["Content-Type"] == BINARY_CONTENT_TYPE
    assert [own.hex() for _, own, _ in decode_answer(response.content, 4)] == found
    assert [is_match for is_match, _, _ in decode_answer(response.content, 4)] == [True, True, False, True]
    as_they_are = encode_ask([AskQuery(Kind(kind), text, None, as_it_is=True) for kind, text in asked])
    response = partner.web.post("/api/v1/ask", content=as_they_are, headers={**partner.headers, "Content-Type": BINARY_CONTENT_TYPE})
    assert [own.hex() for _, own, _ in decode_answer(response.content, 4)] == found


def test_a_protected_still_is_found_among_the_frames_of_a_video(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> None:
    """In any orientation; a frame without detail is not compared, and a video that is protected too is named first."""
    phone.open(1)
    follower()
    partner.sync()
    own = next(entry.id for entry in partner.entries.values())
    others = [f'"{number * 7 % 256:02x}{"5a" * 31},90,{number}.0"' for number in range(8)]

    def outcome(pdq: str, quality: int) -> list[str]:
        video = "[" + ",".join([*others, f'"{pdq},{quality},8.0"']) + "]"
        return [row["id"] for row in ask(partner, ("vpdq", video), ("vpdq", f"[{others[0]}]")).json()["answers"]]

    assert outcome(NEAR, 90) == [own, "0" * 32]
    assert outcome(turned(bytes.fromhex(value(1)))[5 * 32 : 6 * 32].hex(), 90) == [own, "0" * 32]
    assert outcome(NEAR, 49) == ["0" * 32, "0" * 32]


def test_every_answer_has_the_same_size(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> None:
    phone.open(1, 2, 3)
    follower()
    sizes = {len(ask(partner, ("pdq", text)).content) for text in (value(1), NEAR, "f" * 64)}
    assert len(sizes) == 1
    assert ask(partner, ("pdq", "f" * 64)).json() == {
        "version": 1,
        "answers": [{"outcome": "clear", "id": "0" * 32, "tags": "--------"}],
    }
    binary = {**partner.headers, "Content-Type": BINARY_CONTENT_TYPE}
    bodies = [encode_ask([AskQuery(Kind.PDQ, text)]) for text in (value(1), "f" * 64)]
    assert {len(partner.web.post("/api/v1/ask", content=body, headers=binary).content) for body in bodies} == {22}


def test_what_the_person_said_of_the_file_is_told_as_a_tag(phone: Phone, partner: PartnerClient, follower: Callable[[], None]) -> None:
    said = fingerprint(1) | {"is_synthetic": True}
    view = phone._view(phone.post("case", opening(fingerprints=[said, fingerprint(0x0FFF)])))
    assert [row.is_synthetic for row in view.fingerprints] == [True, False]
    follower()
    queries = [("pdq", text) for text in (value(1), value(0x0FFF), "f" * 64)]
    assert [row["tags"] for row in ask(partner, *queries).json()["answers"]] == ["s-------", "--------", "--------"]
    binary = {**partner.headers, "Content-Type": BINARY_CONTENT_TYPE}
    body = encode_ask([AskQuery(Kind.PDQ, text) for _, text in queries])
    told = decode_answer(partner.web.post("/api/v1/ask", content=body, headers=binary).content, 3)
    assert [tags for _, _, tags in told] == [1, 0, 0]
    withdrawn = phone.withdraw(view.fingerprints[0].id)
    assert not withdrawn.fingerprints[0].is_synthetic, "it is erased with the value"


def test_what_was_withdrawn_is_clear_however_far_the_index_has_come(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    case = phone.open(1, 0x0FFF)  # far apart, turned or not
    follower()
    assert answers(partner, value(1))[0][0] == "match"
    phone.withdraw(case.fingerprints[0].id)
    assert answers(partner, value(1), value(0x0FFF))[0] == CLEAR
    follower()
    assert answers(partner, value(1)) == [CLEAR]
    phone.add(5)
    assert answers(partner, value(5)) == [CLEAR]
    follower()
    assert answers(partner, value(5))[0][0] == "match"


def test_a_full_list_of_candidates_that_are_all_gone_is_no_clear(
    phone: Phone, partner: PartnerClient, follower: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("protocol", "service"):
        monkeypatch.setattr(f"stillmine.exchange.ask.{module}.MAXIMUM_CANDIDATES", 32)
    nearest = [f"{int(value(1), 16) ^ 1 << place:064x}" for place in range(40)]
    rows = [{"kind": "pdq", "value": text, "quality": 90} for text in nearest]
    phone.open(1, fingerprints=rows)
    follower()
    phone.withdraw()
    refused = ask(partner, ("pdq", value(1)))
    assert code(refused) == (503, "index_loading")
    follower()
    assert answers(partner, value(1)) == [CLEAR]


def test_many_queries_near_one_case_hide_no_other_behind_it(
    phone: Phone, other_phone: Phone, partner: PartnerClient, follower: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together they have more candidates than the index names at once: those that were cut are looked up again, fewer at a time."""
    monkeypatch.setattr("stillmine.exchange.ask.protocol.MAXIMUM_CANDIDATES_IN_ALL", 64)
    monkeypatch.setattr("stillmine.exchange.ask.nearby.QUERIES_NEVER_CUT", 1)
    near, far = int(value(1), 16), int(value(1), 16) ^ 0xFFFF << 64
    phone.open(1, fingerprints=[{"kind": "pdq", "value": f"{near ^ 1 << place:064x}", "quality": 90} for place in range(40)])
    other_phone.open(1, fingerprints=[{"kind": "pdq", "value": f"{far:064x}", "quality": 90}])
    follower()
    answers(partner, *(f"{near ^ 3 << place:064x}" for place in range(0, 16, 2)))
    (row,) = other_phone.show().fingerprints
    assert [shown.partner for shown in row.partners] == ["Example Social"]


def test_what_is_never_turned_is_looked_up_once_whether_as_it_is_or_not() -> None:
    from stillmine.exchange.ask.nearby import asked

    assert asked(AskQuery(Kind.SHA256, value(1), "ab" * 16, as_it_is=True)) == asked(AskQuery(Kind.SHA256, value(1)))
    assert asked(AskQuery(Kind.PDQ, value(1), "ab" * 16, as_it_is=True)) != asked(AskQuery(Kind.PDQ, value(1)))


def test_queries_are_counted_and_matches_written_down(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None], clock: Clock
) -> None:
    from stillmine.exchange.rows.asks import AskCount, AskMatch

    case = phone.open(1, 2)
    follower()
    answers(partner, value(1), value(1), "f" * 64)
    clock.forward(minutes=3)
    answers(partner, value(1))
    assert list(AskCount.objects.values_list("queries", "matches")) == [(4, 3)]
    assert list(AskMatch.objects.values_list("fingerprint_id", "queries")) == [(case.fingerprints[0].id, 3)]
    shown = phone.show().fingerprints[0].partners
    assert [(row.partner, row.given_on is None, row.found_on == case.opened_at.date()) for row in shown] == [("Example Social", True, True)]
    assert phone.show().fingerprints[1].partners == []
    status = partner.web.get("/api/v1/status", headers=partner.headers).json()
    assert (status["index"], status["queries_today"], status["queries_a_day"]) == ("ready", 4, 1_000_000)


def test_a_used_up_quota_ends_at_midnight(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None], clock: Clock
) -> None:
    from stillmine.exchange.rows.asks import AskCount
    from stillmine.exchange.rows.partners import Partner

    Partner.objects.update(daily_quota=3)
    phone.open(1)
    follower()
    answers(partner, value(1), value(1))
    refused = ask(partner, ("pdq", value(1)), ("pdq", value(1)))
    assert code(refused) == (429, "quota_used_up")
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    assert answers(partner, value(1))[0][0] == "match"
    assert AskCount.objects.get().queries == 3
    clock.forward(seconds=int(refused.headers["Retry-After"]) + 1)
    assert answers(partner, value(1))[0][0] == "match"


def test_without_a_service_or_while_it_loads_or_is_behind_asks_wait(exchange: Context, phone: Phone, partner: PartnerClient) -> None:
    from stillmine.exchange.ask.client import forget_connection
    from stillmine.exchange.ask.following import Follower
    from stillmine.exchange.ask.service import IndexService
    from stillmine.exchange.rows.asks import AskCount

    seconds = [0.0]
    own = Follower(exchange, monotonic=lambda: seconds[0])
    service = IndexService(exchange.home, own)

    def state() -> str:
        return str(partner.web.get("/api/v1/status", headers=partner.headers).json()["index"])

    def refusal() -> tuple[tuple[int, str], bool]:
        refused = ask(partner, ("pdq", value(1)))
        return code(refused), "Retry-After" in refused.headers

    phone.open(1)
    assert (refusal(), state()) == (((503, "index_loading"), True), "loading")
    service.start()
    try:
        assert (refusal(), state()) == (((503, "index_loading"), True), "loading")
        own.follow()
        assert state() == "ready"
        seconds[0] = 31.0
        assert (refusal(), state()) == (((503, "index_loading"), True), "loading")
        assert not AskCount.objects.exists()
        own.follow()
        assert answers(partner, value(1))[0][0] == "match"
    finally:
        service.close()
        forget_connection()


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        ([], (400, "malformed_message")),
        ([{"kind": "pdq", "value": "0" * 64}] * 1001, (400, "malformed_message")),
        ([{"kind": "pdq", "value": "0" * 63}], (422, "fingerprint_malformed")),
        ([{"kind": "regions", "value": ""}], (422, "kind_not_accepted")),
        ([{"kind": "pdq", "value": "0" * 64, "quality": 3}], (400, "malformed_message")),
    ],
)
def test_bad_queries_refuse_the_whole_request(
    partner: PartnerClient, follower: Callable[[], None], queries: list[dict[str, object]], expected: tuple[int, str]
) -> None:
    follower()
    body = {"version": 1, "queries": queries}
    assert code(partner.web.post("/api/v1/ask", json=body, headers=partner.headers)) == expected


def test_the_refusal_says_which_query(partner: PartnerClient, follower: Callable[[], None]) -> None:
    refused = ask(partner, ("pdq", "0" * 64), ("md5", "x"))
    assert refused.json()["detail"].startswith("queries[1]: md5")
    head = encode_ask([AskQuery(Kind.PDQ, "0" * 64)])
    binary = {**partner.headers, "Content-Type": BINARY_CONTENT_TYPE}
    kinds = (b"\x01", b"\x09\0\0\0\0", b"\x01\x01\0\0\0a", b"\x02\x01\0\0\0\xff")
    for body in (b"", b"SMA2", b"SMA1", head[:-1], *(head + more for more in kinds)):
        refused = partner.web.post("/api/v1/ask", content=body, headers=binary)
        assert refused.json()["code"] in {"malformed_message", "fingerprint_malformed"}, body
    assert code(partner.web.post("/api/v1/ask", content=b" " * (4 * 1024 * 1024 + 1), headers=binary)) == (413, "message_too_large")
    assert code(partner.web.post("/api/v1/ask", content=head, headers=partner.headers)) == (400, "malformed_message")


def test_nonsense_on_the_socket_ends_that_connection_only(
    exchange: Context, phone: Phone, partner: PartnerClient, follower: Callable[[], None]
) -> None:
    phone.open(1)
    follower()
    path = exchange.home / "index.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    whole = encode_ask([AskQuery(Kind.PDQ, value(1))])
    for sent, answered in (
        (b"\0\0\0\0", b""),
        (b"\xff\xff\xff\xff", b""),
        (b"\x05\0\0\0\x01", b""),
        (b"\x01", b""),
        (frame(b"\x09"), frame(b"\x04")),
        (frame(b"\x01nonsense"), frame(b"\x04")),
        (frame(b"\x01" + whole[:-1]), frame(b"\x04")),
        (frame(b"\x02more"), frame(b"\x04")),
    ):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(path))
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while part := connection.recv(100):
                received += part
        assert received == answered, sent
    assert answers(partner, value(1))[0][0] == "match"


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "little") + body


def test_a_reply_that_is_no_reply_is_index_loading(exchange: Context, partner: PartnerClient) -> None:
    from stillmine.exchange.ask.client import forget_connection

    replies = [frame(body) for body in (b"\x01", b"\x01\x01short", b"\x01\xff", b"\x07", b"\x01\0\0")]
    for reply in (b"", b"\xff\xff\xff\xff", *replies):
        with answering(exchange.home / "index.sock", reply):
            assert code(ask(partner, ("pdq", value(1)))) == (503, "index_loading"), reply
        forget_connection()


class answering:  # noqa: N801 (used as a context manager)
    """A wrong service that says the same to everybody."""

    def __init__(self, path: Path, reply: bytes) -> None:
        self._path, self._reply = path, reply

    def __enter__(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(self._reply)

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()
        self._path.unlink()


def test_a_database_that_went_back_ends_the_service(exchange: Context, phone: Phone) -> None:
    from stillmine.exchange.ask.following import Follower, SequenceWentBackError

    phone.open(1)
    own = Follower(exchange)
    own.follow()
    own.sequence += 1
    with pytest.raises(SequenceWentBackError):
        own.follow()
    assert len(own.index) == 1


def test_the_home_may_not_be_too_long_for_a_socket() -> None:
    from stillmine.exchange.ask.protocol import require_socket_path
    from stillmine.wire.errors import NotConfiguredError

    require_socket_path(Path(tempfile.gettempdir()))
    with pytest.raises(NotConfiguredError):
        require_socket_path(Path("/" + "a" * 100))
