# SPDX-License-Identifier: Apache-2.0
"""Turns whatever a decoder raises into one error of ours, so that a file of a stranger costs one line and never the files after it.

For the hosts: whoever reads files for a person or a platform stands behind this. The parts below don't, so that tests and fuzzing see what
they let through. Must never log or repeat a decoder's words, which quote the file: only the exception's type is said.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from stillmine.fingerprint.ground.errors import DecoderFailedError
from stillmine.wire.errors import StillmineError

log = logging.getLogger("stillmine.fingerprint")


@contextmanager
def guarded(*let_pass: type[Exception]) -> Iterator[None]:
    """Raise DecoderFailedError for every exception but our own and those of `let_pass`."""
    try:
        yield
    except StillmineError:
        raise
    except Exception as error:
        if isinstance(error, let_pass):
            raise
        log.error("a decoder failed: %s", type(error).__name__)
        raise DecoderFailedError from None
