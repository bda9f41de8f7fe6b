# SPDX-License-Identifier: Apache-2.0
"""The sample of alert rules: each names only metrics, labels and words that exist, and says what to do.

Whether Prometheus takes the file is not tried here: it is no part of a development machine.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((ROOT / "deploy/prometheus-alerts.yml").read_text())["groups"] for rule in group["rules"]
]
FUNCTIONS = {"increase", "rate", "sum"}


def documented() -> dict[str, set[str]]:
    """The labels of each metric of both pages, by its whole name. The pages are held to what is said by tests of each."""
    found = {"up": {"job"}}
    for page, prefix in (("exchange-metrics.md", "stillmine_exchange_"), ("metrics.md", "stillmine_partner_")):
        for line in (ROOT / "spec" / page).read_text().splitlines():
            if line.startswith("| `"):
                names, labels, _ = line.strip("|").split("|", 2)
                found |= {f"{prefix}{name}": set(re.findall(r"`(\w+)`", labels)) for name in re.findall(r"`(\w+)`", names)}
    return found


def parts() -> set[str]:
    """The parts that an exchange can have."""
    return set(re.findall(r"^\| `(\w+)` \|", (ROOT / "spec/readiness.md").read_text(), re.MULTILINE))


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_a_rule_names_what_exists_and_says_what_to_do(rule: dict[str, Any]) -> None:
    metrics = documented()
    expression = re.sub(r'"[^"]*"', '""', rule["expr"])
    named = set(re.findall(r"\b[a-z_]{2,}\b", re.sub(r"\{[^}]*\}|\[\w+\]", "", expression))) - FUNCTIONS - {"or", "and"}
    assert named
    assert named <= metrics.keys()
    for name, labels in re.findall(r"(\w+)\{([^}]*)\}", expression):
        assert set(re.findall(r"(\w+)\s*[=!]", labels)) <= metrics[name]
    for part in re.findall(r'part[!=]?[=~]"([^"]*)"', rule["expr"]):
        assert set(part.split("|")) <= parts()
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "action"}
    for text in rule["annotations"].values():
        assert text.endswith(".")
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= set().union(*(metrics[name] for name in named))


def test_every_gauge_that_calls_an_operator_has_a_rule() -> None:
    expressions = " ".join(rule["expr"] for rule in RULES)
    called = (
        "part_is_ok",
        "backup_age_seconds",
        "quarantine_oldest_seconds",
        "flags_oldest_seconds",
        "partners_late",
        "upkeep_failures_total",
    )
    assert [name for name in called if f"stillmine_exchange_{name}" not in expressions] == []
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
