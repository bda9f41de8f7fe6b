# SPDX-License-Identifier: Apache-2.0
"""How a broken rule is told: how many rows break it, and never which."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stillmine.exchange.ground.counted import counted


class Rule(NamedTuple):
    """What is said of one row that breaks it, and of many."""

    one: str
    many: str


def broken(rows_by_rule: Mapping[Rule, int]) -> Iterator[str]:
    """Yield one line for each rule that some row breaks."""
    for (one, many), count in rows_by_rule.items():
        if count:
            yield counted(count, one, many)
