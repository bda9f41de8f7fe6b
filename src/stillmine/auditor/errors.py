# SPDX-License-Identifier: Apache-2.0
"""What keeps an audit from being made, and what it finds."""

from enum import StrEnum

from stillmine.wire.errors import StillmineError


class Finding(StrEnum):
    """How a log can be wrong."""

    FORK = "fork"
    REWRITE = "rewrite"
    SHRUNK = "shrunk"
    SIGNATURE = "wrong signature"
    ROOT = "wrong root"
    PROMISE = "broken promise"


class LogWrongError(Exception):
    """The log is not what it has to be; `sentence` says how. Not a StillmineError: this is the audit's answer, not its failure.

    `note` is a signed note that proves it, beside the checkpoints.
    """

    def __init__(self, finding: Finding, sentence: str, note: str = "") -> None:
        self.finding = finding
        self.note = note
        self.sentence = f"{finding.value.capitalize()}: {sentence}"
        super().__init__(self.sentence)


class LogUnreachableError(StillmineError):
    code = "ledger_unreachable"
    status = 502
    sentence = "The exchange did not answer, so nothing was checked. Try again later."


class LogAnswerError(StillmineError):
    code = "ledger_answer_wrong"
    status = 502
    sentence = "The exchange's answer can't be read, so nothing was checked. Check the address; if it is right, ask the exchange."


class AuditStateError(StillmineError):
    code = "audit_file_unreadable"
    status = 422
    sentence = "This file can't be read as an audit's state, checkpoint or promise. Restore it from your copy, or name another."


class PortalUnreachableError(StillmineError):
    code = "portal_unreachable"
    status = 502
    sentence = "The portal did not answer, so it was not checked to its end. Try again later."


class PortalListMissingError(StillmineError):
    code = "portal_list_missing"
    status = 422
    sentence = "There is no list to compare with. Name a release's list with --list, or a checkout with a built portal with --checkout."
