# SPDX-License-Identifier: Apache-2.0
"""What a server answers before any view was asked: who sends is too slow, a head is too large, too much comes at once."""

from stillmine.wire.errors import StillmineError


class TooSlowError(StillmineError):
    code = "too_slow"
    status = 408
    sentence = "This request arrived too slowly and was abandoned; nothing was changed. Send it again over a better connection."


class HeadTooLargeError(StillmineError):
    code = "head_too_large"
    status = 431
    sentence = "The headers of this request are too large. Send the same with fewer or shorter ones."


class TooManyAtOnceError(StillmineError):
    code = "too_many_at_once"
    status = 429
    retry_after_seconds = 2
    sentence = "Too many requests are coming from this network at once; nothing was changed. Send it again in a few seconds."


class BusyError(StillmineError):
    code = "busy"
    status = 503
    retry_after_seconds = 5
    sentence = "There is more to do here right now than can be done at once; nothing was changed. Send it again in a few seconds."
