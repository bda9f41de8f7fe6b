# SPDX-License-Identifier: Apache-2.0
"""A small mail server: takes one message after the other, refuses, or says nothing at all."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message


class MailServer(socketserver.ThreadingTCPServer):
    """Listens on this machine; `mails` is what it took, with the envelope's addresses."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[tuple[list[str], Message]] = []
        self.is_hanging = False
        self.refuses = False
        self.over = threading.Event()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def texts(self) -> list[str]:
        return [_text(mail) for _, mail in self.mails]


def _text(mail: Message) -> str:
    content = mail.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode("utf-8")


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, MailServer)
        if server.is_hanging:
            server.over.wait(60)
            return
        self._say("220 mail.example")
        to: list[str] = []
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "QUIT":
                self._say("221 bye")
                return
            if word == "RCPT":
                to.append(line.partition("<")[2].partition(">")[0])
                self._say("550 nobody here" if server.refuses else "250 ok")
            elif word == "DATA":
                self._say("354 go on")
                server.mails.append((to, message_from_bytes(self._data())))
                self._say("250 taken")
            else:
                self._say("250 ok")

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run one."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
