# SPDX-License-Identifier: Apache-2.0
"""A place where nobody can listen is refused in words that say what to do."""

import pytest

from stillmine.serving.listening import bound
from stillmine.wire.errors import NotConfiguredError


def test_a_port_that_is_taken_says_what_to_do() -> None:
    words = "another program listens there; stop it, or name another --port"
    with bound("127.0.0.1", 0) as one, pytest.raises(NotConfiguredError, match=words), bound("127.0.0.1", one.getsockname()[1]):
        pass


def test_an_address_of_another_machine_says_so() -> None:
    with pytest.raises(NotConfiguredError, match="this machine has no such address"), bound("192.0.2.1", 0):
        pass
