# SPDX-License-Identifier: Apache-2.0
"""Deadlines, least rates and room, with doors so small that nobody waits long: real sockets, one server in this process."""

import asyncio
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from stillmine.serving.connection import Networks
from stillmine.serving.doors import Doors, Room
from stillmine.serving.front import Front, Inside
from stillmine.serving.listening import answer, bound
from stillmine.serving.wsgi import Answer, whole
from tests.attacker import Attacker, answered, attacking, everything, head, is_open, wait_until

SMALL = Doors(connections=40, connections_per_network=8, silent_seconds=1, idle_seconds=2, body_seconds=8, window_seconds=2, stop_seconds=5)
BY_PEER, TWO_THREADS = Networks(lambda peer: peer), Room(threads=2)
LARGE_ANSWER = 64 * 1024 * 1024


class Application:
    """Says what it was sent; `/large` answers more than any buffer holds; `/wait` answers when it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.bodies: list[bytes] = []
        self.large_is_closed = threading.Event()

    def __call__(self, environ: dict[str, object], start_response: object) -> Iterable[bytes]:
        assert callable(start_response)
        body = environ["wsgi.input"].read()  # type: ignore[attr-defined]
        self.bodies.append(body)
        start_response("200 OK", [("Content-Type", "text/plain")])
        match environ["PATH_INFO"]:
            case "/wait":
                self.let_go.wait(60)
            case "/large":
                return self._large()
            case "/headers":
                return [
                    b"proxy: %s, network: %s" % tuple(str(environ.get(f"HTTP_X_{name}", "none")).encode() for name in ("PROXY", "NETWORK"))
                ]
            case "/breaks":
                raise ValueError(body)
        return [b"%d bytes" % len(body)]

    def _large(self) -> Iterator[bytes]:
        try:
            for _ in range(LARGE_ANSWER // 65536):
                yield b"a" * 65536
        finally:
            self.large_is_closed.set()


class Served:
    def __init__(self, port: int, application: Application, stop: threading.Event) -> None:
        self.port, self.application, self.stop = port, application, stop

    def get(self, path: str = "/", network: int = 0) -> bytes:
        with attacking(self.port) as attacker:
            return everything(attacker.send(head("GET", path, {"Connection": "close"}), network))


def no_network(_peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
    return dict(headers).get(b"x-network", b"").decode()


@contextmanager
def serving(doors: Doors = SMALL, networks: Networks = BY_PEER, room: Room = TWO_THREADS) -> Iterator[Served]:
    application, stop, told = Application(), threading.Event(), asyncio.Event()
    place: list[asyncio.AbstractEventLoop] = []
    is_listening = threading.Event()

    def refuse_early(environ: dict[str, object]) -> Answer | None:
        return whole(404, [], b'{"code":"early"}') if environ["PATH_INFO"] == "/early" else None

    front = Front(Inside(application, lambda _path: 300_000, refuse_early, no_network), room)

    async def run(listener: socket.socket) -> None:
        place.append(asyncio.get_running_loop())
        await answer(listener, front, doors, told, networks=networks, is_listening=is_listening.set)

    with bound("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=lambda: asyncio.run(run(listener)))
        thread.start()
        try:
            assert is_listening.wait(20)
            yield Served(port, application, stop)
        finally:
            application.let_go.set()
            place[0].call_soon_threadsafe(told.set)
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture
def attacker(served: Served) -> Iterator[Attacker]:
    with attacking(served.port) as running:
        yield running


def test_who_says_nothing_is_hung_up_on_and_half_a_head_gets_words(served: Served, attacker: Attacker) -> None:
    silent, half = attacker.connect(), attacker.send(b"GET / HTTP/1.1\r\n")
    assert everything(silent) == b""
    assert answered(half) == (408, "too_slow")
    assert everything(half) == b""
    assert served.application.bodies == []


def test_a_head_that_comes_byte_by_byte_has_the_same_time(served: Served, attacker: Attacker) -> None:
    slow = attacker.send(b"GET / HTTP/1.1\r\nX-Slow: ")

    def is_over() -> bool:
        try:
            slow.sendall(b"a")
        except OSError:
            return True
        return False

    wait_until(is_over)
    assert served.application.bodies == []


def test_an_idle_connection_is_kept_for_a_while_and_used_again(attacker: Attacker) -> None:
    client = attacker.send(head("GET", "/"))
    wait_until(lambda: b"0 bytes" in client.recv(65536))
    client.sendall(head("GET", "/"))
    assert b"0 bytes" in everything(client)


def test_slow_bodies_get_words_and_no_thread(served: Served, attacker: Attacker) -> None:
    slow = [attacker.begin_body("/", {}, network=number) for number in range(5)]
    assert b"0 bytes" in served.get()
    assert [answered(client) for client in slow] == [(408, "too_slow")] * 5
    assert served.application.bodies == [b""]


def test_a_body_has_a_deadline_even_where_it_comes_fast_enough() -> None:
    with serving(replace(SMALL, bytes_per_second=1)) as served, attacking(served.port) as attacker:
        client = attacker.begin_body("/", {}, stated=100_000)
        done = threading.Event()

        def dribble() -> None:
            while not done.wait(0.1):
                try:
                    client.sendall(b"aaaaaaaaaa")
                except OSError:
                    return

        threading.Thread(target=dribble, daemon=True).start()
        assert answered(client, 60) == (408, "too_slow")
        done.set()


def test_an_aborted_body_reaches_nobody(served: Served) -> None:
    for _ in range(10):
        with attacking(served.port) as attacker:
            attacker.begin_body("/", {})
    assert b"0 bytes" in served.get()
    assert served.application.bodies == [b""]


def test_bodies_come_whole_in_every_form(served: Served, attacker: Attacker) -> None:
    client = attacker.send(head("POST", "/", {"Transfer-Encoding": "chunked", "Connection": "close"}) + b"3\r\nabc\r\n")
    client.sendall(b"2\r\nde\r\n0\r\n\r\n")
    assert everything(client).endswith(b"5 bytes")
    waits = attacker.send(head("POST", "/", {"Content-Length": "3", "Expect": "100-continue", "Connection": "close"}))
    assert waits.recv(65536).startswith(b"HTTP/1.1 100 ")
    waits.sendall(b"abc")
    assert everything(waits).endswith(b"3 bytes")
    large = attacker.send(head("POST", "/", {"Content-Length": "300000", "Connection": "close"}) + b"a" * 300_000)
    assert everything(large).endswith(b"300000 bytes")
    assert everything(attacker.send(head("HEAD", "/", {"Connection": "close"}))).endswith(b"\r\n\r\n")


def test_two_requests_at_once_are_answered_in_turn(attacker: Attacker) -> None:
    both = head("POST", "/", {"Content-Length": "3"}) + b"abc" + head("GET", "/", {"Connection": "close"})
    answers = everything(attacker.send(both))
    assert answers.count(b"HTTP/1.1 200 ") == 2
    assert answers.index(b"3 bytes") < answers.index(b"0 bytes")


@pytest.mark.parametrize("stated", [300_001, None])
def test_too_large_a_body_is_refused_in_words_that_arrive(attacker: Attacker, stated: int | None) -> None:
    length = {"Transfer-Encoding": "chunked"} if stated is None else {"Content-Length": str(stated)}
    chunk = b"" if stated else b"%x\r\n" % 300_001
    client = attacker.send(head("POST", "/", length) + chunk + b"a" * 300_001)
    assert answered(client) == (413, "message_too_large")


def test_early_refusals_come_before_the_body(served: Served, attacker: Attacker) -> None:
    assert answered(attacker.begin_body("/early", {})) == (404, "early")
    assert served.application.bodies == []


def test_a_slow_reader_holds_no_thread_and_is_given_up(served: Served, attacker: Attacker) -> None:
    readers = [attacker.send(head("GET", "/large")) for _ in range(4)]
    assert served.get().endswith(b"0 bytes")  # with two threads
    assert served.application.large_is_closed.wait(60)
    for reader in readers:
        assert len(everything(reader)) < LARGE_ANSWER


def test_a_large_answer_arrives_whole_and_streams_are_bounded() -> None:
    with serving(room=Room(threads=2, streams=1)) as served, attacking(served.port) as attacker:
        held = attacker.send(head("GET", "/large"))
        held.recv(1)
        assert answered(attacker.send(head("GET", "/large"), network=1)) == (503, "busy")
        assert len(everything(held, 60)) > LARGE_ANSWER


def test_one_network_crowds_out_itself_and_its_oldest_first(served: Served, attacker: Attacker) -> None:
    other = attacker.connect(network=1)
    silent = [attacker.connect() for _ in range(8)]
    assert b"0 bytes" in served.get()
    wait_until(lambda: not is_open(silent[0]))
    assert is_open(other)


def test_what_is_worked_on_is_never_given_up_for_another() -> None:
    doors, networks, room = replace(SMALL, connections=4), Networks(lambda _peer: ""), Room(threads=4)
    with serving(doors, networks, room) as served, attacking(served.port) as attacker:
        working = [attacker.send(head("GET", "/wait", {"Connection": "close"}), network) for network in range(4)]
        wait_until(lambda: len(served.application.bodies) == 4)
        assert answered(attacker.connect(9)) == (503, "busy")
        served.application.let_go.set()
        assert all(everything(client).endswith(b"0 bytes") for client in working)


def test_processes_that_share_a_socket_share_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two loops in two threads stand for two processes; the one that has a connection steps aside for longer than a busy machine takes."""
    monkeypatch.setattr("stillmine.serving.listening.STEP_ASIDE_SECONDS", 15.0)
    taken: list[int] = [0, 0]
    with bound("127.0.0.1", 0) as listener:
        told, are_listening = [asyncio.Event(), asyncio.Event()], [threading.Event(), threading.Event()]
        places: dict[int, asyncio.AbstractEventLoop] = {}

        def run(number: int) -> None:
            async def application(scope: object, receive: object, send: object) -> None: ...

            def network(_peer: str) -> str:
                taken[number] += 1
                return str(taken)

            async def listen() -> None:
                places[number] = asyncio.get_running_loop()
                own = listener.dup()
                own.setblocking(False)
                await answer(
                    own,
                    application,
                    replace(SMALL, silent_seconds=60),
                    told[number],
                    networks=Networks(network),
                    is_listening=are_listening[number].set,
                    shares_listener=True,
                )

            asyncio.run(listen())

        threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        assert all(event.wait(20) for event in are_listening)
        with attacking(listener.getsockname()[1]) as attacker:
            attacker.connect()
            wait_until(lambda: sum(taken) == 1)
            attacker.connect()
            wait_until(lambda: sum(taken) == 2)
        for number in range(2):
            places[number].call_soon_threadsafe(told[number].set)
        for thread in threads:
            thread.join(60)
    assert taken == [1, 1]


def test_behind_a_proxy_each_head_says_whose_request_it_is() -> None:
    room = Room(threads=1, requests_per_network=2)
    with serving(networks=Networks(of_head=no_network), room=room) as served, attacking(served.port) as attacker:
        many = [attacker.begin_body("/", {"X-Network": "a"}) for _ in range(20)]
        theirs = attacker.begin_body("/", {"X-Network": "b"})
        wait_until(lambda: sum(map(is_open, many)) <= 8)
        assert is_open(theirs)
        waiting = [attacker.send(head("GET", "/wait", {"X-Network": "c", "Connection": "close"})) for _ in range(2)]
        wait_until(lambda: len(served.application.bodies) == 1)
        assert answered(attacker.send(head("GET", "/", {"X-Network": "c"}))) == (429, "too_many_at_once")
        served.application.let_go.set()
        assert all(everything(client).endswith(b"0 bytes") for client in waiting)


def test_what_breaks_says_so_and_nothing_of_it_is_logged(served: Served, attacker: Attacker, caplog: pytest.LogCaptureFixture) -> None:
    client = attacker.send(head("POST", "/breaks", {"Content-Length": "6"}) + b"canary")
    assert answered(client) == (500, "internal_error")
    assert "ValueError" in caplog.text
    assert "canary" not in caplog.text


def test_told_to_stop_it_finishes_what_has_begun() -> None:
    with attacking(0) as attacker:
        with serving() as served:
            attacker.port = served.port
            begun = attacker.send(head("GET", "/wait"))
            wait_until(lambda: len(served.application.bodies) == 1)
        answer_and_end = everything(begun)
        assert b"connection: close" in answer_and_end
        assert answer_and_end.endswith(b"0 bytes")


def chunked(trailers: bytes, path: str = "/") -> bytes:
    return head("POST", path, {"Transfer-Encoding": "chunked", "X-Proxy": "1"}) + b"2\r\n{}\r\n0\r\n" + trailers


def test_what_stands_behind_a_body_is_no_header(served: Served, attacker: Attacker) -> None:
    client = attacker.send(chunked(b"X-Proxy: 2\r\nX-Network: another\r\n\r\n", "/headers"))
    wait_until(lambda: b"proxy: 1, network: none" in client.recv(65536))


def test_lines_behind_a_body_that_never_end_are_not_kept(served: Served, attacker: Attacker) -> None:
    many = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 900) for number in range(1000))
    for endless in (many, b"X-Endless: " + b"a" * 900_000, b"X: 1\r\n" * 150_000):
        client = attacker.send(chunked(endless))
        assert b"head_too_large" in everything(client)
    longer = attacker.send(head("POST", "/", {"Transfer-Encoding": "chunked"}) + b"2;" + b"a" * 900_000)
    assert b"head_too_large" in everything(longer)
    assert b"0 bytes" in served.get()


def test_a_body_in_very_many_parts_is_taken(attacker: Attacker) -> None:
    client = attacker.send(head("POST", "/", {"Transfer-Encoding": "chunked"}) + b"1\r\na\r\n" * 50_000 + b"0\r\n\r\n")
    wait_until(lambda: b"50000 bytes" in client.recv(65536))


def test_many_requests_at_once_are_no_long_head(attacker: Attacker) -> None:
    client = attacker.send(head("GET", "/") * 3000 + head("GET", "/", {"Connection": "close"}))
    assert everything(client, 60).count(b"0 bytes") == 3001


def test_a_length_of_thousands_of_digits_is_read(attacker: Attacker) -> None:
    client = attacker.send(head("POST", "/", {"Content-Length": "0" * 5000 + "2"}) + b"{}")
    wait_until(lambda: b"2 bytes" in client.recv(65536))
