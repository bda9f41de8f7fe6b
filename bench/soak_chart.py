# SPDX-License-Identifier: Apache-2.0
"""Draw what a soak wrote down: memory of both services over the minutes, answers a second, and when something was broken on purpose.

    python bench/soak_chart.py soak.json --chart docs/pictures/soak.svg

The soak itself is `tests/journey/test_platform_soak.py`, since it is a test first. SVG without a library; light and dark pages show it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

WIDE, HIGH, GAP = 620, 170, 58
LEFT, TOP = 56, 46
TICKS = 4
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#222}.l{stroke:#ddd}.f{stroke:#c05800;stroke-width:1;opacity:.45}"
    ".p{fill:none;stroke-width:1.8}.c0{stroke:#0a5bb5}.c1{stroke:#0a5bb5;stroke-dasharray:5 3}.c2{stroke:#7a3e9d}"
    ".c3{stroke:#7a3e9d;stroke-dasharray:5 3}.c4{stroke:#2d7d46}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}.l{stroke:#444}.f{stroke:#ff9d4d}.c0,.c1{stroke:#6db3ff}.c2,.c3{stroke:#d3a4f0}"
    ".c4{stroke:#7fd39a}}"
)
LINES = (("list", "main"), ("list", "others"), ("ask", "main"), ("ask", "others"))
NAMES = {"main": "service", "others": "workers"}

Points = Sequence[tuple[float, float]]
"""Minutes, and what is drawn over them."""


def draw(soak: dict[str, Any]) -> str:
    """Return the chart of what a soak wrote down."""
    looks = soak["looks"]
    memory = [
        (f"{way}, {NAMES[part]}", [(look["second"] / 60, look["held_mb"][way][part]) for look in looks if part in look["held_mb"][way]])
        for way, part in LINES
    ]
    rates = [
        (second["second"] / 60, (second["answers"] - first["answers"]) / (second["second"] - first["second"]))
        for first, second in pairwise(looks)
    ]
    minutes = max(looks[-1]["second"] / 60, 0.1)
    faults = [second / 60 for second, what in soak["faults"] if what.startswith("exchange")]
    height = TOP + 2 * HIGH + GAP + 40
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDE + 20} {height}" role="img" aria-label="A soak">',
            f"<title>Memory and answers during a soak of {minutes:.0f} minutes</title><style>{STYLE}</style>",
            *_panel(TOP, "MiB held", memory, Span(minutes, faults), first_class=0),
            *_panel(TOP + HIGH + GAP, "answers a second, both services", [("", rates)], Span(minutes, faults), first_class=4),
            f'<text x="{LEFT}" y="{height - 6}">minutes; each upright line: the exchange was stopped or killed, and came back</text>',
            "</svg>",
            "",
        ]
    )


class Span(NamedTuple):
    """How long a soak was, and in which minutes the exchange was broken."""

    minutes: float
    faults: Sequence[float]


def _panel(top: float, title: str, lines: Sequence[tuple[str, Points]], span: Span, first_class: int) -> list[str]:
    highest = 1.1 * max((value for _, points in lines for _, value in points), default=1) or 1

    def across(minute: float) -> float:
        return LEFT + WIDE * minute / span.minutes

    def up(value: float) -> float:
        return top + HIGH * (1 - value / highest)

    parts = [f'<text x="{LEFT}" y="{top - 24}">{escape(title)}</text>', *_grid(top, highest, span.minutes, across, up)]
    parts += [f'<line class="f" x1="{across(at):.1f}" x2="{across(at):.1f}" y1="{top}" y2="{top + HIGH}"/>' for at in span.faults]
    for number, (name, points) in enumerate(lines):
        path = " ".join(f"{across(minute):.1f},{up(value):.1f}" for minute, value in points)
        parts.append(f'<polyline class="p c{first_class + number}" points="{path}"/>')
        if name:
            x = LEFT + WIDE * number / len(lines)
            parts.append(f'<line class="p c{first_class + number}" x1="{x}" x2="{x + 22}" y1="{top - 10}" y2="{top - 10}"/>')
            parts.append(f'<text x="{x + 27}" y="{top - 6}">{escape(name)}</text>')
    return parts


def _grid(top: float, highest: float, minutes: float, across: Callable[[float], float], up: Callable[[float], float]) -> list[str]:
    parts = []
    for tick in range(TICKS + 1):
        value, minute = highest * tick / TICKS, minutes * tick / TICKS
        parts.append(f'<line class="l" x1="{LEFT}" x2="{LEFT + WIDE}" y1="{up(value):.1f}" y2="{up(value):.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{value:.0f}</text>')
        parts.append(f'<text x="{across(minute):.1f}" y="{top + HIGH + 16}" text-anchor="middle">{minute:.3g}</text>')
    return parts


def main() -> None:
    """Read, draw, and print the numbers that belong beside the chart."""
    parser = argparse.ArgumentParser()
    parser.add_argument("soak", type=Path)
    parser.add_argument("--chart", type=Path, required=True)
    options = parser.parse_args()
    soak = json.loads(options.soak.read_text())
    options.chart.write_text(draw(soak))
    print(f"{soak['minutes']:g} minutes, {len(soak['faults'])} faults; wrong: {soak['wrong']}")
    for way, answers in soak["answers"].items():
        print(f"| {way} | " + ", ".join(f"{count} {word}" for word, count in sorted(answers.items())) + f" | {soak['decisions'][way]} |")
    print(f"withdrawn until nowhere matched, s: {', '.join(f'{one:.1f}' for one in soak['let_go_seconds'])}")


if __name__ == "__main__":
    main()
