# SPDX-License-Identifier: Apache-2.0
"""The filter program, run as the kernel would run it: also for machines that no test runs on."""

import struct

import pytest

from stillmine.partner.fingerprinting.system_calls import MACHINES, filter_program

ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
X86, ARM = MACHINES["x86_64"].architecture, MACHINES["aarch64"].architecture


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """What the kernel does with a call."""
    given = MACHINES[machine].architecture if architecture is None else architecture
    data = struct.pack("<IIQ6Q", number, given, 0, *arguments, *[0] * (6 - len(arguments)))
    steps = list(struct.iter_unpack("=HBBI", filter_program(MACHINES[machine])))
    place = accumulator = 0
    while True:
        code, jump_if, jump_else, value = steps[place]
        place += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
            continue
        is_true = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
        place += jump_if if is_true else jump_else


@pytest.mark.parametrize(
    ("machine", "call", "expected"),
    [
        *[("x86_64", (number,), ALLOW) for number in (0, 3, 5, 8, 44, 45, 47, 202, 231)],
        *[("aarch64", (number,), ALLOW) for number in (63, 57, 80, 62, 206, 207, 212, 98, 94)],
        # open, stat, socket, connect, sendmsg, fork, vfork, execve, kill, ptrace, openat, newfstatat, execveat
        *[("x86_64", (number,), EPERM) for number in (1, 2, 4, 41, 42, 46, 57, 58, 59, 62, 101, 257, 262, 322)],
        # write, openat, newfstatat, socket, connect, sendmsg, execve, kill, ptrace, and x86_64's read, which is another call here
        *[("aarch64", (number,), EPERM) for number in (64, 56, 79, 198, 203, 211, 221, 129, 117, 0)],
        *[(machine, (number,), EPERM) for machine in MACHINES for number in (424, 425, 434)],
        # clone3, openat2, Landlock itself, and what does not exist yet
        *[(machine, (number,), ENOSYS) for machine in MACHINES for number in (435, 437, 444, 9999)],
        *[(machine, (number, 0x3D0F00), ALLOW) for machine, number in (("x86_64", 56), ("aarch64", 220))],
        *[(machine, (number, 0x1200011), EPERM) for machine, number in (("x86_64", 56), ("aarch64", 220))],
        *[(machine, (number, 0, 1, 3, 0x22), ALLOW) for machine, number in (("x86_64", 9), ("aarch64", 222))],
        *[(machine, (number, 0, 1, 7, 0x22), EPERM) for machine, number in (("x86_64", 9), ("aarch64", 222))],
        *[(machine, (number, 0, 1, 1, 0x01), EPERM) for machine, number in (("x86_64", 9), ("aarch64", 222))],
        *[(machine, (number, 0, 1, 3), ALLOW) for machine, number in (("x86_64", 10), ("aarch64", 226))],
        *[(machine, (number, 0, 1, 5), EPERM) for machine, number in (("x86_64", 10), ("aarch64", 226))],
        *[(machine, (number, 0), ALLOW) for machine, number in (("x86_64", 302), ("aarch64", 261))],
        *[(machine, (number, 1234), EPERM) for machine, number in (("x86_64", 302), ("aarch64", 261))],
        *[(machine, (number, 15), ALLOW) for machine, number in (("x86_64", 157), ("aarch64", 167))],
        *[(machine, (number, 4), EPERM) for machine, number in (("x86_64", 157), ("aarch64", 167))],
        ("x86_64", (0x40000000,), KILL),
        ("x86_64", (0x40000000 + 520,), KILL),
    ],
)
def test_what_the_kernel_does_with_a_call(machine: str, call: tuple[int, ...], expected: int) -> None:
    assert verdict(machine, *call) == expected


def test_numbers_of_another_architecture_end_the_process() -> None:
    """A 32-bit call made from a 64-bit program has other numbers: 3 is `read` there, and `close` here."""
    assert verdict("x86_64", 3, architecture=0x40000003) == KILL
    assert verdict("aarch64", 63, architecture=X86) == verdict("x86_64", 0, architecture=ARM) == KILL
