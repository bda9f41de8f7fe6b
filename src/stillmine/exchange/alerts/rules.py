# SPDX-License-Identifier: Apache-2.0
"""What of the doctor's findings is told, after how long, and whether it wakes anybody. The words hold nothing of a case, ever."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stillmine.exchange.health.findings import Finding, Level

MINUTE, HOUR = 60, 3600


@dataclass(frozen=True)
class Rule:
    """`after`: seconds for which it has to be so; `is_urgent`: also in quiet hours; `words` follow the name of nothing."""

    words: str
    after: int = 5 * MINUTE
    is_urgent: bool = True


RULES: Mapping[tuple[str, Level], Rule] = {
    ("database", Level.WRONG): Rule("The database does not answer", 2 * MINUTE),
    ("secret", Level.WRONG): Rule("The exchange’s secret is missing or another one", 0),
    ("migrations", Level.WRONG): Rule("The database and the program are of different versions"),
    ("keys", Level.WRONG): Rule("A key is missing, and nothing that is stored opens", 0),
    ("clock", Level.WRONG): Rule("The clock is not trusted, so no case ends", 4 * HOUR, is_urgent=False),
    ("upkeep", Level.WRONG): Rule("What has to happen every minute does not"),
    ("index", Level.WRONG): Rule("Partners that ask get no answer"),
    ("ledger", Level.WRONG): Rule("The log is not published on time"),
    ("feed", Level.WRONG): Rule("What people added does not reach partners"),
    ("erasing", Level.WRONG): Rule("What people erased can still be read in a copy", HOUR, is_urgent=False),
    ("disk", Level.WRONG): Rule("The disk is full: people can withdraw and do nothing else", 0),
    ("disk", Level.WARNING): Rule("The disk is filling up", 15 * MINUTE, is_urgent=False),
    ("backup", Level.WRONG): Rule("There is no backup that can be relied on", 10 * MINUTE, is_urgent=False),
    ("backup", Level.WARNING): Rule("The last backup is old, or none was tried", 10 * MINUTE, is_urgent=False),
    ("under_attack", Level.WARNING): Rule("Opening a case needs proof of work", HOUR, is_urgent=False),
    ("quarantine", Level.WRONG): Rule("Something waits in quarantine, and is not protected meanwhile", 0),
    ("flags", Level.WARNING): Rule("Something flagged waits for a decision", 0, is_urgent=False),
    ("partners", Level.WARNING): Rule("A partner with the list is late", 0, is_urgent=False),
    ("withdrawals", Level.WARNING): Rule("A partner has not confirmed a withdrawal", 0, is_urgent=False),
    ("withdrawals", Level.WRONG): Rule("A partner has not confirmed a withdrawal for a day", 0),
    ("probing", Level.WARNING): Rule("A partner may be working out fingerprints", 0, is_urgent=False),
    ("drills", Level.WARNING): Rule("A drill has not ended", 0, is_urgent=False),
    ("portal", Level.WRONG): Rule("The portal’s files can’t be read", 5 * MINUTE, is_urgent=False),
    ("portal", Level.WARNING): Rule("The portal’s files are not those that the ledger names", HOUR, is_urgent=False),
    ("certificate", Level.WRONG): Rule("People can’t reach the portal safely, or soon can’t", 10 * MINUTE),
    ("certificate", Level.WARNING): Rule("The certificate ends soon", 10 * MINUTE, is_urgent=False),
}
"""By part and level. `alerts` and `version` are told by nobody: the first could not be."""

NOT_TOLD = frozenset({"alerts", "version"})
OTHERS_UNKNOWN = "database"
"""While this one is wrong the others can't be looked at, and stay as they are."""


def firing(findings: Iterable[Finding]) -> tuple[dict[str, tuple[Rule, Finding]], set[str]]:
    """Return which rules say something of these findings, and of which, by part; and which parts were looked at."""
    found = list(findings)
    if any(one.part == OTHERS_UNKNOWN and one.level is Level.WRONG for one in found):
        found = [one for one in found if one.part in {OTHERS_UNKNOWN, "disk"}]
    rules = {one.part: (RULES[one.part, one.level], one) for one in found if (one.part, one.level) in RULES}
    return rules, {one.part for one in found}
