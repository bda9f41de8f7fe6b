# SPDX-License-Identifier: Apache-2.0
"""What only a partner that asks can meet, beside the errors of the wire."""

from stillmine.wire.errors import StillmineError


class IndexLoadingError(StillmineError):
    code = "index_loading"
    status = 503
    sentence = (
        "The index of fingerprints is being loaded or is behind. Ask again after the time that Retry-After names; nothing was counted."
    )
    retry_after_seconds = 5


class QuotaUsedUpError(StillmineError):
    code = "quota_used_up"
    status = 429
    sentence = "Today's quota of queries is used up. Wait until midnight UTC, or ask the operator for a larger one."


class LookExpiredError(StillmineError):
    code = "look_expired"
    status = 400
    sentence = "This look is too old, was cut off, or was not made here for you. Ask about the regions again from the beginning."
