# SPDX-License-Identifier: Apache-2.0
"""What an exchange, or whoever poses as it, may answer a partner's service, for `Between`. Each does at one request what its name says."""

from collections.abc import Callable

from stillmine.wire.ask import BINARY_CONTENT_TYPE, Answer, Ask, AskAnswer, Outcome, decode_ask, encode_answer
from tests.journey.between import ASK, Answered, Connection, Fault
from tests.journey.parties import Service

KEPT_SECONDS = 120
"""Longer than any service waits."""


def hangs(connection: Connection) -> None:
    """Take the request and say nothing, until the other end has had enough."""
    connection.connection.settimeout(KEPT_SECONDS)
    connection.connection.recv(1)
    connection.close_connection = True


def says(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Answer the same to everything."""
    named = [(name.replace("_", "-"), text) for name, text in headers.items()]
    return lambda connection: connection.give(Answered(status, named, body))


def kills(service: Service) -> Fault:
    """Let the exchange answer, and kill the service before it hears that."""

    def kill(connection: Connection) -> None:
        connection.ask_exchange()
        service.kill()
        connection.close_connection = True

    return kill


def cut(connection: Connection) -> None:
    """Give the head of the exchange's answer and half of its body, and hang up."""
    answered = connection.ask_exchange()
    _begin(connection, f"Content-Length: {len(answered.body)}")
    connection.wfile.write(answered.body[: len(answered.body) // 2])
    connection.close_connection = True


def endless(connection: Connection) -> None:
    """Begin as an answer begins and never end."""
    _begin(connection, "Transfer-Encoding: chunked")
    connection.wfile.write(b"4\r\nSMR1\r\n")
    while True:
        connection.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")


def drips(connection: Connection) -> None:
    """Say a byte a second, and never the last one."""
    _begin(connection, "Content-Length: 100000")
    connection.connection.settimeout(1)
    while True:
        connection.wfile.write(b"S")
        try:
            if not connection.connection.recv(1):
                break
        except TimeoutError:
            continue
    connection.close_connection = True


def answers(make: Callable[[Ask], bytes]) -> Fault:
    """Answer asks in binary with what is made of them; all else is relayed."""

    def lie(connection: Connection) -> None:
        body = make(decode_ask(connection.seen.body))
        connection.give(Answered(200, [("Content-Type", BINARY_CONTENT_TYPE)], body))

    return only(ASK, lie)


def all_match(ask: Ask) -> bytes:
    """Each query a match of a fingerprint of its own."""
    return _answered([Answer(Outcome.MATCH, f"{place:032x}") for place in range(1, len(ask.queries) + 1)])


def one_answer_less(ask: Ask) -> bytes:
    return _answered([Answer()] * (len(ask.queries) - 1))


def one_answer_more(ask: Ask) -> bytes:
    return _answered([Answer()] * (len(ask.queries) + 1))


def no_answers(_ask: Ask) -> bytes:
    return _answered([])


def unknown_outcomes(ask: Ask) -> bytes:
    """Each neither 0 nor 1."""
    return b"SMR1" + (b"\x07" + bytes(17)) * len(ask.queries)


def matches_without_id(ask: Ask) -> bytes:
    return b"SMR1" + (b"\x01" + bytes(17)) * len(ask.queries)


def clear_with_id(ask: Ask) -> bytes:
    return b"SMR1" + (b"\x00" + b"\x05" * 16 + b"\x00") * len(ask.queries)


def only(path: str, fault: Fault) -> Fault:
    """Be faulty at one path, and relay all else."""
    return lambda connection: (fault if connection.seen.path.partition("?")[0] == path else Connection.relay)(connection)


def _answered(rows: list[Answer]) -> bytes:
    return encode_answer(AskAnswer(version=1, answers=rows))


def _begin(connection: Connection, how_long: str) -> None:
    connection.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: {BINARY_CONTENT_TYPE}\r\n{how_long}\r\n\r\n".encode())
