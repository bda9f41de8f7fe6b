# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PTH101, PTH102, PTH104, PTH108, PTH116, PTH208, PTH211 (plain calls of the system, as an attacker makes them)
"""A worker process in which a stranger runs code of their own, as after a bug in a decoder: it tries every door and says what it found.

Everything it uses is loaded before the doors close, as an attacker brings all they need. Each attempt ends with "open", or with the name of
what kept it shut. The file names the targets, one a line.
"""

import ctypes
import errno
import mmap
import os
import platform
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

from stillmine.partner.fingerprinting.worker import main
from stillmine.partner.fingerprinting.worker_messages import Job, JobResult, Media

_LIBC = ctypes.CDLL(None, use_errno=True)
_NUMBERS = {"fork": 57, "tgkill": 234, "keyctl": 250, "bpf": 321, "userfaultfd": 323, "personality": 135}
"""Of calls without a function in libc, on x86_64; elsewhere these attempts are left out."""

_IS_X86_64 = platform.machine() == "x86_64"

Attempts = dict[str, Callable[[], object]]


def make(file: BinaryIO, _job: Job) -> Iterator[JobResult]:
    """Try all doors."""
    file.seek(0)
    key, store, folder, service = file.read(4000).decode().splitlines()
    attempts = {**_files(key, store, folder, file), **_processes(int(service)), **_kernel(int(service)), **_network()}
    found = [f"{name}: {_tried(attempt)}" for name, attempt in attempts.items()]
    found += [f"thread: {_tried(_thread)}", f"upload: {_tried(lambda: os.lseek(file.fileno(), 0, os.SEEK_END))}"]
    yield JobResult(Media.IMAGE, is_final=True, left_out=found)


def _files(key: str, store: str, folder: str, upload: BinaryIO) -> Attempts:
    return {
        "read the key": lambda: os.open(key, os.O_RDONLY),
        "look whether there is a key": lambda: os.stat(key),
        "list the folder": lambda: os.listdir(folder),
        "read own memory": lambda: os.open("/proc/self/mem", os.O_RDWR),
        "write": lambda: os.open(f"{folder}/made", os.O_CREAT | os.O_WRONLY),
        "write without a name": lambda: os.open(folder, os.O_TMPFILE | os.O_WRONLY),
        "write in memory": lambda: os.memfd_create("made"),
        "truncate": lambda: os.truncate(store, 0),
        "truncate the upload": lambda: os.ftruncate(upload.fileno(), 0),
        "change the upload": lambda: os.write(upload.fileno(), b"x"),
        "share the upload's memory": lambda: mmap.mmap(upload.fileno(), 1, mmap.MAP_SHARED, mmap.PROT_READ),
        "change the mode": lambda: os.chmod(store, 0o600),
        "rename": lambda: os.rename(store, store),
        "link": lambda: os.symlink(store, f"{folder}/made"),
        "make a folder": lambda: os.mkdir(f"{folder}/made"),
        "change root": lambda: os.chroot("/"),
        "change folder": lambda: os.chdir("/"),
        "mount": lambda: _called(_LIBC.mount, b"none", folder.encode(), b"none", 0, None),
        "delete": lambda: os.unlink(store),
    }


def _processes(service: int) -> Attempts:
    return {
        "read the service's memory": lambda: os.open(f"/proc/{service}/mem", os.O_RDONLY),
        "read the service's environment": lambda: os.open(f"/proc/{service}/environ", os.O_RDONLY),
        "list the service's descriptors": lambda: os.listdir(f"/proc/{service}/fd"),
        "copy the service's memory": lambda: _called(_LIBC.process_vm_readv, service, None, 0, None, 0, 0),
        "trace the service": lambda: _called(_LIBC.ptrace, 16, service, 0, 0),
        "find the service": lambda: os.pidfd_open(service),
        "limit the service": lambda: resource.prlimit(service, resource.RLIMIT_NOFILE),
        "slow the service": lambda: os.setpriority(os.PRIO_PROCESS, service, 19),
        "stop the service": lambda: os.kill(service, signal.SIGSTOP),
        "end the service": lambda: os.kill(service, signal.SIGTERM),
        "end every process": lambda: os.kill(-1, 0),
        "run a shell": lambda: os.posix_spawn("/bin/sh", ["sh", "-c", "exit"], {}),
        "become a shell": lambda: os.execv("/nowhere", ["sh"]),
        "fork": lambda: os.fork() or os._exit(0),
    }


def _kernel(service: int) -> Attempts:
    attempts: Attempts = {
        "run what was written": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC),
        "be dumped": lambda: _called(_LIBC.prctl, 4, 1, 0, 0, 0),
        "become a user": lambda: os.setuid(os.getuid()),
        "leave namespaces": lambda: _called(_LIBC.unshare, 0x10000000),
        "io_uring": lambda: _called(_LIBC.syscall, 425, 1, ctypes.create_string_buffer(120)),
        "open in another way": lambda: _called(_LIBC.syscall, 437, -100, b"/", ctypes.create_string_buffer(24), 24),
    }
    if _IS_X86_64:
        attempts |= {
            "fork plainly": lambda: _called(_LIBC.syscall, _NUMBERS["fork"]) or os._exit(0),
            "signal a thread": lambda: _called(_LIBC.syscall, _NUMBERS["tgkill"], service, service, signal.SIGTERM),
            "keyring": lambda: _called(_LIBC.syscall, _NUMBERS["keyctl"], 0, -3, 1),
            "bpf": lambda: _called(_LIBC.syscall, _NUMBERS["bpf"], 0, ctypes.create_string_buffer(64), 64),
            "userfaultfd": lambda: _called(_LIBC.syscall, _NUMBERS["userfaultfd"], 0),
            "make memory run": lambda: _called(_LIBC.syscall, _NUMBERS["personality"], 0x0400000),
        }
    return attempts


def _network() -> Attempts:
    own = int(sys.argv[1])
    return {
        "TCP": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "UDP": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
        "Unix socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM),
        "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "pair": socket.socketpair,
        "connect": lambda: _called(_LIBC.connect, own, ctypes.create_string_buffer(16), 16),
        "hand over a descriptor": lambda: _called(_LIBC.sendmsg, own, ctypes.create_string_buffer(56), 0),
    }


def _tried(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "?")
    except Exception as error:
        return type(error).__name__
    return "open"


def _thread() -> None:
    """Decoders need threads; this door stays open."""
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def _called(function: Callable[..., int], *arguments: object) -> int:
    result = function(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


if __name__ == "__main__":
    main(make)
