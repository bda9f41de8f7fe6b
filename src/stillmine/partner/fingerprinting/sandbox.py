# SPDX-License-Identifier: Apache-2.0
"""Walls around a worker process, built by itself before it reads the first file: the kernel keeps what the worker's own code may have lost.

A bug in a decoder gives a stranger the worker. Behind these walls it can compute and answer its service, and nothing else: no file, no
network, no process, no signal, no other's memory. They can't be taken down again. What the kernel lacks is returned, never passed over.
Only the standard library and the kernel's own interface are used (`landlock(7)`, `seccomp(2)`): no library has to be trusted for it.
"""

import ctypes
import os
import platform
import resource
import struct
from enum import StrEnum
from pathlib import Path

from stillmine.partner.fingerprinting.system_calls import MACHINES, filter_program

MAXIMUM_OPEN_FILES = 16
"""Numbers below this are left for new descriptors: three standard ones, the connection, one upload."""

MAXIMUM_THREADS = 4096
"""The kernel counts all processes and threads of a user together, so less could stop workers beside a busy service."""

_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_GET_NO_NEW_PRIVS = 4, 38, 39
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF, _LANDLOCK_VERSION = 444, 446, 1
_SET_MODE_FILTER, _FILTER_ALL_THREADS = 1, 1
_CAPABILITY_VERSION = 0x20080522

_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many kinds of access to files a version of Landlock knows, by its number."""

_NETWORK_FROM, _SCOPES_FROM = 4, 6


class Wall(StrEnum):
    """A part of the sandbox."""

    NO_NEW_PRIVILEGES = "no_new_privs"
    NO_CAPABILITIES = "capabilities"
    SECCOMP = "seccomp"
    LANDLOCK = "landlock"
    LANDLOCK_TRUNCATE = "landlock_truncate"
    LANDLOCK_NETWORK = "landlock_network"
    LANDLOCK_SCOPES = "landlock_scopes"


NEEDED = frozenset({Wall.NO_NEW_PRIVILEGES, Wall.NO_CAPABILITIES, Wall.SECCOMP, Wall.LANDLOCK})
"""The others are a second lock on doors that seccomp shuts."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def shut_in(*descriptors: int) -> list[Wall]:
    """Shut this process in for good, leaving it the standard streams and these descriptors; return the walls that could not be built.

    Everything that decoders load at first use must be loaded, and no other thread may run: it would stay outside.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    _close_all_but(descriptors)
    keep_out_of_memory(libc)
    _set_limit(resource.RLIMIT_NOFILE, MAXIMUM_OPEN_FILES)
    _set_limit(resource.RLIMIT_NPROC, MAXIMUM_THREADS)
    missing = [] if _drop_capabilities(libc) else [Wall.NO_CAPABILITIES]
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1:
        missing.append(Wall.NO_NEW_PRIVILEGES)
    is_alone = len(list(Path("/proc/self/task").iterdir())) == 1
    missing += _without_files(libc) if is_alone else [Wall.LANDLOCK]
    if not _without_calls(libc):
        missing.append(Wall.SECCOMP)
    return missing


def keep_out_of_memory(libc: ctypes.CDLL | None = None) -> None:
    """Let no other process of the same user read or change this one's memory, and no core dump be written of it."""
    (libc or ctypes.CDLL(None, use_errno=True)).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _close_all_but(descriptors: tuple[int, ...]) -> None:
    first = 3
    for descriptor in sorted(descriptors):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, max(first, resource.getrlimit(resource.RLIMIT_NOFILE)[0]))


def _set_limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _drop_capabilities(libc: ctypes.CDLL) -> bool:
    """Give up what root has beside its files: raising limits, above all."""
    header = struct.pack("=II", _CAPABILITY_VERSION, 0)
    return bool(libc.capset(header, bytes(24)) == 0)


def _without_files(libc: ctypes.CDLL) -> list[Wall]:
    """Handle every kind of access that this Landlock knows, and allow none; what is open already stays open."""
    version = libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return [Wall.LANDLOCK]
    rights = max(count for since, count in _FILE_RIGHTS.items() if since <= version)
    network = 0b11 if version >= _NETWORK_FROM else 0
    scopes = 0b11 if version >= _SCOPES_FROM else 0
    rules = struct.pack("=QQQ", (1 << rights) - 1, network, scopes)
    descriptor = libc.syscall(_LANDLOCK_CREATE_RULESET, rules, len(rules), 0)
    if descriptor < 0:
        return [Wall.LANDLOCK]
    is_shut = libc.syscall(_LANDLOCK_RESTRICT_SELF, descriptor, 0) == 0
    os.close(descriptor)
    if not is_shut:
        return [Wall.LANDLOCK]
    seconds = ((3, Wall.LANDLOCK_TRUNCATE), (_NETWORK_FROM, Wall.LANDLOCK_NETWORK), (_SCOPES_FROM, Wall.LANDLOCK_SCOPES))
    return [wall for since, wall in seconds if version < since]


def _without_calls(libc: ctypes.CDLL) -> bool:
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return False
    steps = filter_program(machine)
    program = _Program(len(steps) // 8, steps)
    return bool(libc.syscall(machine.seccomp, _SET_MODE_FILTER, _FILTER_ALL_THREADS, ctypes.byref(program)) == 0)
