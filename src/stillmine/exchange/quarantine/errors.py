# SPDX-License-Identifier: Apache-2.0
"""What an operator meets on the command line; a person's device never does."""

from stillmine.wire.errors import StillmineError


class BankUnreadableError(StillmineError):
    code = "bank_unreadable"
    status = 422
    sentence = "This can't be added to the negative bank, so none of it was. The detail says what is wrong."
