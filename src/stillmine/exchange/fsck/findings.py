# SPDX-License-Identifier: Apache-2.0
"""Check what must always be true of the stored data, and say what is not, without showing any of it.

It reads only. Each folder of rows has its own checks; each check is one query that finds the rows that break one rule.
"""

from stillmine.exchange.database.soundness import DAMAGED, unsound
from stillmine.exchange.fsck.case_findings import case_findings
from stillmine.exchange.fsck.feed_findings import feed_findings
from stillmine.exchange.fsck.log_findings import log_findings
from stillmine.exchange.fsck.quarantine_findings import quarantine_findings
from stillmine.exchange.fsck.sealed_findings import sealed_findings
from stillmine.exchange.transaction.context import context

CHECKS = (feed_findings, case_findings, quarantine_findings, sealed_findings, log_findings)


def findings() -> list[str]:
    """Return one line per broken rule; nothing where all hold. Of a database that can't be read, that alone."""
    lines = unsound()
    if any(line.startswith(DAMAGED) for line in lines):
        return lines
    return [line for check in CHECKS for line in check(context())]
