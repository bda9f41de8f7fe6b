# SPDX-License-Identifier: Apache-2.0
"""What only the client of an exchange can meet, beside the errors of the wire.

As on the wire, a sentence never repeats what was sent or read: it could hold a key or a fingerprint.
"""

from stillmine.wire.errors import ExchangeUnreachableError, StillmineError


class ExchangeAnswerError(StillmineError):
    code = "exchange_answer_unreadable"
    status = 502
    sentence = (
        "The exchange answered with something that this version can't read; nothing of it was applied. "
        "Check the exchange's address, then that both sides run versions that fit."
    )


class ExchangeFailedError(ExchangeUnreachableError):
    """It is there and answered 500: something broke it, perhaps of this one request."""
