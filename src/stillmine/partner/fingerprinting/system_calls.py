# SPDX-License-Identifier: Apache-2.0
"""Which system calls a decoder needs, as a filter program that the kernel runs before each of them: all others are refused.

The list was made by tracing workers that read every format (`strace -f`). Must never hold a call that opens, makes, names or reaches a
file, a process or a socket. A new library that needs one more fails in tests/partner/test_partner_sandbox.py, where its formats are read.
"""

import struct
from dataclasses import dataclass

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000
_KILL = 0x80000000
_EPERM, _ENOSYS = 1, 38

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000

_FIRST_NEW_CALL = 435
"""clone3, and what came after: answered as unknown, so that libraries fall back to the calls whose arguments can be looked at."""

_CLONE_THREAD, _PROT_EXEC, _MAP_SHARED, _PR_SET_NAME = 0x10000, 4, 1, 15

_NUMBERS = {
    # name: x86_64, aarch64
    "read": (0, 63),
    "readv": (19, 65),
    "pread64": (17, 67),
    "lseek": (8, 62),
    "fstat": (5, 80),
    "close": (3, 57),
    "recvmsg": (47, 212),
    "recvfrom": (45, 207),
    "sendto": (44, 206),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "brk": (12, 214),
    "futex": (202, 98),
    "rseq": (334, 293),
    "set_robust_list": (273, 99),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sysinfo": (99, 179),
    "getrandom": (318, 278),
}
_MMAP, _MPROTECT, _CLONE, _PRLIMIT, _PRCTL = (9, 222), (10, 226), (56, 220), (302, 261), (157, 167)


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor that we know the numbers of: its audit architecture, its column in the table, the number of `seccomp` itself."""

    architecture: int
    column: int
    seccomp: int


MACHINES = {"x86_64": Machine(0xC000003E, 0, 317), "aarch64": Machine(0xC00000B7, 1, 277)}


def filter_program(machine: Machine) -> bytes:
    """Return the program: allow what is listed, a thread but no process, memory that is private and never run; refuse the rest.

    A call by the numbers of another architecture ends the process: there the numbers mean other calls.
    """
    column = machine.column
    steps = [_step(_LOAD, _ARCHITECTURE), _step(_EQUAL, machine.architecture, 1, 0), _step(_RETURN, _KILL), _step(_LOAD, _NUMBER)]
    if machine is MACHINES["x86_64"]:
        steps += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _KILL)]
    for numbers in _NUMBERS.values():
        steps += _when(numbers[column], _step(_RETURN, _ALLOW))
    steps += _when(_CLONE[column], *_argument(0), _step(_ANY_BIT, _CLONE_THREAD, 1, 0), _refuse(_EPERM), _step(_RETURN, _ALLOW))
    steps += _when(
        _MMAP[column],
        *_argument(2),
        _step(_ANY_BIT, _PROT_EXEC, 2, 0),
        *_argument(3),
        _step(_ANY_BIT, _MAP_SHARED, 0, 1),
        _refuse(_EPERM),
        _step(_RETURN, _ALLOW),
    )
    steps += _when(_MPROTECT[column], *_argument(2), _step(_ANY_BIT, _PROT_EXEC, 0, 1), _refuse(_EPERM), _step(_RETURN, _ALLOW))
    # The process number 0 is the caller: another's limits are not its business.
    steps += _when(_PRLIMIT[column], *_argument(0), _step(_EQUAL, 0, 1, 0), _refuse(_EPERM), _step(_RETURN, _ALLOW))
    steps += _when(_PRCTL[column], *_argument(0), _step(_EQUAL, _PR_SET_NAME, 1, 0), _refuse(_EPERM), _step(_RETURN, _ALLOW))
    steps += [_step(_AT_LEAST, _FIRST_NEW_CALL, 0, 1), _refuse(_ENOSYS), _refuse(_EPERM)]
    return b"".join(steps)


def _when(number: int, *steps: bytes) -> list[bytes]:
    """Steps for one call only; the last of them returns."""
    return [_step(_EQUAL, number, 0, len(steps)), *steps]


def _argument(place: int) -> list[bytes]:
    """Load the low half of an argument: both machines are little-endian, and what is asked for here fits."""
    return [_step(_LOAD, _ARGUMENTS + 8 * place)]


def _refuse(error: int) -> bytes:
    return _step(_RETURN, _REFUSE | error)


def _step(code: int, value: int, jump_if: int = 0, jump_else: int = 0) -> bytes:
    return struct.pack("=HBBI", code, jump_if, jump_else, value)
