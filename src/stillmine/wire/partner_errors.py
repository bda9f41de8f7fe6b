# SPDX-License-Identifier: Apache-2.0
"""What only a partner that calls an exchange can meet; a person never does, so the portal has no words for it.

As everywhere on the wire, a code never changes its meaning and a sentence never repeats what was sent.
"""

from stillmine.wire.errors import StillmineError


class ScopeMissingError(StillmineError):
    code = "scope_missing"
    status = 403
    sentence = (
        "This partner key is not allowed to do this. Use a key that is, or ask the exchange for one with the scope that the detail names."
    )


class ListNotGivenError(StillmineError):
    code = "list_not_given"
    status = 403
    sentence = (
        "This exchange answers you when you ask and gives you no list. "
        "Ask (POST /api/v1/ask; `stillmine partner` without `--way`), or talk to its operator about the list."
    )


class ListStillGivenError(StillmineError):
    code = "list_still_given"
    status = 409
    sentence = "This exchange gives you the list. Acknowledge the cursor of what you applied, or ask the exchange to end the list first."


class PartnerKeyEndedError(StillmineError):
    code = "partner_key_ended"
    status = 403
    sentence = "This partner key has ended because a newer one took its place. Use the newer one, or ask the exchange for it."


class TooManySubmissionsError(StillmineError):
    code = "too_many_submissions"
    status = 422
    sentence = "You have handed in as many fingerprints as this exchange stores for one partner. Withdraw some, or talk to the exchange."


class NotDecidedError(StillmineError):
    code = "submission_not_decided"
    status = 422
    sentence = "Hand in only what you have decided to stop yourself: feedbackValue Blocked. Nothing of this message was stored."
