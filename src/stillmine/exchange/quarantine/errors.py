# SPDX-License-Identifier: Apache-2.0
"""What an operator meets on the command line; a person's device never does."""

from stillmine.wire.errors import StillmineError


class BankUnreadableError(StillmineError):
    code = "bank_unreadable"
    status = 422
    sentence = "This can't go into the negative bank, so nothing of it did. The detail says where it is wrong."
